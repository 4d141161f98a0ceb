"""A run may be killed at any moment, or meet another one: a month is there whole or not at all, and once."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.canonical_hash import canonical_hash
from features.engine import collect
from features.month_ledger import MonthLedger
from features.months import Month
from features.warehouse import Warehouse
from tests.acceptance.runs_apart import Job, Runner, warm
from tests.features.source_folders import source_of

MARCH = Month(2017, 3)
READ_CUSTOMERS = "SELECT id AS customer_id, month, status FROM read_csv('bills.csv', all_varchar = true)"


def ledger_of(home: Path) -> MonthLedger:
    return MonthLedger(Warehouse(home / "tables"))


def found(home: Path, table: str = "bills") -> str:
    """What a reader finds of March."""
    rows = ledger_of(home).known_months(MARCH, bucket=None).table(table, MARCH)
    assert rows is not None
    return canonical_hash(collect(rows)).hex()


def both(home: Path) -> tuple[str, str]:
    return found(home, "customers"), found(home)


class Ground:
    """A mapping, and extracts `old` and `new` of the same month that differ in both tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        source_of(folder, customers=READ_CUSTOMERS)
        for name, status in (("old", "active"), ("new", "suspended")):
            (folder / name).mkdir()
            rows = "".join(f"{customer},2017-03,{len(name + status)},{status}\n" for customer in ("ann", "bob"))
            (folder / name / "bills.csv").write_text("id,month,amount,status\n" + rows)

    def job(self, home: Path, extract: str = "new", kill_at: int | None = None) -> Job:
        given = {"source": str(self.folder / "mapping"), "folder": str(self.folder / extract)}
        return Job("ingest", str(home), given, kill_at)


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    with warm() as runner:
        yield runner


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, run: Runner) -> Ground:
    """With homes `old`, to which the old extract came, and `whole`, to which the new one came after it, undisturbed."""
    made = Ground(tmp_path_factory.mktemp("ground"))
    (first,) = run([made.job(made.folder / "home old", "old")])
    assert first.result == [["bills", "2017-03", "new"], ["customers", "2017-03", "new"]]
    shutil.copytree(made.folder / "home old", made.folder / "home whole")
    (second,) = run([made.job(made.folder / "home whole", kill_at=0)])
    assert second.result == [["bills", "2017-03", "revision"], ["customers", "2017-03", "revision"]]
    assert {"fsync", "rename", "linkat", "unlink"} <= {call.split()[0] for call in second.calls}
    (made.folder / "calls").write_text("\n".join(second.calls))
    return made


@pytest.fixture(scope="module")
def wrecks(ground: Ground, run: Runner) -> list[Path]:
    """Homes of runs that were killed, each three calls later than the one before."""
    points = range(1, len((ground.folder / "calls").read_text().splitlines()) + 1, 3)
    assert len(points) > 8
    homes = [ground.folder / f"home {point}" for point in points]
    for home, point in zip(homes, points, strict=True):
        job = dataclasses.replace(ground.job(home, kill_at=point), start=str(ground.folder / "home old"))
        (ended,) = run([job])
        assert ended.was_killed
    return homes


def test_a_reader_of_a_killed_run_s_home_finds_the_old_month_or_the_new_one_and_no_mixture(
    ground: Ground, wrecks: list[Path]
):
    old, new = (both(ground.folder / f"home {name}") for name in ("old", "whole"))
    assert not set(old) & set(new)
    seen = [both(home) for home in wrecks]
    assert set(seen) == {old, new}
    assert seen == sorted(seen, key=[old, new].index)


def test_running_again_after_any_kill_ends_as_if_it_had_never_happened(ground: Ground, wrecks: list[Path], run: Runner):
    assert {run([ground.job(home)])[0].code for home in wrecks} == {0}
    whole = ground.folder / "home whole"
    assert {both(home) for home in wrecks} == {both(whole)}
    told = {
        tuple((entry.table, entry.revision, entry.content_hash) for entry in ledger_of(home).entries())
        for home in [*wrecks, whole]
    }
    assert len(told) == 1
    assert [(table, revision) for table, revision, _ in told.pop()] == [
        ("bills", 1),
        ("customers", 1),
        ("bills", 2),
        ("customers", 2),
    ]


def test_the_second_of_two_runs_of_a_month_waits_and_finds_it_done(ground: Ground, tmp_path: Path, run: Runner):
    runs = run([ground.job(tmp_path / "home")] * 2)
    outcomes = sorted([outcome for _, _, outcome in ended.result] for ended in runs)
    assert outcomes == [["new", "new"], ["unchanged", "unchanged"]]
    assert len(ledger_of(tmp_path / "home").entries()) == 2


def test_runs_that_commit_different_months_at_once_lose_none(tmp_path: Path, run: Runner):
    years = [[f"{year}-{month:02d}" for month in range(1, 7)] for year in (2016, 2017, 2018)]
    runs = run([Job("enter months", str(tmp_path), {"months": months}) for months in years])
    assert sorted(version for ended in runs for version in ended.result) == list(range(1, 19))
    ledger = ledger_of(tmp_path)
    assert [str(month) for month in ledger.months("drawn")] == [month for months in years for month in months]
    for month in ledger.months("drawn"):
        rows = ledger.known_months(month, bucket=None).table("drawn", month)
        assert rows is not None
        assert collect(rows)["customer_id"].to_list() == [str(month)]
