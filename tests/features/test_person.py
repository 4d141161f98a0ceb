"""Person: what may be used of the person, and no more."""

from __future__ import annotations

import narwhals as nw

from features import person
from features.contracts import contract_of
from features.contracts.customer_profile import BARRED_FROM_MODELS
from features.known_months import Frame, KnownMonths
from features.months import Month
from tests.drawn import known_months, population, rows_of

PROFILES = """
    month    customer_id  numbers_held  influence               ethnicity  interests
    2025-05  ann          1             none                    Yi         chess
    2025-06  ann          2             enterprise_key_contact  Yi         chess
"""


def test_numbers_and_influence_are_those_of_the_month() -> None:
    for drawing in (PROFILES, PROFILES + "2025-07  ann  9  none  Han  go\n"):
        built = person.build(known_months("2025-06", customer_profile=drawing), population("ann", "bob"))
        assert rows_of(built, "person_numbers", "person_influence") == [(2.0, "enterprise_key_contact"), (None, None)]


def test_only_what_is_told_is_read() -> None:
    kept = set(contract_of("customer_profile").columns()) - {"customer_id", "numbers_held", "influence"}
    blanked = [nw.lit(None, dtype=nw.String).alias(name) for name in kept]

    def read(table: str, month: Month) -> Frame | None:
        frame = known.read(table, month)
        return None if frame is None else frame.with_columns(blanked)

    known = known_months("2025-06", customer_profile=PROFILES)
    seen, blind = (person.build(of, population("ann")) for of in (known, KnownMonths(known.as_of, read)))
    assert rows_of(seen, *person.TOLD) == rows_of(blind, *person.TOLD)
    assert kept >= {*BARRED_FROM_MODELS, "interests", "relations", "anniversary", "gender", "occupation"}
    assert list(person.TOLD) == [indicator.name for indicator in person.catalogue()]


def test_without_profiles_there_is_nothing_to_build() -> None:
    assert person.build(known_months("2025-06"), population("ann")) is None
