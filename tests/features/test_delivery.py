from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import FeaturesError
from features.delivery import Delivered, Receiving, deliver, refuse_without_months
from features.engine import collect
from features.home import Home
from features.month_ledger import MonthLedger
from features.months import Month
from features.refusal import DeliveryRules
from features.sources import OpenExtract
from features.warehouse import StagedMonth, Warehouse
from tests.features.source_folders import PHONE, SOURCE, opened, source_of

MARCH, APRIL, MAY = (Month(2017, month) for month in (3, 4, 5))
NOW = dt.datetime(2017, 6, 1, tzinfo=dt.UTC)
READ_EVENTS = """
SELECT id AS customer_id, kind, started AS started_on, ended AS ended_on
FROM read_csv('events.csv', all_varchar = true)
"""
READ_USAGE = "SELECT id AS customer_id, month, sms AS sms_count FROM read_csv('usage.csv', all_varchar = true)"
READ_STATUS = "SELECT id AS customer_id, month, status FROM read_csv('bills.csv', all_varchar = true)"


def bills(*months: str, customers: int = 10, amount: object = 1) -> str:
    """A bills.csv in which every customer has the same amount in every month."""
    return "id,month,amount\n" + "".join(
        f"c{number:03d},{month},{amount}\n" for month in months for number in range(customers)
    )


