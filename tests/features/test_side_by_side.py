"""Side by side: months of a table next to each other, unknown where nothing was delivered or, if it lists, zero."""

from __future__ import annotations

import narwhals as nw
import polars as pl
import pytest

from features.side_by_side import MonthlyColumns, mean_of_known, months_since_last, side_by_side, sum_of_known
from tests.drawn import known_months, population, rows_of

CONTACTS = """
    month    customer_id  complaints
    2025-04  ann          4
    2025-06  ann          -
"""
CUSTOMERS = """
    month    customer_id  status  activated_on
    2025-06  ann          active  2020-01-01
    2025-06  bob          active  2020-01-01
    2025-06  cyd          active  2025-05-01
"""
COMPLAINTS = {"complaint": nw.col("complaints")}


@pytest.mark.parametrize(
    ("lists", "rows"),
    [
        (False, [(None, None, 4.0), (None, None, None), (None, None, None)]),
        (True, [(None, None, 4.0), (0.0, None, 0.0), (0.0, None, None)]),
    ],
)
def test_a_missing_row_is_zero_only_where_the_table_lists_what_happened_to_who_was_a_customer(
    lists: bool, rows: list[tuple[float, ...]]
):
    known = known_months("2025-06", contacts=CONTACTS, customers=CUSTOMERS)
    wanted = MonthlyColumns("contacts", COMPLAINTS, (0, 1, 2), lists)
    built = side_by_side(known, population("ann", "bob", "cyd"), wanted)
    assert rows_of(built, "complaint__0", "complaint__1", "complaint__2") == rows


def test_without_any_of_the_months_there_is_nothing():
    known = known_months("2025-06", contacts=CONTACTS)
    assert side_by_side(known, population("ann"), MonthlyColumns("contacts", COMPLAINTS, (1, 3))) is None


@pytest.mark.parametrize(
    ("values", "mean", "added", "since"),
    [
        ((1.0, None, 3.0), 2.0, 4.0, 0.0),
        ((0.0, 0.0, 3.0), 1.0, 3.0, 2.0),
        ((0.0, None, 3.0), 1.5, 3.0, None),
        ((0.0, 0.0, 0.0), 0.0, 0.0, None),
        ((None, None, None), None, None, None),
    ],
)
def test_what_is_known_is_averaged_added_and_searched(
    values: tuple[float | None, ...], mean: float | None, added: float | None, since: float | None
):
    frame = nw.from_native(
        pl.LazyFrame({str(ago): [value] for ago, value in enumerate(values)}, schema_overrides=SCHEMA)
    )
    months = [nw.col(str(ago)) for ago in range(3)]
    built = frame.select(mean=mean_of_known(months), added=sum_of_known(months), since=months_since_last(months))
    assert built.to_native().collect().rows() == [(mean, added, since)]


SCHEMA = {str(ago): pl.Float64 for ago in range(3)}
