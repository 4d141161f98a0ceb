"""Monthly flows: ingest, features, training and the whole month, as Prefect runs them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from prefect import flow, get_run_logger, task

from features import HoldfastError
from features.months import Month
from flows import steps
from flows.crash_report import reported
from flows.workspace import Workspace, open_workspace

T = TypeVar("T")


class StepFailed(HoldfastError):
    """A task of a flow met a problem; its text is the one line that a person needs."""


def _told(home: str, settings: str | None, step: Callable[[Workspace], T]) -> T:
    """Run one step, its progress in Prefect's log; a problem goes on as one line, without what lay in memory.

    Prefect keeps a failed run's exception, and with it every frame and row that its traceback holds; and the
    message of an unforeseen one may quote a row.
    """
    _say_problems_in_one_line()
    try:
        return step(open_workspace(Path(home), Path(settings) if settings else None, get_run_logger().info))
    except HoldfastError as problem:
        message = str(problem)
    except Exception as error:  # noqa: BLE001 - the last resort before Prefect would log a traceback
        message = reported(error)
    raise StepFailed(message)


class _OneLine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HoldfastError):
            record.exc_info = None
        return True


def _say_problems_in_one_line() -> None:
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logger = logging.getLogger(name)
        if not any(isinstance(held, _OneLine) for held in logger.filters):
            logger.addFilter(_OneLine())


@task(name="ingest", task_run_name="ingest {month}")
def ingest_task(home: str, settings: str | None, month: str, source: str | None, extract: str | None) -> int:
    def step(work: Workspace) -> int:
        arrival = steps.Arrival(source, Path(extract) if extract else None, [Month.parse(month)])
        return sum(table.rows for table in steps.ingest(work, arrival))

    return _told(home, settings, step)


@task(name="features", task_run_name="features {month}")
def features_task(home: str, settings: str | None, month: str) -> int:
    return _told(home, settings, lambda work: steps.build_features(work, Month.parse(month))).rows


@task(name="train", task_run_name="train {as_of}")
def train_task(home: str, settings: str | None, as_of: str, horizon: int | None) -> int:
    return _told(home, settings, lambda work: steps.train(work, Month.parse(as_of), horizon)).version


@task(name="score", task_run_name="score {month}")
def score_task(home: str, settings: str | None, month: str) -> int:
    return _told(home, settings, lambda work: steps.score(work, Month.parse(month))).rows


@task(name="list", task_run_name="list {month}")
def list_task(home: str, settings: str | None, month: str) -> dict[str, Any]:
    written = _told(home, settings, lambda work: steps.write_list(work, Month.parse(month)))
    return {"folder": str(written.folder), "listed": written.listed, "scored": written.scored}


@flow(name="ingest-month", flow_run_name="ingest {month}")
def ingest_month(
    month: str, home: str = "var", source: str | None = None, extract: str | None = None, settings: str | None = None
) -> int:
    """Check one month of an operator's extract and put it into the warehouse.

    Args:
        month: Month to deliver, as YYYY-MM.
        home: Folder that holds all state of the operator.
        source: Name of the source mapping; empty for the one that filled the home.
        extract: Folder with the extract files; empty for the one that filled the home.
        settings: TOML file with the settings that differ from the defaults.
    """
    return ingest_task(home, settings, month, source, extract)


@flow(name="build-features", flow_run_name="features {month}")
def build_features(month: str, home: str = "var", settings: str | None = None) -> int:
    """Build the indicators of every scored customer as of a month.

    Args:
        month: Month as of which to build, as YYYY-MM.
        home: Folder that holds all state of the operator.
        settings: TOML file with the settings that differ from the defaults.
    """
    return features_task(home, settings, month)


@flow(name="train-churn", flow_run_name="train as of {as_of}")
def train_churn(as_of: str, horizon: int | None = None, home: str = "var", settings: str | None = None) -> int:
    """Train, test and register the churn propensity; the new version becomes @champion.

    Args:
        as_of: Month after which nothing is seen, as YYYY-MM.
        horizon: Months of the window; empty for the source's first horizon.
        home: Folder that holds all state of the operator.
        settings: TOML file with the settings that differ from the defaults.
    """
    return train_task(home, settings, as_of, horizon)


@flow(name="run-month", flow_run_name="run {month}")
def run_month(
    month: str, home: str = "var", source: str | None = None, extract: str | None = None, settings: str | None = None
) -> dict[str, Any]:
    """The month from extract to warning list: ingest, features, score, list.

    Args:
        month: Month to run, as YYYY-MM.
        home: Folder that holds all state of the operator.
        source: Name of the source mapping; empty for the one that filled the home.
        extract: Folder with the extract files; empty for the one that filled the home.
        settings: TOML file with the settings that differ from the defaults.
    """
    with _told(home, settings, lambda work: work.home.locked(f"run-{Month.parse(month)}", work.say)):
        ingest_task(home, settings, month, source, extract)
        features_task(home, settings, month)
        score_task(home, settings, month)
        return list_task(home, settings, month)
