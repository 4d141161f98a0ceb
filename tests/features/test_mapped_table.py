"""A mapped table: months are read, histories are spread, and dates that had not happened yet are hidden."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from features import FeaturesError
from features.months import Month
from features.open_extract import OpenExtract
from tests.features.source_folders import SOURCE, column, opened

MARCH, APRIL = Month(2017, 3), Month(2017, 4)
PERIODS = """SELECT id AS customer_id, plan AS plan_id, start AS started_on, stop AS ended_on
    FROM read_csv('plans.csv', all_varchar = true)"""
THREE_MONTHS = "id,month,amount\nann,2017-03,1\nann,2017-04,1\nann,2017-05,1\n"


def values(sql: str) -> str:
    """Customers as the given month expression has them."""
    return f"SELECT 'ann' AS customer_id, {sql} AS month, 'active' AS status"


def periods(extract: OpenExtract, month: Month) -> list[tuple[object, ...]]:
    rows = extract.batch("plan_periods", month, 0).to_pylist()
    periods = [(row["customer_id"], row["plan_id"], str(row["started_on"]), row["ended_on"]) for row in rows]
    return sorted(periods, key=lambda period: period[:3])


@pytest.mark.parametrize(
    "written",
    [
        "'2017-03'",
        "' 2017-03 '",
        "'2017-03-17'",
        "'2017-03-01 00:00:00'",
        "'201703'",
        "201703",
        "201703.0::DOUBLE",
        "DATE '2017-03-31'",
        "TIMESTAMP '2017-03-31 23:59:59'",
        "TIMESTAMPTZ '2017-02-28 16:30:00+00'",
    ],
)
def test_a_month_is_read_as_it_is_commonly_written(tmp_path: Path, written: str) -> None:
    with opened(tmp_path, customers=values(written)) as extract:
        assert extract.months() == [MARCH]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("NULL", "month is missing"),
        ("''", "month is missing"),
        ("'$null$'", "month is missing"),
        ("'March'", "month is unreadable"),
        ("'2017-13'", "month is unreadable"),
        ("'201713'", "month is unreadable"),
        ("'2017-02-30'", "month is unreadable"),
        ("'03/2017'", "month is unreadable"),
        ("'2017-3'", "month is unreadable"),
        ("DATE 'infinity'", "month is unreadable"),
        ("'1989-12'", "month is out of range"),
        ("'2101-01'", "month is out of range"),
        ("DATE '0001-01-01'", "month is out of range"),
    ],
)
def test_a_row_without_a_month_is_set_aside_with_the_reason(tmp_path: Path, written: str, reason: str) -> None:
    with opened(tmp_path, customers=values(written)) as extract:
        assert extract.months() == []
        assert extract.unplaced("customers")["reason"].to_pylist() == [reason]
        assert extract.unplaced("customers")["customer_id"].to_pylist() == ["ann"]


def test_a_row_set_aside_keeps_its_month_as_it_was_written(tmp_path: Path) -> None:
    with opened(tmp_path, customers=values("' 2017/13 '")) as extract:
        assert extract.unplaced("customers")["month"].to_pylist() == ["2017/13"]


def test_a_history_is_spread_over_the_months_in_which_it_is_in_force(tmp_path: Path) -> None:
    plans = """id,plan,start,stop
ann,one,2016-01-05,2017-03-01
ann,two,2017-03-01,2017-04-30
ann,three,2017-05-01,$null$
"""
    files: dict[str, str | bytes] = {"bills.csv": THREE_MONTHS, "plans.csv": plans}
    with opened(tmp_path, files, plan_periods=PERIODS) as extract:
        assert [plan for _, plan, _, _ in periods(extract, MARCH)] == ["one", "two"]
        assert [plan for _, plan, _, _ in periods(extract, APRIL)] == ["two"]
        assert [plan for _, plan, _, _ in periods(extract, Month(2017, 5))] == ["three"]


def test_an_end_is_hidden_until_it_has_happened(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "bills.csv": THREE_MONTHS,
        "plans.csv": "id,plan,start,stop\nann,one,2016-01-05,2017-04-30\n",
    }
    with opened(tmp_path, files, plan_periods=PERIODS) as extract:
        assert periods(extract, MARCH) == [("ann", "one", "2016-01-05", None)]
        assert periods(extract, APRIL) == [("ann", "one", "2016-01-05", dt.date(2017, 4, 30))]


@pytest.mark.parametrize("stop", ["2017-04-01", "2018-01-19", "9999-12-31", "$null$"])
def test_what_happens_after_a_month_does_not_change_it(tmp_path: Path, stop: str) -> None:
    plans = f"id,plan,start,stop\nann,one,2016-01-05,{stop}\nann,two,2017-04-01,\nzoe,one,2017-05-03,{stop}\n"
    files: dict[str, str | bytes] = {"bills.csv": THREE_MONTHS, "plans.csv": plans}
    with opened(tmp_path, files, plan_periods=PERIODS) as extract:
        assert periods(extract, MARCH) == [("ann", "one", "2016-01-05", None)]


def test_a_monthly_table_of_intervals_is_taken_as_it_is_with_later_ends_hidden(tmp_path: Path) -> None:
    sql = PERIODS.replace("SELECT", "SELECT month,")
    plans = """id,plan,start,stop,month
