"""Household: the numbers and persons of it, and how they changed; who is in none is unknown, not alone."""

from __future__ import annotations

from features import household
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

HOUSEHOLDS = """
    month    customer_id  household_id  role  numbers  persons
    2025-03  ann          home          head  4        3
    2025-06  ann          home          head  2        3
    2025-06  bob          flat          head  1        -
"""


def built(drawing: str = HOUSEHOLDS) -> Frame | None:
    return household.build(known_months("2025-06", households=drawing), population("ann", "bob", "cyd"))


def test_numbers_persons_and_their_change() -> None:
    assert rows_of(built(), "household_numbers", "household_persons", "household_change_3") == [
        (2.0, 3.0, -2.0),
        (1.0, None, None),
        (None, None, None),
    ]


def test_later_months_are_invisible_and_the_catalogue_names_what_is_built() -> None:
    names = [indicator.name for indicator in household.catalogue()]
    later = built(HOUSEHOLDS + "2025-07  ann  home  head  9  9\n")
    assert later is not None
    assert later.collect_schema().names() == ["customer_id", *names]
    assert rows_of(later, *names) == rows_of(built(), *names)


def test_without_households_there_is_nothing_to_build() -> None:
    assert household.build(known_months("2025-06"), population("ann")) is None
