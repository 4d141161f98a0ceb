"""Runs in processes of their own, which can be killed or started together; each is forked from one that is warm.

Called as a program it reads jobs from stdin, and prints a line for each: its exit status and what it returned.
Forking is safe as long as nothing but importing happened before, because only then has no library started threads.
"""

from __future__ import annotations

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


def run_apart(jobs: Sequence[Job], *, together: bool = False) -> list[Ended]:
    """Run the jobs, one after the other or all at once."""
    asked = json.dumps({"jobs": [asdict(job) for job in jobs], "together": together})
    command = [sys.executable, "-m", "tests.acceptance.runs_apart"]
    ran = subprocess.run(command, input=asked, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return [Ended(*json.loads(line)) for line in ran.stdout.splitlines()]


def _serve() -> None:
    asked = json.load(sys.stdin)
    started = []
    for job in asked["jobs"]:
        started.append(_forked(Job(**job)))
        if not asked["together"]:
            _tell(*started.pop())
    for process, answer in started:
        _tell(process, answer)


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


def _tell(process: int, reading: int) -> None:
    with os.fdopen(reading) as answer:
        said = answer.read()
    status = os.waitpid(process, 0)[1]
    print(json.dumps([os.waitstatus_to_exitcode(status), json.loads(said or "null")]), flush=True)  # noqa: T201 - the answer


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
        origin = Origin("", "test", "code", dt.datetime(2025, 1, 1, tzinfo=dt.timezone.utc))
        versions.append(ledger.enter([staged], origin)[0].version)
    return versions


if __name__ == "__main__":
    import dataframely  # noqa: F401 - imported once, before the forks
    import deltalake  # noqa: F401
    import duckdb  # noqa: F401
    import narwhals  # noqa: F401
    import polars  # noqa: F401
    import pyarrow  # noqa: F401

    import features.delivery
    import flows.steps  # noqa: F401

    _serve()
