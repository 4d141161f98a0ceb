from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

import polars as pl
import pytest

from features import rejects as rejects_module
from features.months import Month
from features.rejects import Rejects, forget_old_rejects, reject_file, unplaced_file

MARCH = Month(2017, 3)
NOW = dt.datetime(2017, 6, 1, tzinfo=dt.UTC)


def refused(*rows: tuple[str, str | None, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"customer_id": pl.String, "status": pl.String, "reason": pl.String}, orient="row")


@pytest.fixture
def some() -> Rejects:
    """Four of ten rows, in two buckets."""
    rejects = Rejects()
    rejects.add(6, refused(("ann", None, "status: missing"), ("bob", "gone", "status: unknown; plan: missing")))
    rejects.add(4, refused(("cyd", "left", "status: unknown"), ("dan", "x", "age: below 0")))
    return rejects


def test_rows_and_reasons_are_counted(some: Rejects):
    assert (some.seen, some.bad) == (10, 4)
    assert some.commonest() == [
        ("status: unknown", 2),
        ("age: below 0", 1),
        ("plan: missing", 1),
        ("status: missing", 1),
    ]


def test_an_example_is_a_value_that_was_refused_for_the_reason(some: Rejects):
    assert some.example("status: unknown", "status") == "gone"
    assert some.example("status: missing", "status") is None
    assert some.example("status: un", "status") is None


def test_refused_rows_are_written_where_only_the_owner_reads_them(tmp_path: Path, some: Rejects):
    file = reject_file(tmp_path / "rejects", "customers", MARCH)
    some.write(file)
    assert file == tmp_path / "rejects" / "month=2017-03" / "customers.parquet"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent, file.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]
    assert pl.read_parquet(file, hive_partitioning=False)["customer_id"].to_list() == ["ann", "bob", "cyd", "dan"]
    assert [path.name for path in file.parent.iterdir()] == ["customers.parquet"]


def test_folders_that_were_open_are_closed(tmp_path: Path, some: Rejects):
    file = reject_file(tmp_path / "rejects", "customers", MARCH)
    file.parent.mkdir(parents=True, mode=0o755)
    some.write(file)
    assert stat.S_IMODE(file.parent.stat().st_mode) == stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700


def test_where_nothing_is_refused_no_file_and_no_old_one_is_left(tmp_path: Path, some: Rejects):
    file = reject_file(tmp_path, "customers", MARCH)
    Rejects().write(file)
    assert not file.parent.exists()
    some.write(file)
    Rejects().write(file)
    assert not file.exists()


def test_only_so_many_rows_are_kept_but_all_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(rejects_module, "MOST_KEPT", 3)
    rejects = Rejects()
    for bucket in range(3):
        rejects.add(2, refused((f"a{bucket}", None, "bad"), (f"b{bucket}", None, "bad")))
    rejects.write(tmp_path / "rejects.parquet")
    assert (rejects.bad, rejects.commonest()) == (6, [("bad", 6)])
    assert pl.read_parquet(tmp_path / "rejects.parquet")["customer_id"].to_list() == ["a0", "b0", "a1"]


def test_rows_that_belong_to_no_month_have_a_folder_of_their_own(tmp_path: Path):
    assert unplaced_file(tmp_path, "bills", None) == tmp_path / "month=unknown" / "bills.parquet"
    assert unplaced_file(tmp_path, "bills", MARCH) == tmp_path / "month=unknown" / "bills_2017-03.parquet"


def test_rejects_are_forgotten_file_by_file_after_their_days(tmp_path: Path, some: Rejects):
    ages = {
        reject_file(tmp_path, "bills", MARCH): 91,
        reject_file(tmp_path, "customers", MARCH): 89,
        reject_file(tmp_path, "bills", MARCH + 1): 91,
        unplaced_file(tmp_path, "usage", None): 91,
    }
    for file, days in ages.items():
        some.write(file)
        written = (NOW - dt.timedelta(days=days)).timestamp()
        os.utime(file, (written, written))
    forget_old_rejects(tmp_path, 90, NOW)
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "month=2017-03",
        "month=2017-03/customers.parquet",
    ]


def test_there_may_be_no_rejects_to_forget(tmp_path: Path):
    forget_old_rejects(tmp_path / "rejects", 90, NOW)
