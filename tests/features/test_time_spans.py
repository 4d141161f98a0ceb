"""Time spans: months and days between dates, leap years and open ends included."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import polars as pl
import pytest

from features.months import Month
from features.time_spans import begins_in, days_until, days_within, in_force_at_end, lasts_in, months_since
from tests.drawn import table

DAY = nw.col("day")


def of_day(day: str, expression: nw.Expr) -> object:
    frame = nw.from_native(pl.LazyFrame({"day": [dt.date.fromisoformat(day)]}))
    return frame.select(answer=expression).collect()["answer"].to_list()[0]


@pytest.mark.parametrize(
    ("day", "months"), [("2025-06-01", 0), ("2025-06-30", 0), ("2025-05-31", 1), ("2024-07-01", 11), ("2025-08-01", -2)]
)
def test_months_since_a_date_count_calendar_months(day: str, months: int) -> None:
    assert of_day(day, months_since(DAY, Month(2025, 6))) == months


@pytest.mark.parametrize("day", ["1999-12-31", "2000-02-29", "2024-02-29", "2025-06-30", "2026-03-01", "2100-03-01"])
def test_days_until_agree_with_the_calendar(day: str) -> None:
    expected = (dt.date.fromisoformat(day) - dt.date(2025, 6, 30)).days
    assert of_day(day, days_until(DAY, Month(2025, 6))) == expected


@pytest.mark.parametrize(
    ("day", "begins"), [("2025-05-31", False), ("2025-06-01", True), ("2025-06-30", True), ("2025-07-01", False)]
)
def test_a_month_begins_and_ends_with_its_days(day: str, begins: bool) -> None:
    assert of_day(day, begins_in(DAY, Month(2025, 6))) is begins


def test_both_ends_of_an_interval_count() -> None:
    intervals = table("""
        started     ended       days  lasts  at_end
        2025-06-10  2025-06-10  1     true   false
        2025-06-10  2025-06-12  3     true   false
        2025-05-20  2025-06-02  2     true   false
        2025-06-30  -           1     true   true
        2025-05-20  -           30    true   true
        2025-05-20  2025-06-30  30    true   true
        2025-06-29  2025-07-15  2     true   true
        2025-05-20  2025-05-31  0     false  false
    """)
    start, end, june = nw.col("started"), nw.col("ended"), Month(2025, 6)
    first, last = days_within(start, end, june)
    answers = nw.from_native(intervals.lazy()).with_columns(
        counted=last - first + 1,
        lasting=lasts_in(start, end, june),
        still=in_force_at_end(end, june),
    )
    told = answers.collect().to_native().filter(pl.col("lasts"))
    assert told["counted"].to_list() == told["days"].to_list()
    assert told["still"].to_list() == told["at_end"].to_list()
    assert answers.collect()["lasting"].to_list() == intervals["lasts"].to_list()


def test_what_begins_later_does_not_last_in_the_month() -> None:
    later = pl.LazyFrame({"started": [dt.date(2025, 7, 1)], "ended": [None]}, schema_overrides={"ended": pl.Date})
    lasting = nw.from_native(later).select(answer=lasts_in(nw.col("started"), nw.col("ended"), Month(2025, 6)))
    assert lasting.collect()["answer"].to_list() == [False]
