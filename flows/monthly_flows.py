"""Monthly flows: ingest, features, training and the whole month, as Prefect runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task

from features.months import Month
from flows import steps
from flows.workspace import Workspace, open_workspace


def _open(home: str, settings: str | None) -> Workspace:
    logger = get_run_logger()
    return open_workspace(Path(home), Path(settings) if settings else None, logger.info)


@task(name="ingest", task_run_name="ingest {month}")
def ingest_task(home: str, settings: str | None, month: str, source: str | None, extract: str | None) -> int:
    work = _open(home, settings)
    folder = Path(extract) if extract else None
    return sum(table.rows for table in steps.ingest(work, source, folder, [Month.parse(month)]))


@task(name="features", task_run_name="features {month}")
def features_task(home: str, settings: str | None, month: str) -> int:
    return steps.build_features(_open(home, settings), Month.parse(month)).rows


@task(name="train", task_run_name="train {as_of}")
def train_task(home: str, settings: str | None, as_of: str, horizon: int | None) -> int:
    return steps.train(_open(home, settings), Month.parse(as_of), horizon).version


@task(name="score", task_run_name="score {month}")
def score_task(home: str, settings: str | None, month: str) -> int:
    return steps.score(_open(home, settings), Month.parse(month)).rows


@task(name="list", task_run_name="list {month}")
def list_task(home: str, settings: str | None, month: str) -> dict[str, Any]:
    written = steps.write_list(_open(home, settings), Month.parse(month))
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
    ingest_task(home, settings, month, source, extract)
    features_task(home, settings, month)
    score_task(home, settings, month)
    return list_task(home, settings, month)