class Desk:
    """A home in a test's folder, and what a test delivers to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        self.ledger = MonthLedger(Warehouse(self.home.tables))
        self.rules = DeliveryRules()
        self.told: list[str] = []

    @contextmanager
    def opened(
        self,
        files: str | dict[str, str | bytes],
        toml: str = SOURCE,
        only: Month | None = None,
        threads: int = 1,
        **sql: str,
    ) -> Iterator[tuple[Receiving, OpenExtract]]:
        """The home's desk and an extract of the files, bills.csv if only one text is given, in two buckets."""
        source = source_of(self.folder, toml, **sql)
        held: dict[str, str | bytes] = {"bills.csv": files} if isinstance(files, str) else files
        with opened(self.folder, held, toml, buckets=2, only=only, threads=threads, **sql) as extract:
            yield Receiving(source, self.home, self.ledger, self.rules, NOW, "c0de", self.told.append), extract

    def deliver(
        self,
        files: str | dict[str, str | bytes],
        month: Month = MARCH,
        known_since: Month | None = None,
        accept_partial: bool = False,
        **mapping: Any,
    ) -> list[Delivered]:
        with self.opened(files, **mapping) as (receiving, extract):
            return deliver(receiving, extract, month, known_since=known_since, accept_partial=accept_partial)

    def is_known(self, table: str, month: Month = MARCH, as_of: Month = MAY) -> bool:
        return self.ledger.known_months(as_of, bucket=None).table(table, month) is not None

    def rows(self, table: str, month: Month = MARCH, as_of: Month = MAY) -> pl.DataFrame:
        known = self.ledger.known_months(as_of, bucket=None).table(table, month)
        assert known is not None
        return collect(known).sort("customer_id")

    def amounts(self, month: Month = MARCH, as_of: Month = MAY) -> set[float]:
        return {float(amount) for amount in self.rows("bills", month, as_of)["amount"]}

    def rejects(self, table: str, month: str = "2017-03") -> pl.DataFrame:
        return pl.read_parquet(self.home.rejects / f"month={month}" / f"{table}.parquet", hive_partitioning=False)

    def hashes(self) -> list[str]:
        return [f"{entry.table} {entry.month} {entry.content_hash}" for entry in self.ledger.entries()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def outcomes(delivered: Iterable[Delivered]) -> list[tuple[str, str, int]]:
    return [(table.table, table.outcome, table.revision) for table in delivered]


def test_a_new_month_goes_into_the_warehouse_and_the_ledger(desk: Desk):
    delivered = desk.deliver(bills("2017-03", amount=12.5))
    assert delivered == [Delivered("bills", MARCH, "new", 1, 10, 0), Delivered("customers", MARCH, "new", 1, 10, 0)]
    assert desk.amounts() == {12.5}
    entry = desk.ledger.known("bills", MARCH)
    assert entry is not None
    assert (entry.source, entry.code, entry.recorded_at) == ("mapping", "c0de", NOW.isoformat())
    assert list(json.loads(entry.inputs)) == ["bills.csv"]
    assert not desk.home.rejects.exists()


def test_the_same_content_again_changes_nothing(desk: Desk):
    desk.deliver(bills("2017-03"))
    again = desk.deliver(bills("2017-03") + "c000,2017-04,1\n")
    assert outcomes(again) == [("bills", "unchanged", 1), ("customers", "unchanged", 1)]
    assert len(desk.ledger.entries()) == 2
    assert desk.ledger.warehouse.version("bills") == 1
    assert not list(desk.home.tables.rglob("_staged/*"))


def test_other_content_is_a_revision_of_the_tables_that_changed(desk: Desk):
    desk.deliver(bills("2017-03"))
    assert outcomes(desk.deliver(bills("2017-03", amount=2))) == [
        ("bills", "revision", 2),
        ("customers", "unchanged", 1),
    ]
    assert desk.amounts() == {2}


def test_an_older_revision_can_be_restored_and_redelivered(desk: Desk):
    desk.deliver(bills("2017-03"))
    desk.deliver(bills("2017-03", amount=2))
    desk.ledger.restore("bills", MARCH, 1, NOW)
    assert desk.amounts() == {1}
    assert outcomes(desk.deliver(bills("2017-03", amount=2)))[0] == ("bills", "revision", 4)
    assert desk.amounts() == {2}


def test_months_delivered_in_time_are_known_since_their_own_month(desk: Desk):
    for month in (MARCH, APRIL):
        desk.deliver(bills("2017-03", "2017-04"), month)
    assert [str(entry.known_since) for entry in desk.ledger.entries()] == ["2017-03", "2017-03", "2017-04", "2017-04"]


def test_a_correction_is_known_since_the_latest_month_on_hand(desk: Desk):
    for month in (MARCH, APRIL):
        desk.deliver(bills("2017-03", "2017-04"), month)
    desk.deliver(bills("2017-03", amount=2))
    assert [desk.amounts(as_of=month) for month in (MARCH, APRIL, MAY)] == [{1}, {2}, {2}]


def test_a_correction_is_known_since_the_latest_month_that_its_extract_brings_with_it(desk: Desk):
    desk.deliver(bills("2017-03"))
    corrected = bills("2017-03", amount=2) + bills("2017-04").partition("\n")[2]
    for month in (MARCH, APRIL):
        desk.deliver(corrected, month)
    assert [desk.amounts(as_of=month) for month in (MARCH, APRIL)] == [{1}, {2}]
    assert [str(entry.known_since) for entry in desk.ledger.entries()][-2:] == ["2017-04", "2017-04"]


def test_a_late_table_is_unknown_to_months_before_it_came(desk: Desk):
    usage = "id,month,sms\nc000,2017-03,5\n"
    for month in (MARCH, APRIL):
        desk.deliver(bills("2017-03", "2017-04"), month)
    desk.deliver({"bills.csv": bills("2017-03"), "usage.csv": usage}, usage=READ_USAGE)
    assert not desk.is_known("usage", as_of=MARCH)
    assert desk.is_known("usage", as_of=APRIL)


def test_the_same_content_backloaded_is_known_earlier(desk: Desk):
    desk.deliver(bills("2017-04"), APRIL)
    desk.deliver(bills("2017-03"), MARCH)
    assert desk.ledger.known("bills", MARCH, MARCH) is None
    desk.deliver(bills("2017-03"), MARCH, known_since=MARCH)
    assert desk.ledger.known("bills", MARCH, MARCH) is not None


def test_a_backload_counts_as_delivered_in_time(desk: Desk):
    desk.deliver(bills("2017-04"), APRIL)
    desk.deliver(bills("2017-03"), MARCH, known_since=MARCH)
    assert desk.amounts(as_of=MARCH) == {1}


def test_bad_rows_are_set_aside_with_their_reasons_and_the_others_go_on(desk: Desk):
    rows = bills("2017-03", customers=298) + "bad,2017-03,much\nworse,2017-03,99999999\n"
    assert desk.deliver(rows)[0] == Delivered("bills", MARCH, "new", 1, 298, 2)
    assert desk.rejects("bills").select("customer_id", "reason").sort("customer_id").rows() == [
        ("bad", "amount: unreadable as a number"),
        ("worse", "amount: above 10000000"),
    ]
    assert desk.ledger.known("bills", MARCH).rejected == 2
    assert {"bad", "worse"}.isdisjoint(desk.rows("bills")["customer_id"])


def test_rejects_of_a_month_are_gone_once_it_is_delivered_clean(desk: Desk):
    desk.deliver(bills("2017-03", customers=298) + "bad,2017-03,much\n")
    desk.deliver(bills("2017-03", customers=299))
    assert not list(desk.home.rejects.rglob("*.parquet"))


@pytest.mark.parametrize(("bad", "is_refused"), [(1, False), (2, True)])
def test_a_month_is_refused_whole_when_more_than_one_in_a_hundred_rows_is_bad(desk: Desk, bad: int, is_refused: bool):
    rows = bills("2017-03", customers=100 - bad) + "".join(f"bad{n},2017-03,much\n" for n in range(bad))
    if is_refused:
        with pytest.raises(FeaturesError, match=r"2 of 100 rows are bad, more than the allowed 1%"):
            desk.deliver(rows)
    else:
        assert desk.deliver(rows)[0].rows == 99


def test_a_refused_month_names_reasons_files_and_remedy_and_no_value_of_a_person(desk: Desk):
    rows = f"id,month,amount\n{PHONE},2017-03,much\n{PHONE},2017-03,{PHONE}\nann,2017-03,1\n"
    with pytest.raises(FeaturesError) as refused:
        desk.deliver(rows)
    assert str(refused.value) == (
        "bills 2017-03 (bills.csv): 2 of 3 rows are bad, more than the allowed 1%: amount: above 10000000 in 1 row, "
        "amount: unreadable as a number in 1 row; mend the extract or bills.sql "
        f"(the rows are in {desk.home.rejects / 'month=2017-03' / 'bills.parquet'})"
    )
    assert desk.rejects("bills").height == 2


def test_a_value_is_quoted_where_its_column_identifies_nobody(desk: Desk):
    rows = "id,month,amount,status\nann,2017-03,1,gone away\nbob,2017-03,1,gone away\n"
    with pytest.raises(
        FeaturesError, match=r"status: not one of the allowed values in 2 rows \(for example 'gone away'\);"
    ):
        desk.deliver(rows, customers=READ_STATUS)


def test_a_refused_month_leaves_what_was_there(desk: Desk):
    desk.deliver(bills("2017-03"))
    desk.deliver(bills("2017-04"), APRIL)
    before = desk.hashes()
    for month in (MARCH, MAY):
        with pytest.raises(FeaturesError, match="rows are bad"):
            desk.deliver(bills(str(month), amount="much"), month)
    assert desk.hashes() == before
    assert desk.amounts() == {1}
    assert not list(desk.home.tables.rglob("_staged/*"))


def test_a_table_that_is_refused_holds_back_those_that_were_fine(desk: Desk):
    with pytest.raises(FeaturesError, match=r"^customers 2017-03"):
        desk.deliver("id,month,amount,status\nann,2017-03,1,gone\n", customers=READ_STATUS)
    assert desk.ledger.entries() == ()
    assert desk.ledger.warehouse.version("bills") == -1


@pytest.mark.parametrize(("table", "columns"), [("customers", "'active' AS status"), ("bills", "amount")])
def test_a_month_without_rows_of_a_required_table_is_refused(desk: Desk, table: str, columns: str):
    read = f"SELECT id AS customer_id, month, {columns} FROM read_csv('bills.csv', all_varchar = true)"
    with pytest.raises(FeaturesError) as refused:
        desk.deliver(bills("2017-03", "2017-04"), APRIL, **{table: f"{read} WHERE month < '2017-04'"})
    assert str(refused.value).startswith(
        f"{table} 2017-04 (bills.csv): no rows in this month; customers are there for 2017-03"
    )
    assert str(refused.value).endswith(f"deliver the complete extract of 2017-04, or correct month in {table}.sql")


def test_given_outcomes_are_required(desk: Desk):
    given = SOURCE.replace('activity = ["bills.amount"]', "given = true")
    outcomes = "SELECT id AS customer_id, month, left_us AS churned FROM read_csv('left.csv', all_varchar = true)"
    files = {"bills.csv": bills("2017-03"), "left.csv": "id,month,left_us\nc000,2017-02,no\n"}
    with pytest.raises(FeaturesError, match=r"^outcomes 2017-03 \(left.csv\): no rows in this month"):
        desk.deliver(files, toml=given, outcomes=outcomes)


def test_an_optional_table_without_rows_is_unknown_and_not_zero(desk: Desk):
    files = {"bills.csv": bills("2017-03"), "usage.csv": "id,month,sms\nc000,2017-02,5\n"}
    assert [table.table for table in desk.deliver(files, usage=READ_USAGE)] == ["bills", "customers"]
    assert not desk.is_known("usage")


def test_an_interval_table_without_rows_says_that_nothing_was_in_force(desk: Desk):
    files = {"bills.csv": bills("2017-03"), "events.csv": "id,kind,started,ended\n"}
    assert [table.table for table in desk.deliver(files, service_events=READ_EVENTS)][-1] == "service_events"
    assert desk.rows("service_events").height == 0


def test_an_interval_that_ends_later_is_open_in_the_month(desk: Desk):
    events = "id,kind,started,ended\nc000,suspension,2017-03-20,2017-04-02\n"
    files = {"bills.csv": bills("2017-03", "2017-04"), "events.csv": events}
    for month in (MARCH, APRIL):
        desk.deliver(files, month, service_events=READ_EVENTS)
    ends = [desk.rows("service_events", month)["ended_on"].to_list() for month in (MARCH, APRIL)]
    assert ends == [[None], [dt.date(2017, 4, 2)]]


@pytest.mark.parametrize(("customers", "is_refused"), [(7, False), (6, True)])
def test_a_month_that_lost_too_many_rows_looks_partial(desk: Desk, customers: int, is_refused: bool):
    desk.deliver(bills("2017-03", customers=10))
    if is_refused:
        with pytest.raises(FeaturesError) as refused:
            desk.deliver(bills("2017-04", customers=customers), APRIL)
        assert str(refused.value) == (
            "bills 2017-04 (bills.csv): 6 rows against 10 in 2017-03 looks like a partial extract; "
            "deliver it whole, or pass --accept-partial if it is right"
        )
        desk.deliver(bills("2017-04", customers=customers), APRIL, accept_partial=True)
    else:
        desk.deliver(bills("2017-04", customers=customers), APRIL)
    assert desk.ledger.months("bills") == [MARCH, APRIL]


def test_a_month_that_comes_again_with_far_fewer_rows_looks_partial(desk: Desk):
    desk.deliver(bills("2017-03", customers=10))
    with pytest.raises(FeaturesError, match=r"5 rows against 10 delivered before looks like a partial extract"):
        desk.deliver(bills("2017-03", customers=5))
    assert desk.rows("bills").height == 10


def test_events_may_become_fewer(desk: Desk):
    events = "id,kind,started,ended\n" + "".join(f"c00{n},plan_change,2017-03-2{n},2017-03-2{n}\n" for n in range(9))
    for month in (MARCH, APRIL):
        desk.deliver(
            {"bills.csv": bills("2017-03", "2017-04"), "events.csv": events}, month, service_events=READ_EVENTS
        )
    assert desk.rows("service_events", APRIL).height == 0


def test_a_fault_between_two_commits_leaves_the_old_month_and_a_rerun_mends_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    status = "id,month,amount,status\n{0},2017-03,1,active\n"
    desk.deliver(status.format("ann"), customers=READ_STATUS)
    before, commit = desk.hashes(), Warehouse.commit

    def failing(self: Warehouse, part: StagedMonth, facts: dict[str, str]) -> int:
        if part.table == "customers":
            raise OSError("disk full")
        return commit(self, part, facts)

    monkeypatch.setattr(Warehouse, "commit", failing)
    with pytest.raises(OSError, match="disk full"):
        desk.deliver(status.format("bob"), customers=READ_STATUS)
    monkeypatch.undo()
    assert desk.hashes() == before
    assert [desk.rows(table)["customer_id"].to_list() for table in ("bills", "customers")] == [["ann"], ["ann"]]

    again = desk.deliver(status.format("bob"), customers=READ_STATUS)
    assert outcomes(again) == [("bills", "revision", 2), ("customers", "revision", 2)]
    assert [desk.rows(table)["customer_id"].to_list() for table in ("bills", "customers")] == [["bob"], ["bob"]]


def test_rows_that_belong_to_no_month_are_set_aside(desk: Desk):
    rows = bills("2017-03", customers=298) + "lost,soon,1\nlost,1889-01,1\n"
    desk.deliver(rows)
    kept = desk.home.rejects / "month=unknown"
    assert desk.told == [f"{t}: 2 rows belong to no month; see {kept / t}.parquet" for t in ("bills", "customers")]
    assert sorted(desk.rejects("bills", "unknown").select("reason", "month").rows()) == [
        ("month is out of range", "1889-01"),
        ("month is unreadable", "soon"),
    ]


def test_too_many_rows_that_belong_to_no_month_refuse_the_extract(desk: Desk):
    rows = bills("2017-03", customers=90) + "lost,soon,1\n" * 2 + "lost,,1\n"
    with pytest.raises(FeaturesError) as refused:
        desk.deliver(rows)
    assert desk.ledger.entries() == ()
    assert desk.rejects("bills", "unknown").height == 3
    assert str(refused.value) == (
        "bills (bills.csv): 3 of 93 rows belong to no month: month is unreadable; mend the extract or bills.sql"
    )


def test_rows_of_a_history_count_once_however_many_months_they_are_in(desk: Desk):
    events = "id,kind,started,ended\n" + "c000,suspension,2017-03-01,\n" * 60 + "c000,suspension,someday,\n"
    files = {"bills.csv": bills("2017-03", "2017-04"), "events.csv": events}
    with pytest.raises(FeaturesError) as refused:
        desk.deliver(files, service_events=READ_EVENTS)
    assert str(refused.value).startswith(
        "service_events (events.csv): 1 of 61 rows belong to no month: started_on is missing or unreadable;"
    )


def test_rows_of_all_months_count_where_each_has_its_own(desk: Desk):
    rows = bills("2017-03", "2017-04", "2017-05", customers=70) + "lost,soon,1\n" * 2
    desk.deliver(rows)
    assert desk.is_known("bills")


def test_periods_of_no_month_are_told_and_refuse_nothing(desk: Desk):
    events = "id,kind,started,ended\nc000,suspension,2016-01-01,2016-02-01\n"
    desk.deliver({"bills.csv": bills("2017-03"), "events.csv": events}, service_events=READ_EVENTS)
    assert desk.told == ["note: service_events: 1 rows are in force in no month of customers and were left out"]


def test_of_a_month_opened_alone_no_table_stays_in_the_engine(desk: Desk):
    with desk.opened(bills("2017-03"), only=MARCH) as (receiving, extract):
        deliver(receiving, extract, MARCH)
        assert extract._engine.sql("SELECT table_name FROM duckdb_tables()").fetchall() == [("customer_months",)]
        again = deliver(receiving, extract, MARCH)
    assert outcomes(again) == [("bills", "unchanged", 1), ("customers", "unchanged", 1)]


def test_an_extract_without_any_month_is_refused(desk: Desk):
    with desk.opened("id,month,amount\n") as (receiving, extract), pytest.raises(FeaturesError) as refused:
        refuse_without_months(receiving, extract)
    assert str(refused.value) == "customers (bills.csv): no rows; deliver the complete extract"


def test_neither_threads_nor_the_order_of_lines_decide_on_a_byte(tmp_path: Path):
    # Two rows of one key, too: what is rejected must not depend on the machine either.
    lines = (bills("2017-03", customers=600) + "c000,2017-03,7\nc001,2017-03,much\n").splitlines(keepends=True)
    files = []
    for threads, rows in ((1, lines[1:]), (4, lines[:0:-1])):
        desk = Desk(tmp_path / str(threads))
        desk.folder.mkdir()
        desk.deliver("".join([lines[0], *rows]), threads=threads)
        held = sorted([*desk.home.tables.glob("*/month=*/bucket=*/*.parquet"), *desk.home.rejects.rglob("*.parquet")])
        files.append([file.read_bytes() for file in held])
    assert len(files[0]) == 6
    assert files[0] == files[1]


def test_two_homes_fed_the_same_extract_hold_the_same_bytes(tmp_path: Path):
    parts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        desk = Desk(tmp_path / name)
        desk.deliver(bills("2017-03", amount=12.5))
        files = sorted(desk.home.tables.glob("*/month=*/bucket=*/*.parquet"))
        parts.append({str(file.relative_to(desk.home.tables)): file.read_bytes() for file in files})
    assert len(parts[0]) == 4
    assert parts[0] == parts[1]
