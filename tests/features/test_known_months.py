from __future__ import annotations

import pytest

from features import FeaturesError
from features.known_months import Frame, KnownMonths
from features.months import Month
from tests.drawn import known_months, rows_of

BILLS = """
    month    customer_id  amount
    2025-02  ann          20
    2025-03  ann          30
    2025-04  ann          40
"""


def test_months_up_to_as_of_are_read():
    known = known_months("2025-03", bills=BILLS)
    assert rows_of(known.table("bills", Month(2025, 2)), "amount") == [(20,)]
    assert rows_of(known.table("bills", Month(2025, 3)), "amount") == [(30,)]


def test_asking_for_a_later_month_is_an_error_and_not_an_empty_answer():
    with pytest.raises(FeaturesError, match=r"bills: 2025-04 lies after 2025-03; features see months up to as-of only"):
        known_months("2025-03", bills=BILLS).table("bills", Month(2025, 4))


def test_a_month_that_was_not_delivered_is_none():
    assert known_months("2025-03", bills=BILLS).table("bills", Month(2025, 1)) is None


def test_what_concerns_all_customers_is_worked_out_once_for_the_buckets_that_share_it():
    worked_out: list[int] = []
    held: dict[str, Frame | None] = {}

    def work() -> Frame | None:
        worked_out.append(1)
        return None

    for _ in range(3):
        KnownMonths(Month(2025, 3), lambda *_: None, hold=lambda frame: frame, held=held).once("departed", work)
    assert worked_out == [1]
    KnownMonths(Month(2025, 3), lambda *_: None).once("departed", work)
    assert worked_out == [1, 1]
