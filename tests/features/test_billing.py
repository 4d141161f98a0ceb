"""Billing: every money column of the bills is looked at, exactly, and only up to as-of."""

from __future__ import annotations

import polars as pl
import pytest

from features import billing
from features.contracts import contract_of
from tests.drawn import known_months, population, rows_of

BILLS = """
    month    customer_id  amount   roaming  discount
    2025-05  ann          30.10    0        0
    2025-06  ann          10.30    10.10    5.15
    2025-06  bob          0        0        -
"""


LATER = "2025-07  ann  9999  9999  9999\n"


def test_every_column_of_the_bills_is_a_measure() -> None:
    measured = {column for held in billing.BILLING.measures for column in held.columns}
    assert measured == set(contract_of("bills").columns()) - {"customer_id"}


def test_money_is_read_to_the_cent() -> None:
    built = billing.build(known_months("2025-06", bills=BILLS), population("ann"))
    assert rows_of(built, "bill_amount_last", "bill_amount_change_1", "bill_discount_last") == [
        (10.3, pytest.approx(-19.8), 5.15)
    ]


def test_shares_are_parts_of_the_bill() -> None:
    built = billing.build(known_months("2025-06", bills=BILLS), population("ann", "bob"))
    names = ("bill_roaming_share_3", "bill_discount_share_3", "bill_overage_share_3")
    assert rows_of(built, *names) == [(pytest.approx(0.25), 5.15 / 40.4, None), (None, None, None)]


def test_a_bill_of_zero_is_not_an_unknown_bill() -> None:
    built = billing.build(known_months("2025-06", bills=BILLS), population("bob", "cyd"))
    names = ("bill_amount_last", "bill_amount_silent_3", "bill_discount_last")
    assert rows_of(built, *names) == [(0.0, 1.0, None), (None, None, None)]


def test_later_bills_are_invisible() -> None:
    seen = [billing.build(known_months("2025-06", bills=bills), population("ann")) for bills in (BILLS, BILLS + LATER)]
    assert rows_of(seen[0], *_numbers()) == rows_of(seen[1], *_numbers())


def _numbers() -> list[str]:
    return [indicator.name for indicator in billing.catalogue()]


def test_the_catalogue_names_exactly_what_is_built() -> None:
    built = billing.build(known_months("2025-06", bills=BILLS), population("ann"))
    assert built is not None
    schema = built.to_native().collect_schema()
    assert schema.names() == ["customer_id", *_numbers()]
    assert set(schema.dtypes()[1:]) == {pl.Float64()}


def test_without_bills_there_is_nothing_to_build() -> None:
    assert billing.build(known_months("2025-06"), population("ann")) is None
