"""Backtest: what the model would have said month by month, judged by what came later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.feature_months import FeatureSet
from features.month_ledger import MonthLedger
from features.months import Month
from models import ModelsError, churn
from models.baselines import BASELINES, BaselineSettings
from models.churn import ChurnModel, ChurnSettings
from models.evaluation import EvaluationSettings, Scored, evaluate, evaluate_slices
from models.training_table import LabelledMonth, TrainingTable, labelled_month, mature_months, stack

MODEL = "model"
OUT_OF_TIME = "out of time: every month is scored by a model that saw only labels mature by then"
NOT_OUT_OF_TIME = "customer-grouped cross-validation within one snapshot, not out of time"

Scores = Mapping[str, NDArray[np.float64]]


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

    def judged_by(self) -> Month:
        """The month up to which outcomes are known: `latest`, or the last one on hand."""
        return self.latest or self.ledger.months("customers")[-1]


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


def run_backtest(test: Backtest, months: Sequence[Month], horizons: Sequence[int]) -> dict[str, Any]:
    """Score every month with a model trained as of that month, for each horizon; metrics with intervals.

    Keys: `pooled.horizon_<h>.<model or baseline>.<metric>.{value,low,high}`, `months.<month>` in the same
    shape, `differences` (model minus baseline, paired), `slices`, `unseen` (customers that training never
    saw), `counts` and `notes`. A month whose labels are not mature yet is left out and named in `notes`.
    """
    report: dict[str, Any] = {key: {} for key in ("pooled", "differences", "slices", "unseen", "counts", "months")}
    report |= {"design": OUT_OF_TIME, "notes": []}
    for horizon in horizons:
        judged = _Judged()
        for month in months:
            for part in _judge_month(test, month, horizon, report):
                judged.add(*part)
        if judged.churned:
            test.progress(f"horizon {horizon}: intervals from {test.evaluation.replicates} bootstrap replicates")
            _report(report, f"horizon_{horizon}", judged, test.evaluation)
    if not report["pooled"]:
        raise ModelsError("backtest: no month could be judged: " + "; ".join(report["notes"]))
    return report


def _judge_month(
    test: Backtest, month: Month, horizon: int, report: dict[str, Any]
) -> Iterator[tuple[LabelledMonth, Scores, NDArray[np.bool_]]]:
    """The month scored by models of its time; nothing, and a note, where that is not possible."""
    wanted = test.feature_set_at(month)
    latest = test.judged_by()
    if wanted.churn.given:
        report["design"] = NOT_OUT_OF_TIME
        truth = labelled_month(test.ledger, month, horizon, wanted, month, test.settings.max_rows, test.now)
        yield truth, _cross_validated(stack([truth], wanted), horizon, test), np.ones(len(truth.churned), dtype=bool)
        return
    if wanted.churn.matures(month, horizon) > latest:
        report["notes"].append(
            f"{month} at horizon {horizon} left out: its labels mature with {wanted.churn.matures(month, horizon)}, "
            f"the data end with {latest}"
        )
        return
    table = training_table(test, month, horizon, wanted)
    test.progress(f"{month}, horizon {horizon}: {len(table.churned):,} rows of {len(table.scored)} months to learn from")
    model = churn.fit(table, horizon, test.settings, test.threads)
    if model.note and model.note not in report["notes"]:
        report["notes"].append(f"{month}: {model.note}")
    truth = labelled_month(test.ledger, month, horizon, wanted, latest, test.settings.max_rows, test.now)
    scores = _scores(model, _fit_baselines(table, test), truth)
    yield truth, scores, ~np.isin(truth.customers, np.unique(table.customers))


def training_table(test: Backtest, as_of: Month, horizon: int, wanted: FeatureSet) -> TrainingTable:
    """All scoring months whose labels were mature at the close of `as_of`, stacked."""
    months = mature_months(test.ledger, horizon, wanted, as_of)
    rows = [
        labelled_month(test.ledger, month, horizon, wanted, as_of, test.settings.max_rows, test.now) for month in months
    ]
    return stack(rows, wanted)


def _fit_baselines(table: TrainingTable, test: Backtest) -> dict[str, Any]:
    names, categorical = list(table.encoding.columns), table.encoding.categorical
    settings = BaselineSettings(test.settings.seed, test.threads)
    return {
        name: fit(table.matrix, names, table.churned, categorical, settings)
        for name, fit in BASELINES.items()
    }


def _scores(model: ChurnModel, baselines: Mapping[str, Any], truth: LabelledMonth) -> Scores:
    matrix = model.encoding.matrix(truth.rows)
    return {MODEL: model.predict(matrix), **{name: predict(matrix) for name, predict in baselines.items()}}


def _cross_validated(table: TrainingTable, horizon: int, test: Backtest) -> Scores:
    """Scores of every row from models that never saw its customer: all that a single snapshot can tell."""
    from sklearn.model_selection import StratifiedGroupKFold

    scores: dict[str, NDArray[np.float64]] = {name: np.empty(len(table.churned)) for name in (MODEL, *BASELINES)}
    folds = StratifiedGroupKFold(test.settings.folds, shuffle=True, random_state=test.settings.seed)
    for fold, (train, held_out) in enumerate(folds.split(table.matrix, table.churned, table.customers), start=1):
        test.progress(f"horizon {horizon}: fold {fold} of {test.settings.folds}")
        part = table.rows(train)
        model = churn.fit(part, horizon, test.settings, test.threads)
        scores[MODEL][held_out] = model.predict(table.matrix[held_out])
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