ann,one,2016-01-05,2017-04-02,2017-03
ann,two,2017-04-02,,2017-03
ann,old,2015-01-01,2016-01-04,2017-03
"""
    files: dict[str, str | bytes] = {"bills.csv": THREE_MONTHS, "plans.csv": plans}
    with opened(tmp_path, files, plan_periods=sql) as extract:
        assert periods(extract, MARCH) == [
            ("ann", "old", "2015-01-01", dt.date(2016, 1, 4)),
            ("ann", "one", "2016-01-05", None),
        ]
        assert periods(extract, APRIL) == []
        assert extract.unplaced("plan_periods")["reason"].to_pylist() == ["started_on lies after the month"]


def test_a_later_activation_is_hidden_and_an_agreed_end_is_not(tmp_path: Path) -> None:
    customers = """SELECT id AS customer_id, month, 'active' AS status, '2017-04-02' AS activated_on,
        '2019-04-01' AS contract_ends_on FROM read_csv('bills.csv', all_varchar = true)"""
    with opened(tmp_path, {"bills.csv": THREE_MONTHS}, customers=customers) as extract:
        assert column(extract, "customers", MARCH, "activated_on") == [None]
        assert column(extract, "customers", APRIL, "activated_on") == [dt.date(2017, 4, 2)]
        assert column(extract, "customers", MARCH, "contract_ends_on") == [dt.date(2019, 4, 1)]
        assert column(extract, "customers", MARCH, "unparsable:activated_on") == [False]


def test_periods_that_cannot_be_placed_are_set_aside_or_noted(tmp_path: Path) -> None:
    plans = """id,plan,start,stop
ann,one,,2017-04-30
ann,two,2017-02-30,
ann,three,2017-04-02,2017-04-01
ann,four,2016-01-01,2016-12-31
ann,five,2018-01-01,
"""
    files: dict[str, str | bytes] = {"bills.csv": THREE_MONTHS, "plans.csv": plans}
    with opened(tmp_path, files, plan_periods=PERIODS) as extract:
        unplaced = extract.unplaced("plan_periods")
        assert list(zip(unplaced["reason"].to_pylist(), unplaced["plan_id"].to_pylist(), strict=True)) == [
            ("ended_on lies before started_on", "three"),
            ("started_on is missing or unreadable", "one"),
            ("started_on is missing or unreadable", "two"),
        ]
        assert extract.in_no_month("plan_periods") == 2


def test_an_unreadable_end_is_flagged_in_every_month_it_may_touch(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "bills.csv": THREE_MONTHS,
        "plans.csv": "id,plan,start,stop\nann,one,2017-04-01,soon\n",
    }
    with opened(tmp_path, files, plan_periods=PERIODS) as extract:
        assert column(extract, "plan_periods", APRIL, "unparsable:ended_on") == [True]
        assert column(extract, "plan_periods", Month(2017, 5), "unparsable:ended_on") == [True]


def test_a_history_without_ends_is_in_force_for_good(tmp_path: Path) -> None:
    sql = PERIODS.replace(", stop AS ended_on", "")
    files: dict[str, str | bytes] = {"bills.csv": THREE_MONTHS, "plans.csv": "id,plan,start\nann,one,2017-04-01\n"}
    with opened(tmp_path, files, plan_periods=sql) as extract:
        assert [extract.rows("plan_periods", month) for month in extract.months()] == [0, 1, 1]


@pytest.mark.parametrize(
    ("bills", "said"),
    [
        (
            "SELECT id AS customer_id, amount FROM 'bills.csv'",
            "bills.sql: column month is missing; add it as YYYY-MM or a date",
        ),
        ("SELECT month, amount FROM 'bills.csv'", "bills.sql: column customer_id is missing; add it to the SELECT"),
    ],
)
def test_a_missing_required_column_is_named(tmp_path: Path, bills: str, said: str) -> None:
    with pytest.raises(FeaturesError) as refused, opened(tmp_path, bills=bills):
        pass
    assert str(refused.value) == said


def test_optional_columns_may_be_missing_and_are_null(tmp_path: Path) -> None:
    with opened(tmp_path) as extract:
        assert column(extract, "bills", MARCH, "arrears") == [None, None]


def test_names_match_whatever_their_case(tmp_path: Path) -> None:
    sql = "SELECT id AS CUSTOMER_ID, month AS Month, amount AS Amount FROM 'bills.csv'"
    with opened(tmp_path, bills=sql) as extract:
        assert [float(amount) for amount in column(extract, "bills", MARCH, "amount")] == [10.5, 0.0]


def test_the_source_names_the_day_of_an_instant_by_its_time_zone(tmp_path: Path) -> None:
    sql = values("'2017-03'").replace("SELECT", "SELECT TIMESTAMPTZ '2017-02-28 16:30:00+00' AS activated_on,")
    with opened(tmp_path, toml=SOURCE, customers=sql) as extract:
        assert column(extract, "customers", MARCH, "activated_on") == [dt.date(2017, 3, 1)]
