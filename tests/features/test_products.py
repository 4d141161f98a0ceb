"""Products: what is held at the month's end by family and fee, and what was begun and given up lately."""

from __future__ import annotations

from features import products
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

PRODUCTS = """
    month    customer_id  product    family       started_on  ended_on    fee
    2025-04  ann          mailbox    value_added  2025-04-01  -           3.10
    2025-05  ann          mailbox    value_added  2025-04-01  -           3.10
    2025-05  ann          newspaper  value_added  2024-01-01  2025-05-30  5
    2025-06  ann          mailbox    value_added  2025-04-01  -           3.10
    2025-06  ann          fibre      broadband    2025-06-30  -           59.90
    2025-06  ann          tone       -            2024-01-01  2025-06-29  2
"""


def built(drawing: str = PRODUCTS) -> Frame | None:
    return products.build(known_months("2025-06", products_held=drawing), population("ann", "bob"))


def names() -> list[str]:
    return [indicator.name for indicator in products.catalogue()]


def test_products_held_at_the_end_of_the_month_are_counted_by_family() -> None:
    columns = ("product_held", "product_value_added", "product_broadband", "product_fixed_line", "product_fee")
    assert rows_of(built(), *columns) == [(2.0, 1.0, 1.0, 0.0, 63.0), (0.0, 0.0, 0.0, 0.0, 0.0)]


def test_a_fee_that_is_not_told_leaves_the_sum_unknown() -> None:
    assert rows_of(built(PRODUCTS.replace("59.90", "-    ")), "product_held", "product_fee")[0] == (2.0, None)


def test_a_product_of_no_known_family_leaves_the_families_unknown() -> None:
    columns = ("product_held", "product_value_added", "product_broadband", "product_fee")
    assert rows_of(built(PRODUCTS.replace("broadband  ", "-          ")), *columns) == [
        (2.0, None, None, 63.0),
        (0.0, 0.0, 0.0, 0.0),
    ]


def test_products_begun_and_ended_are_counted_over_three_months() -> None:
    assert rows_of(built(), "product_begun_3", "product_ended_3") == [(2.0, 2.0), (0.0, 0.0)]


def test_a_month_that_was_not_delivered_is_unknown() -> None:
    without_may = "\n".join(line for line in PRODUCTS.splitlines() if "2025-05 " not in line)
    assert rows_of(built(without_may), "product_held", "product_begun_3")[0] == (2.0, None)


def test_a_product_that_is_only_announced_and_later_months_are_invisible() -> None:
    strangers = "2025-06 ann cloud application 2025-07-01 - 9\n2025-07 bob cloud application 2025-01-01 - 9\n"
    assert rows_of(built(PRODUCTS + strangers), *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_products_there_is_nothing_to_build() -> None:
    assert products.build(known_months("2025-06"), population("ann")) is None
