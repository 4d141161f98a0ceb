"""Backtest: what the model would have said month by month, judged by what came later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.feature_months import FeatureSet
from features.labels import ImmatureLabels
from features.month_ledger import MonthLedger
from features.months import Month
from models import ModelsError, churn
from models.baselines import BASELINES, BaselineSettings, Predictor
from models.churn import ChurnModel, ChurnSettings, TooFewLeavers
from models.evaluation import EvaluationSettings, Scored, evaluate, evaluate_slices
from models.screener import Screened, Screener
from models.training_table import (
    LabelledMonth,
    Labelling,
    TrainingTable,
    labelled_month,
    mature_months,
    stack,
    unusable,
)

MODEL = "model"
OUT_OF_TIME = "out of time: every month is scored by a model that saw only labels mature by then"
NOT_OUT_OF_TIME = "customer-grouped cross-validation within one snapshot, not out of time"

Scores = Mapping[str, NDArray[np.float64]]


class NothingJudged(ModelsError):
    """Not one of the months that were asked for could be judged."""


@dataclass(frozen=True)
class Backtest:
    """What a backtest needs beside its months: where the tables are, what is fitted, how it is judged."""

    ledger: MonthLedger
    feature_set_at: Callable[[Month], FeatureSet]
    settings: ChurnSettings
    evaluation: EvaluationSettings
    threads: int
    now: dt.datetime
    progress: Callable[[str], None]
    latest: Month | None = None
    screener: Screener | None = None

    def judged_by(self) -> Month:
        """The month up to which outcomes are known: `latest`, or the last one on hand."""
        held = self.ledger.months("customers")
        if not held:
            raise NothingJudged("no month of customers is on hand; run holdfast ingest first")
        return self.latest or held[-1]

    def labelling(self, wanted: FeatureSet, horizon: int, as_of: Month) -> Labelling:
        return Labelling(self.ledger, wanted, horizon, as_of, self.settings.max_rows, self.now, self.progress)

    def screened(self, wanted: FeatureSet, months: Sequence[Month], as_of: Month) -> Screened | None:
        """The screening that a training as of a month on these scoring months rests on; None where none is asked."""
        return self.screener.screened(wanted, months, as_of) if self.screener else None

    def kept(self, wanted: FeatureSet, months: Sequence[Month], as_of: Month) -> tuple[str, ...] | None:
        """The indicators that such a training learns from; None for all."""
        screened = self.screened(wanted, months, as_of)
        return None if screened is None else screened.screening.kept


@dataclass
class _Judged:
    """Scored rows of one or more months, ready to be stacked."""

    churned: list[NDArray[np.bool_]] = field(default_factory=list)
    customers: list[NDArray[Any]] = field(default_factory=list)
    months: list[NDArray[Any]] = field(default_factory=list)
    unseen: list[NDArray[np.bool_]] = field(default_factory=list)
    slices: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    scores: list[Scores] = field(default_factory=list)

    def add(self, month: LabelledMonth, scores: Scores, unseen: NDArray[np.bool_]) -> None:
        self.churned.append(month.churned)
        self.customers.append(month.customers)
        self.months.append(np.full(len(month.churned), str(month.month)))
        self.unseen.append(unseen)
        self.slices.append(month.slices())
        self.scores.append(scores)

    def stacked(self) -> Scored:
        _, codes = np.unique(np.concatenate(self.customers), return_inverse=True)
        names = self.scores[0]
        scores = {name: np.concatenate([part[name] for part in self.scores]) for name in names}
        return Scored(np.concatenate(self.churned), codes, scores)

    def kept(self) -> JudgedRows:
        slices = {name: np.concatenate([part[name] for part in self.slices]) for name in self.slices[0]}
        return JudgedRows(self.stacked(), np.concatenate(self.months), slices)


@dataclass(frozen=True)
class JudgedRows:
    """The rows that were judged at one horizon: outcome and scores, scoring month and slices of each, shape (n,)."""

    scored: Scored
    months: NDArray[Any]
    slices: Mapping[str, NDArray[Any]]


def run_backtest(test: Backtest, months: Sequence[Month], horizons: Sequence[int]) -> dict[str, Any]:
    """Score every month with a model trained as of that month, for each horizon; metrics with intervals.

    Keys: `pooled.horizon_<h>.<model or baseline>.<metric>.{value,low,high}`, `months.<month>` in the same
    shape, `differences` (model minus baseline, paired), `slices`, `unseen` (customers that training never
    saw), `counts` and `notes`. A month whose labels are not mature yet, or that had too little to learn from,
    is left out and named in `notes`; NothingJudged when every one is.
    """
    return judge(test, months, horizons)[0]


def judge(
    test: Backtest, months: Sequence[Month], horizons: Sequence[int]
) -> tuple[dict[str, Any], dict[int, JudgedRows]]:
    """The report of `run_backtest`, and by horizon the rows behind it."""
    kept: dict[int, JudgedRows] = {}
    report: dict[str, Any] = {key: {} for key in ("pooled", "differences", "slices", "unseen", "counts", "months")}
    report |= {"design": OUT_OF_TIME, "notes": []}
    for horizon in horizons:
        judged = _Judged()
        for month in months:
            try:
                judged.add(*_judge_month(test, month, horizon, report))
            except (ImmatureLabels, TooFewLeavers) as reason:
                report["notes"].append(f"{month} left out: {reason}")
        if judged.churned:
            test.progress(f"horizon {horizon}: intervals from {test.evaluation.replicates} bootstrap replicates")
            _report(report, f"horizon_{horizon}", judged, test.evaluation)
            kept[horizon] = judged.kept()
    if not report["pooled"]:
        raise NothingJudged("no month could be judged: " + "; ".join(report["notes"]))
    return report, kept


def _judge_month(
    test: Backtest, month: Month, horizon: int, report: dict[str, Any]
) -> tuple[LabelledMonth, Scores, NDArray[np.bool_]]:
    """The month, its scores by models of its time, and which of its customers those models never saw."""
    wanted = test.feature_set_at(month)
    labelling = test.labelling(wanted, horizon, test.judged_by())
    reason = unusable(labelling, month)
    if reason:
        raise ImmatureLabels(reason)
    if wanted.churn.given:
        report["design"] = NOT_OUT_OF_TIME
        snapshot = labelled_month(labelling, month)
        table = stack([snapshot], wanted, test.kept(wanted, [month], month))
        scores = _cross_validated(table, horizon, test)
        return snapshot, scores, np.ones(len(snapshot.churned), dtype=bool)
    table = training_table(test, month, horizon, wanted)
    test.progress(f"{month}, horizon {horizon}: {len(table.churned):,} rows of {len(table.scored)} months")
    model = churn.fit(table, horizon, test.settings, test.threads)
    if model.note:
        report["notes"].append(f"{month} at horizon {horizon}: {model.note}")
    truth = labelled_month(labelling, month)
    scores = _scores(model, _fit_baselines(table, test), truth, test.threads)
    return truth, scores, ~np.isin(truth.customers, np.unique(table.customers))


def training_table(test: Backtest, as_of: Month, horizon: int, wanted: FeatureSet) -> TrainingTable:
    """All scoring months whose labels were mature at the close of `as_of`, stacked; ImmatureLabels when none were."""
    labelling = test.labelling(wanted, horizon, as_of)
    months = mature_months(labelling)
    labelled = [labelled_month(labelling, month) for month in months]
    return stack(labelled, wanted, test.kept(wanted, months, as_of))


def _fit_baselines(table: TrainingTable, test: Backtest) -> dict[str, Predictor]:
    names, categorical = list(table.encoding.columns), table.encoding.categorical
    settings = BaselineSettings(test.settings.seed, test.threads)
    return {name: fit(table.matrix, names, table.churned, categorical, settings) for name, fit in BASELINES.items()}


def _scores(model: ChurnModel, baselines: Mapping[str, Predictor], truth: LabelledMonth, threads: int) -> Scores:
    matrix = model.encoding.matrix(truth.rows)
    return {MODEL: model.predict(matrix, threads), **{name: predict(matrix) for name, predict in baselines.items()}}


def _cross_validated(table: TrainingTable, horizon: int, test: Backtest) -> Scores:
    """Scores of every row from models that never saw its customer: all that a single snapshot can tell."""
    from sklearn.model_selection import StratifiedGroupKFold

    scores: dict[str, NDArray[np.float64]] = {name: np.empty(len(table.churned)) for name in (MODEL, *BASELINES)}
    folds = StratifiedGroupKFold(test.settings.folds, shuffle=True, random_state=test.settings.seed)
    for fold, (train, held_out) in enumerate(folds.split(table.matrix, table.churned, table.customers), start=1):
        test.progress(f"horizon {horizon}: fold {fold} of {test.settings.folds}")
        part = table.rows(train)
        model = churn.fit(part, horizon, test.settings, test.threads)
        scores[MODEL][held_out] = model.predict(table.matrix[held_out], test.threads)
        for name, predict in _fit_baselines(part, test).items():
            scores[name][held_out] = predict(table.matrix[held_out])
    return scores


def _report(report: dict[str, Any], horizon: str, judged: _Judged, settings: EvaluationSettings) -> None:
    scored = judged.stacked()
    pooled = evaluate(scored, MODEL, settings)
    report["pooled"][horizon] = pooled["metrics"]
    report["differences"][horizon] = pooled["differences"]
    report["counts"][horizon] = {key: pooled[key] for key in ("rows", "customers", "events")}
    report["slices"][horizon] = {
        name: evaluate_slices(scored, np.concatenate([part[name] for part in judged.slices]), MODEL, settings)
        for name in judged.slices[0]
    }
    report["unseen"][horizon] = evaluate(scored.only(np.concatenate(judged.unseen)), MODEL, settings)
    for month, evaluated in evaluate_slices(scored, np.concatenate(judged.months), MODEL, settings).items():
        report["months"].setdefault(month, {})[horizon] = evaluated["metrics"] | {
            "counts": {key: evaluated[key] for key in ("rows", "customers", "events")}
        }
