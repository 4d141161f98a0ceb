"""Departures: who was on net three months ago and is no longer, whatever became of the row."""

from __future__ import annotations

from features.departures import departed
from tests.drawn import known_months

# ann had gone before; bob was ported out; cyd closed and came back; dan is suspended; eve's row is gone; fay is new.
CUSTOMERS = """
    month    customer_id  status
    2025-03  ann          closed
    2025-03  bob          active
    2025-03  cyd          active
    2025-03  dan          active
    2025-03  eve          suspended
    2025-04  ann          closed
    2025-04  bob          ported_out
    2025-05  cyd          closed
    2025-06  bob          ported_out
    2025-06  cyd          active
    2025-06  dan          suspended
    2025-06  fay          closed
"""


def who(customers: str, as_of: str = "2025-06") -> list[str] | None:
    gone = departed(known_months(as_of, customers=customers))
    return None if gone is None else sorted(gone.to_native().collect()["departed_id"].to_list())


def without(month: str) -> str:
    return "\n".join(line for line in CUSTOMERS.splitlines() if not line.strip().startswith(month))


def test_who_is_closed_now_or_has_no_row_any_more_departed() -> None:
    assert who(CUSTOMERS) == ["bob", "eve"]


def test_who_closed_and_is_back_on_net_did_not_depart() -> None:
    assert who(CUSTOMERS.replace("2025-06  cyd          active", "2025-06  cyd          closed")) == [
        "bob",
        "cyd",
        "eve",
    ]


def test_later_departures_are_invisible() -> None:
    assert who(CUSTOMERS + "2025-07  dan  closed\n") == ["bob", "eve"]


def test_the_months_between_need_not_be_delivered_but_both_ends_must() -> None:
    assert who(without("2025-05")) == ["bob", "eve"]
    assert who(without("2025-03")) is None
    assert who(without("2025-06")) is None
