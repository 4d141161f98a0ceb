"""Runs in processes of their own, which can be killed or started together; each is forked from one that is warm.

Called as a program with the packages to import, it reads groups of jobs from stdin, one a line, runs the jobs of a
group together and prints how each ended. Forking is safe as long as nothing but importing happened before, because
only then has no library started threads that the fork would lack.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.watched_process import Watched, fork_watched

CHECKOUT = Path(__file__).resolve().parents[2]
INGEST = ("deltalake", "duckdb", "features.delivery", "flows.steps", "narwhals._polars.namespace", "pydantic")
"""What a process imports before it forks ingests."""
MONTH = (
    *(*INGEST, "features.sources", "flows.campaign_steps", "flows.list_steps", "flows.model_steps", "flows.provenance"),
    *(
        "flows.monitor_steps",
        "lightgbm",
        "matplotlib.figure",
        "mlflow.pyfunc",
        "mlflow.store.tracking.sqlalchemy_store",
    ),
    *("mlflow.store.model_registry.sqlalchemy_store", "models.training", "serving.campaign_draw", "serving.list_files"),
    *("serving.monitoring.drift", "serving.monitoring.monitored_month"),
)
"""And before it forks whole months and trainings."""


@dataclass(frozen=True)
class Job:
    """One of the functions below by name, with what it is given, in a home.

    It is killed instead of making its `kill_at`-th rename, sync or removal in the home, the first being 1; 0 only
    counts them. Where `start` is given, the home is made anew as a copy of that folder first.
    """

    task: str
    home: str
    given: dict[str, Any] = field(default_factory=dict)
    kill_at: int | None = None
    start: str = ""


@dataclass(frozen=True)
class Ended:
    """How a job ended: its exit code, negative for the signal that killed it, what it returned, which calls it made."""

    code: int
    result: Any
    calls: list[str]

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


Runner = Callable[[Sequence[Job]], list[Ended]]


@contextlib.contextmanager
def warm(packages: Sequence[str] = INGEST) -> Iterator[Runner]:
    """A process that has imported `packages` and runs groups of jobs, those of a group at once."""
    command = [sys.executable, "-m", "tests.acceptance.runs_apart", *packages]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        asking, answering = process.stdin, process.stdout

        def run(jobs: Sequence[Job]) -> list[Ended]:
            asking.write(json.dumps([asdict(job) for job in jobs]) + "\n")
            asking.flush()
            ended = [Ended(*told) for told in json.loads(answering.readline())]
            assert {run.code for run in ended} <= {0, -signal.SIGKILL}, [(run.code, run.calls[-1:]) for run in ended]
            return ended

        yield run
        asking.close()


def _serve(packages: Sequence[str]) -> None:
    for package in packages:
        importlib.import_module(package)
    for line in sys.stdin:
        running = [_started(Job(**job)) for job in json.loads(line)]
        sys.stdout.write(json.dumps([_ended(one) for one in running]) + "\n")
        sys.stdout.flush()


def _started(job: Job) -> Watched:
    if job.start:
        shutil.rmtree(job.home, ignore_errors=True)
        shutil.copytree(job.start, job.home)
    task = TASKS[job.task]
    return fork_watched(lambda: json.dumps(task(Path(job.home), **job.given)).encode(), Path(job.home), job.kill_at)


def _ended(running: Watched) -> list[Any]:
    said = running.until_end()
    code = os.waitstatus_to_exitcode(os.waitpid(running.process, 0)[1])
    return [code, json.loads(said or "null"), running.calls]


def _ingest(home: Path, source: str, folder: str, settings: str = "", months: Sequence[str] = ()) -> list[list[Any]]:
    from features.months import Month
    from flows import steps
    from flows.workspace import open_workspace

    work = open_workspace(home, Path(settings) if settings else None, lambda message: None)
    delivered = steps.ingest(
        work, steps.Arrival(source, Path(folder), [Month.parse(month) for month in months] or None)
    )
    return [[table.table, str(table.month), table.outcome] for table in delivered]


def _enter_months(home: Path, months: Sequence[str]) -> list[int]:
    """Enter one month after the other of table `drawn`, each with one row that names it; their versions."""
    import datetime as dt

    import pyarrow as pa

    from features.engine import from_arrow
    from features.month_ledger import MonthLedger, Origin
    from features.months import Month
    from features.warehouse import Warehouse

    ledger = MonthLedger(Warehouse(home / "tables"))
    versions = []
    for month in map(Month.parse, months):
        rows = from_arrow(pa.table({"customer_id": [str(month)]}))
        staged = ledger.warehouse.stage_month("drawn", month, [(0, rows)])
        origin = Origin("", "test", "code", dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
        versions.append(ledger.enter([staged], origin)[0].version)
    return versions


def _run_month(home: Path, settings: str, folder: str, month: str, campaign: str) -> int:
    """The steps of flows.monthly_flows.run_month under its lock, without Prefect; how many table months were entered.

    The campaign is drawn as there, before the list that leaves out whom it withholds.
    """
    from features.months import Month
    from flows import campaign_steps, list_steps, monitor_steps, steps
    from flows.workspace import open_workspace

    work, wanted = open_workspace(home, Path(settings), lambda message: None), Month.parse(month)
    with work.home.locked(f"run-{month}"):
        before = len(work.ledger.entries())
        steps.ingest(work, steps.Arrival(folder=Path(folder), months=[wanted]))
        steps.build_features(work, wanted)
        list_steps.score(work, wanted)
        campaign_steps.draw(work, wanted, campaign)
        list_steps.write_list(work, wanted)
        monitor_steps.monitor(work, wanted)
        return len(work.ledger.entries()) - before


def _train(home: Path, settings: str, as_of: str) -> int:
    from features.months import Month
    from flows import model_steps
    from flows.workspace import open_workspace

    work = open_workspace(home, Path(settings), lambda message: None)
    return model_steps.train(work, Month.parse(as_of)).version


TASKS: dict[str, Callable[..., Any]] = {
    "ingest": _ingest,
    "enter months": _enter_months,
    "run month": _run_month,
    "train": _train,
}

if __name__ == "__main__":
    _serve(sys.argv[1:])
