"""Model steps: train, judge and promote, from a workspace to a result that can be told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.months import Month
from flows.settings import INFRA
from flows.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from models.backtest import Backtest
    from models.promotion_ledger import Decision, PromotionLedger
    from models.screener import Screener
    from models.training import Trained

TRAINING = "training"
"""Name of the lock that whoever trains or moves an alias holds."""

BUSINESS_LIST = INFRA / "settings" / "business_indicators.toml"


def train(work: Workspace, as_of: Month, horizon: int | None = None) -> Trained:
    """Fit, test and register the churn propensity as of a month; the gate decides whether it becomes @champion."""
    from flows.provenance import made_by
    from models.training import Training
    from models.training import train as train_model

    horizon, settings = _horizon(work, horizon), work.settings
    with work.home.locked(TRAINING, work.say):
        training = Training(backtest_setup(work), work.registry, settings.promotion, settings.lists.size, made_by())
        return train_model(training, as_of, horizon)


def backtest(work: Workspace, months: Sequence[Month], horizons: Sequence[int] | None = None) -> dict[str, Any]:
    """Judge the model and its baselines month by month; the report is logged in MLflow too."""
    from models.backtest import run_backtest
    from models.small_cells import without_small_cells
    from models.training import flat_metrics

    asked = [_horizon(work, horizon) for horizon in horizons or work.source().churn.horizons]
    with work.home.locked(TRAINING, work.say):
        report = run_backtest(backtest_setup(work), months, asked)
        logged = without_small_cells(report, work.settings.evaluation.min_customers_to_report)
        work.registry.log_report(f"{months[0]} to {months[-1]}", flat_metrics(logged), logged)
    return report


def promote(work: Workspace, model: str, version: int, reason: str = "") -> Decision:
    """Make a version @champion by a person's word, a newer one or, to roll back, an older one."""
    import getpass

    work.refuse_empty()
    with work.home.locked(TRAINING, work.say):
        return _ledger(work).promote(model, version, getpass.getuser(), reason or "by hand")


def promotions(work: Workspace, model: str | None = None) -> list[Decision]:
    """Every decision about champions, oldest first."""
    work.refuse_empty()
    return _ledger(work).decisions(model)


def _ledger(work: Workspace) -> PromotionLedger:
    from models.promotion_ledger import PromotionLedger

    return PromotionLedger(work.ledger, work.registry, work.now)


def backtest_setup(work: Workspace) -> Backtest:
    """What training and backtest need, from the workspace."""
    from features.feature_months import feature_set_at
    from models.backtest import Backtest

    churn = work.source().churn
    return Backtest(
        work.ledger,
        lambda month: feature_set_at(work.ledger, month, churn, work.code),
        work.settings.churn,
        work.settings.evaluation,
        work.settings.engine.cores,
        work.now,
        work.say,
        screener=screener(work) if work.settings.screening.train_on == "kept" else None,
    )


def screener(work: Workspace) -> Screener:
    """What finds the screening that a training may see, or makes one by the settings and the business list."""
    from models.business_list import read_business_list
    from models.screener import Screener, current_screening

    settings = work.settings.screening
    file = Path(settings.business_file) if settings.business_file else BUSINESS_LIST
    return Screener(work.ledger, settings, read_business_list(file), work.now, current_screening(work.registry))


def _horizon(work: Workspace, asked: int | None) -> int:
    horizons = work.source().churn.horizons
    if asked is not None and asked not in horizons:
        raise WorkspaceError(
            f"horizon {asked} is not one of the source's horizons {', '.join(map(str, horizons))}; "
            f"add it to churn.horizons in source.toml"
        )
    return asked or horizons[0]
