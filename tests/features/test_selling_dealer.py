"""Selling dealer: kind and commission of who sold the number, as of the month."""

from __future__ import annotations

from features import selling_dealer
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

CUSTOMERS = """
    month    customer_id  dealer  status
    2025-06  ann          shop    active
    2025-06  bob          gone    active
"""
DEALERS = """
    month    dealer  kind    commission
    2025-06  shop    street  25.5
"""


def built(dealers: str = DEALERS) -> Frame | None:
    known = known_months("2025-06", customers=CUSTOMERS, dealers=dealers)
    return selling_dealer.build(known, population("ann", "bob"))


def test_the_dealers_kind_and_commission_are_looked_up() -> None:
    for dealers in (DEALERS, DEALERS + "2025-07  shop  online  99\n"):
        assert rows_of(built(dealers), "dealer_kind", "dealer_commission") == [("street", 25.5), (None, None)]


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    names = [indicator.name for indicator in selling_dealer.catalogue()]
    assert frame.collect_schema().names() == ["customer_id", *names]


def test_without_dealers_there_is_nothing_to_build() -> None:
    assert selling_dealer.build(known_months("2025-06", customers=CUSTOMERS), population("ann")) is None
