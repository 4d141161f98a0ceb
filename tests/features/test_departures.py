"""Departures: who closed within three months, of all customers, and nobody who had gone before."""

from __future__ import annotations

from features.departures import departed
from tests.drawn import known_months

CUSTOMERS = """
    month    customer_id  status
    2025-03  ann          closed
    2025-03  bob          active
    2025-04  ann          closed
    2025-04  bob          ported_out
    2025-05  cyd          closed_arrears
    2025-06  bob          ported_out
    2025-06  dan          suspended
"""


def who(customers: str, as_of: str = "2025-06") -> list[str] | None:
    gone = departed(known_months(as_of, customers=customers))
    return None if gone is None else sorted(gone.to_native().collect()["departed_id"].to_list())


def test_who_closed_within_three_months_departed_by_choice_or_not() -> None:
    assert who(CUSTOMERS) == ["bob", "cyd"]


def test_later_departures_are_invisible() -> None:
    assert who(CUSTOMERS + "2025-07  dan  closed\n") == ["bob", "cyd"]


def test_without_one_of_the_months_nobody_can_tell() -> None:
    assert who(CUSTOMERS.replace("2025-05  cyd          closed_arrears\n", "")) is None
