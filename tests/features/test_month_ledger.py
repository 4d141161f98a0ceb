from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from features import FeaturesError
from features.engine import collect, from_arrow
from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from features.warehouse import StagedMonth, Warehouse

JANUARY, FEBRUARY, MARCH, MAY = (Month(2017, month) for month in (1, 2, 3, 5))
THEN = dt.datetime(2017, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> MonthLedger:
    return MonthLedger(Warehouse(tmp_path / "tables"))


def stage(ledger: MonthLedger, customer: str, month: Month, table: str = "bills") -> StagedMonth:
    rows = from_arrow(pl.DataFrame({"customer_id": [customer]}).to_arrow())
    return ledger.warehouse.stage_month(table, month, [(0, rows)])


def enter(
    ledger: MonthLedger, customer: str, month: Month = JANUARY, since: Month | None = None, now: dt.datetime = THEN
) -> Entry:
    """A revision of bills whose only row is of `customer`."""
    return ledger.enter([stage(ledger, customer, month)], Origin("in", "operator", "c0de", now), since)[0]


def seen(ledger: MonthLedger, as_of: Month, month: Month = JANUARY) -> Sequence[str] | None:
    """Whose rows a reader finds as of a month."""
    rows = ledger.known_months(as_of, bucket=None).table("bills", month)
    return None if rows is None else collect(rows)["customer_id"].to_list()


def test_an_entry_says_what_was_delivered_and_from_what(ledger: MonthLedger):
    part = stage(ledger, "ann", JANUARY)
    entered = ledger.enter([part], Origin("in", "operator", "c0de", THEN), MARCH, {"bills": 3})
    assert ledger.entries() == tuple(entered) == MonthLedger(ledger.warehouse).entries()
    assert entered[0] == Entry(
        table="bills",
        month=JANUARY,
        known_since=MARCH,
        revision=1,
        version=1,
        rows=1,
        rejected=3,
        content_hash=part.content_hash,
        schema_hash=part.schema_hash,
        inputs="in",
        source="operator",
        code="c0de",
        recorded_at="2017-06-01T12:00:00+00:00",
    )


def test_what_holdfast_made_itself_is_known_since_its_own_month(ledger: MonthLedger):
    assert enter(ledger, "ann", MARCH).known_since == MARCH


def test_a_month_that_was_not_delivered_is_unknown(ledger: MonthLedger):
    enter(ledger, "ann")
    assert seen(ledger, MARCH, FEBRUARY) is None
    assert ledger.known("usage", JANUARY) is None


def test_a_correction_is_invisible_to_earlier_as_of_months(ledger: MonthLedger):
    enter(ledger, "first")
    correction = enter(ledger, "corrected", since=MARCH)
    assert correction.revision == 2
    assert [seen(ledger, month) for month in (JANUARY, FEBRUARY, MARCH, MAY)] == [
        ["first"],
        ["first"],
        ["corrected"],
        ["corrected"],
    ]
    assert ledger.known("bills", JANUARY) == correction


def test_a_late_month_is_unknown_to_earlier_as_of_months(ledger: MonthLedger):
    enter(ledger, "late", JANUARY, since=MARCH)
    assert seen(ledger, FEBRUARY) is None
    assert seen(ledger, MARCH) == ["late"]
    assert ledger.months("bills", FEBRUARY) == []
    assert ledger.months("bills", MARCH) == ledger.months("bills") == [JANUARY]


def test_a_backloaded_correction_takes_the_place_of_all_before_it(ledger: MonthLedger):
    enter(ledger, "first")
    enter(ledger, "corrected", since=MARCH)
    enter(ledger, "backloaded", since=JANUARY)
    assert [seen(ledger, month) for month in (JANUARY, FEBRUARY, MAY)] == [["backloaded"]] * 3


def test_all_tables_of_a_month_appear_at_once(ledger: MonthLedger, monkeypatch: pytest.MonkeyPatch):
    staged = [stage(ledger, "ann", JANUARY, table) for table in ("bills", "usage")]
    reader, seen_between = MonthLedger(ledger.warehouse), []
    commit = Warehouse.commit

    def watched(self: Warehouse, part: StagedMonth, facts: dict[str, str]) -> int:
        version = commit(self, part, facts)
        seen_between.append([table for table in ("bills", "usage") if reader.known(table, JANUARY)])
        return version

    monkeypatch.setattr(Warehouse, "commit", watched)
    ledger.enter(staged, Origin("in", "operator", "c0de", THEN))
    assert seen_between == [[], []]
    assert [entry.table for entry in reader.entries()] == ["bills", "usage"]
    assert reader.warehouse.version("month_ledger") == 1


def test_a_reader_that_has_begun_sees_nothing_of_what_is_delivered_meanwhile(ledger: MonthLedger):
    enter(ledger, "first")
    known, at_rest = ledger.known_months(MARCH, bucket=None), ledger.at_rest()
    enter(ledger, "corrected", since=MARCH)
    enter(ledger, "next", FEBRUARY)
    rows = known.table("bills", JANUARY)
    assert rows is not None
    assert collect(rows)["customer_id"].to_list() == ["first"]
    assert known.table("bills", FEBRUARY) is None
    assert seen(at_rest, MARCH) == ["first"]
    assert seen(ledger, MARCH) == ["corrected"]


def test_another_process_s_entries_are_seen(ledger: MonthLedger):
    other = MonthLedger(Warehouse(ledger.warehouse.tables))
    assert other.entries() == ()
    enter(ledger, "ann")
    assert [entry.revision for entry in other.entries()] == [1]
    assert enter(other, "bob").revision == 2


def test_nothing_to_enter_makes_no_entry(ledger: MonthLedger):
    assert ledger.enter([], Origin("in", "operator", "c0de", THEN)) == []
    assert ledger.entries() == ()


def test_an_older_revision_is_restored_by_one_more_entry(ledger: MonthLedger):
    first = enter(ledger, "first")
    enter(ledger, "wrong", since=MARCH)
    later = THEN + dt.timedelta(days=1)
    restored = ledger.restore("bills", JANUARY, 1, later)
    assert (restored.revision, restored.version, restored.content_hash) == (3, first.version, first.content_hash)
    assert restored.recorded_at == later.isoformat()
    assert [seen(ledger, month) for month in (FEBRUARY, MARCH)] == [["first"], ["first"]]
    assert [entry.revision for entry in ledger.revisions("bills", JANUARY)] == [1, 2, 3]


def test_a_restored_revision_takes_the_place_of_the_one_it_undoes_and_no_more(ledger: MonthLedger):
    enter(ledger, "first")
    enter(ledger, "second", since=FEBRUARY)
    enter(ledger, "wrong", since=MAY)
    ledger.restore("bills", JANUARY, 1, THEN)
    assert [seen(ledger, month) for month in (JANUARY, FEBRUARY, MARCH, MAY)] == [
        ["first"],
        ["second"],
        ["second"],
        ["first"],
    ]


def test_a_restored_revision_is_not_known_before_it_was_delivered(ledger: MonthLedger):
    enter(ledger, "first")
    enter(ledger, "late", since=MARCH)
    enter(ledger, "backloaded", since=JANUARY)
    ledger.restore("bills", JANUARY, 2, THEN)
    assert [seen(ledger, month) for month in (JANUARY, FEBRUARY, MARCH)] == [["backloaded"], ["backloaded"], ["late"]]


def test_restoring_what_is_current_changes_nothing(ledger: MonthLedger):
    enter(ledger, "first")
    second = enter(ledger, "second")
    assert ledger.restore("bills", JANUARY, 2, THEN) == second
    assert len(ledger.entries()) == 2


def test_restoring_an_unknown_revision_says_which_there_are(ledger: MonthLedger):
    enter(ledger, "first")
    enter(ledger, "second")
    with pytest.raises(FeaturesError, match=r"^bills 2017-01: there is no revision 7; choose one of 1, 2$"):
        ledger.restore("bills", JANUARY, 7, THEN)
    with pytest.raises(FeaturesError, match=r"^bills 2017-03: .* no revision of this month was delivered$"):
        ledger.restore("bills", MARCH, 1, THEN)


def vacuum(ledger: MonthLedger, since: dt.datetime) -> None:
    ledger.warehouse.vacuum("bills", ledger.to_keep("bills", since))


def readable(ledger: MonthLedger) -> list[int]:
    """Revisions whose files are still there."""
    found = []
    for entry in ledger.revisions("bills", JANUARY):
        try:
            ledger.warehouse.read("bills", JANUARY, entry.version)
        except FeaturesError:
            continue
        found.append(entry.revision)
    return found


def test_vacuum_keeps_what_reading_as_of_any_month_needs_however_old(ledger: MonthLedger):
    enter(ledger, "first")
    enter(ledger, "first, rebuilt")
    enter(ledger, "corrected", since=MARCH)
    enter(ledger, "corrected, again", since=MARCH)
    enter(ledger, "next", FEBRUARY)
    vacuum(ledger, since=THEN + dt.timedelta(days=1))
    assert readable(ledger) == [2, 4]
    assert [seen(ledger, month) for month in (JANUARY, MARCH)] == [["first, rebuilt"], ["corrected, again"]]
    assert seen(ledger, MARCH, FEBRUARY) == ["next"]


def test_vacuum_counts_the_retention_of_a_revision_from_when_it_was_replaced(ledger: MonthLedger):
    enter(ledger, "first", now=THEN)
    enter(ledger, "second", now=THEN + dt.timedelta(days=1))
    enter(ledger, "third", now=THEN + dt.timedelta(days=900))
    vacuum(ledger, since=THEN + dt.timedelta(days=2))
    assert readable(ledger) == [2, 3]


def test_vacuum_keeps_an_old_version_that_was_restored(ledger: MonthLedger):
    enter(ledger, "first")
    enter(ledger, "wrong")
    ledger.restore("bills", JANUARY, 1, THEN)
    enter(ledger, "next", FEBRUARY)
    vacuum(ledger, since=THEN + dt.timedelta(days=1))
    assert seen(ledger, JANUARY) == ["first"]


def test_a_vacuumed_revision_cannot_be_restored_and_the_current_one_stays(ledger: MonthLedger):
    enter(ledger, "first")
    enter(ledger, "second")
    vacuum(ledger, since=THEN + dt.timedelta(days=1))
    with pytest.raises(FeaturesError, match=r"^bills 2017-01: the files of version 1 are gone, as after a vacuum"):
        ledger.restore("bills", JANUARY, 1, THEN)
    assert seen(ledger, JANUARY) == ["second"]


def test_a_commit_that_the_ledger_never_named_is_invisible_and_does_no_harm(ledger: MonthLedger):
    enter(ledger, "first")
    ledger.warehouse.commit(stage(ledger, "of a killed run", JANUARY), {})
    assert seen(ledger, MARCH) == ["first"]
    vacuum(ledger, since=THEN + dt.timedelta(days=1))
    assert seen(ledger, MARCH) == ["first"]
    enter(ledger, "second")
    assert seen(ledger, MARCH) == ["second"]


def test_one_bucket_of_the_known_months_can_be_read_alone(ledger: MonthLedger):
    buckets = [
        (number, from_arrow(pl.DataFrame({"customer_id": [name]}).to_arrow())) for number, name in enumerate("ab")
    ]
    ledger.enter([ledger.warehouse.stage_month("bills", JANUARY, buckets)], Origin("in", "operator", "c0de", THEN))
    rows = ledger.known_months(JANUARY, bucket=1).table("bills", JANUARY)
    assert rows is not None
    assert collect(rows)["customer_id"].to_list() == ["b"]
