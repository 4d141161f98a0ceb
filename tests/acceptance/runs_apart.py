"""Runs in processes of their own, which can be killed or started together; each is forked from one that is warm.

Called as a program it reads jobs from stdin, and prints a line for each: its exit status and what it returned.
Forking is safe as long as nothing but importing happened before, because only then has no library started threads.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Job:
    """An ingest of all months of an extract, or `months` of a drawn table entered one by one.

    It is killed instead of making its `kill_at`-th call of fsync, the first being 1.
    """

    home: str
    source: str = ""
    folder: str = ""
    months: tuple[str, ...] = ()
    kill_at: int = 0


@dataclass(frozen=True)
class Ended:
    """How a job ended: its exit code, negative for the signal that killed it, and what it returned."""

    code: int
    result: Any


def run_apart(jobs: Sequence[Job], *, together: bool = False, until_done: bool = False) -> list[Ended]:
    """Run the jobs, one after the other or all at once; with `until_done` none after the first that was not killed."""
    asked = json.dumps({"jobs": [asdict(job) for job in jobs], "together": together, "until_done": until_done})
    command = [sys.executable, "-m", "tests.acceptance.runs_apart"]
    ran = subprocess.run(command, input=asked, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    ended = [Ended(*json.loads(line)) for line in ran.stdout.splitlines()]
    assert {ran.returncode, *(run.code for run in ended)} <= {0, -signal.SIGKILL}, ran.stderr
    return ended


def _serve() -> None:
    asked = json.load(sys.stdin)
    jobs = [Job(**job) for job in asked["jobs"]]
    if asked["together"]:
        for running in [_forked(job) for job in jobs]:
            _told(*running)
        return
    for job in jobs:
        if _told(*_forked(job)) == 0 and asked["until_done"]:
            return


def _forked(job: Job) -> tuple[int, int]:
    """The process that does the job, and where its result can be read."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _kill_at_fsync(job.kill_at)
        result = _enter_months(job) if job.months else _ingest(job)
        os.write(writing, json.dumps(result).encode())
        os._exit(0)
    os.close(writing)
    return process, reading


def _told(process: int, reading: int) -> int:
    """Print how a forked job ended; its exit code."""
    with os.fdopen(reading) as answer:
        said = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    sys.stdout.write(json.dumps([code, json.loads(said or "null")]) + "\n")
    sys.stdout.flush()
    return code


def _kill_at_fsync(kill_at: int) -> None:
    calls, fsync = [0], os.fsync

    def counted(handle: int) -> None:
        calls[0] += 1
        if calls[0] == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(handle)

    os.fsync = counted


def _ingest(job: Job) -> list[list[Any]]:
    from flows import steps
    from flows.workspace import open_workspace

    work = open_workspace(Path(job.home), None, lambda message: None)
    delivered = steps.ingest(work, steps.Arrival(job.source, Path(job.folder)))
    return [[table.table, str(table.month), table.outcome] for table in delivered]


def _enter_months(job: Job) -> list[int]:
    """Enter one month after the other of table `drawn`, each with one row that names it; their versions."""
    import datetime as dt

    import pyarrow as pa

    from features.engine import from_arrow
    from features.month_ledger import MonthLedger, Origin
    from features.months import Month
    from features.warehouse import Warehouse

    ledger = MonthLedger(Warehouse(Path(job.home) / "tables"))
    versions = []
    for month in map(Month.parse, job.months):
        rows = from_arrow(pa.table({"customer_id": [str(month)]}))
        staged = ledger.warehouse.stage_month("drawn", month, [(0, rows)])
        origin = Origin("", "test", "code", dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
        versions.append(ledger.enter([staged], origin)[0].version)
    return versions


if __name__ == "__main__":
    # Imported once, before the forks.
    for package in (
        "deltalake",
        "duckdb",
        "features.delivery",
        "flows.steps",
        "narwhals._polars.namespace",
        "pydantic",
    ):
        importlib.import_module(package)
    _serve()
