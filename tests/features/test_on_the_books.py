"""On the books: from the first day on net, or from the first row where nobody tells that day."""

from __future__ import annotations

import narwhals as nw
import pytest

from features.on_the_books import on_the_books, with_months_on_the_books
from tests.drawn import known_months, population

CUSTOMERS = """
    month    customer_id  status  activated_on
    2025-04  bob          active  -
    2025-05  bob          active  -
    2025-06  ann          active  2024-01-31
    2025-06  bob          active  -
    2025-06  cyd          active  2025-05-31
    2025-07  dan          active  2024-01-31
"""


@pytest.mark.parametrize(
    ("customer", "months"),
    [
        ("ann", [True, True, True, True]),
        ("bob", [True, True, True, False]),
        ("cyd", [True, True, False, False]),
        ("dan", [True, False, False, False]),
    ],
)
def test_months_count_from_the_first_day_on_net_or_else_the_first_row(customer: str, months: list[bool]) -> None:
    known = known_months("2025-06", customers=CUSTOMERS)
    frame = with_months_on_the_books(population(customer), known, 4)
    asked: dict[str, nw.Expr] = {str(ago): on_the_books(ago) for ago in range(4)}
    assert frame.select(**asked).to_native().collect().rows() == [tuple(months)]


def test_without_customers_only_the_present_is_sure() -> None:
    frame = with_months_on_the_books(population("ann"), known_months("2025-06"), 3)
    assert frame.select(now=on_the_books(0), then=on_the_books(1)).to_native().collect().rows() == [(True, False)]
