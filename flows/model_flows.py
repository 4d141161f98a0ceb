"""Model flows: screening indicators, training churn and segments, promoting a version, as Prefect runs them."""

from __future__ import annotations

from typing import Any

from prefect import flow, task

from features.months import Month
from flows import artifacts, model_steps, screening_steps, segment_steps
from flows.flow_parameters import Horizon, ModelName, MonthText, Reason, Version
from flows.flow_run import WRITING, home_of_run, told
from flows.workspace import Workspace
from models.registry import CHURN, SCREENING, SEGMENTS


@task(name="train churn", task_run_name="train churn {as_of}", **WRITING)
def train_churn_task(as_of: str, horizon: int | None) -> dict[str, Any]:
    def step(work: Workspace) -> dict[str, Any]:
        trained = model_steps.train(work, Month.parse(as_of), horizon)
        decided = {"decision": trained.decision.action, "reason": trained.decision.reason, "champion": trained.champion}
        shown = artifacts.show_training(work.home, CHURN, Month.parse(as_of), trained.version, decided)
        return {**shown, "test": artifacts.plain(trained.test)}

    return told(step)


@task(name="train segments", task_run_name="train segments {as_of}", **WRITING)
def train_segments_task(as_of: str) -> dict[str, Any]:
    def step(work: Workspace) -> dict[str, Any]:
        trained = segment_steps.train_segments(work, Month.parse(as_of))
        return artifacts.show_training(work.home, SEGMENTS, Month.parse(as_of), trained.version, {})

    return told(step)


@task(name="screen indicators", task_run_name="screen indicators {as_of}", **WRITING)
def screen_indicators_task(as_of: str) -> dict[str, Any]:
    def step(work: Workspace) -> dict[str, Any]:
        from models.screening_training import metrics

        trained = screening_steps.screen(work, Month.parse(as_of))
        found = metrics(trained.evidence)
        return artifacts.show_training(work.home, SCREENING, Month.parse(as_of), trained.version, found)

    return told(step)


@flow(name="screen-indicators", flow_run_name="screen indicators as of {as_of}")
def screen_indicators(as_of: MonthText) -> dict[str, Any]:
    """Find which indicators hardly vary or say what another says; trainings from that month on leave them out.

    Args:
        as_of: Month after which nothing is seen, as YYYY-MM.
    """
    with home_of_run():
        return screen_indicators_task(as_of)


@flow(name="train-churn", flow_run_name="train churn as of {as_of}")
def train_churn(as_of: MonthText, horizon: Horizon = None) -> dict[str, Any]:
    """Train, test and register the churn propensity; the gate decides whether it becomes @champion.

    Args:
        as_of: Month after which nothing is seen, as YYYY-MM.
        horizon: Months of the window; empty for the source's first horizon.
    """
    with home_of_run():
        return train_churn_task(as_of, horizon)


@flow(name="train-segments", flow_run_name="train segments as of {as_of}")
def train_segments(as_of: MonthText) -> dict[str, Any]:
    """Find the segments of each brand's customers and register them.

    Args:
        as_of: Month after which nothing is seen, as YYYY-MM.
    """
    with home_of_run():
        return train_segments_task(as_of)


@flow(name="promote-model", flow_run_name="{model} to version {version}")
def promote_model(model: ModelName, version: Version, reason: Reason) -> dict[str, Any]:
    """Make a version @champion, a newer one or, to roll back, an older one; written into the promotion ledger.

    Args:
        model: Registered model.
        version: Version as MLflow counts it.
        reason: Why, for the ledger; no customer in it.
    """
    with home_of_run():
        return promote_task(model, version, reason)


@task(name="promote", task_run_name="promote {model} {version}", **WRITING)
def promote_task(model: str, version: int, reason: str) -> dict[str, Any]:
    return artifacts.plain(told(lambda work: model_steps.promote(work, model, version, reason)))
