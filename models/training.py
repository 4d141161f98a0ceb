"""Training: a churn model as of a month, tested on the latest month it could have been tested on, and registered."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from features.feature_months import FeatureSet
from features.months import Month
from models import ModelsError, churn
from models.backtest import Backtest, NothingJudged, run_backtest, training_table
from models.churn import ChurnModel
from models.evaluation import METRICS
from models.registry import CHURN, ModelRecord, Registry, fingerprint
from models.training_table import usable_months

MODEL_CODE = Path(__file__).with_name("churn_model.py")


@dataclass(frozen=True)
class Trained:
    """The registered version, the model itself, what it learned from and how the same recipe did before."""

    version: int
    model: ChurnModel
    learned_from: dict[str, Any]
    test: dict[str, Any]


def train(test: Backtest, as_of: Month, horizon: int, registry: Registry) -> Trained:
    """Fit on every scoring month mature by `as_of`, and register the model.

    The test is the same recipe one origin earlier: a model trained as of the latest mature scoring month,
    judged on that month. So the shipped model can use the freshest labels, and the test stays out of time.
    """
    if test.ledger.known("customers", as_of, as_of) is None:
        raise ModelsError(f"train: customers of {as_of} were not on hand at its close; take a month that was ingested")
    wanted = test.feature_set_at(as_of)
    table = training_table(test, as_of, horizon, wanted)
    test.progress(f"as of {as_of}: {len(table.churned):,} rows of {len(table.scored)} months to learn from")
    model = churn.fit(table, horizon, test.settings, test.threads)
    judged = _judged_on_latest(test, as_of, horizon, wanted)
    learned_from = churn.trained_on(table)
    facts = {
        "as_of": str(as_of),
        "horizon": horizon,
        "gap": wanted.churn.gap,
        "feature_set": wanted.id,
        "custom": [asdict(name) for name in wanted.custom],
        "code": wanted.code,
        "note": model.note,
        **learned_from,
    }
    decided_by = fingerprint({"files": model.files(), "facts": facts, "settings": asdict(test.settings)})
    record = ModelRecord(
        name=CHURN,
        run_name=f"as-of {as_of}, horizon {horizon}",
        fingerprint=decided_by,
        files=model.files(),
        code=MODEL_CODE,
        signature=model.encoding.kinds(),
        output=("probability", "double"),
        facts=facts,
        parameters={**asdict(test.settings), "as_of": str(as_of), "horizon": horizon, "rounds": model.rounds},
        metrics=flat_metrics(judged),
        tables={"test.json": judged, "trained_on.json": learned_from},
        requirements=("mlflow", "lightgbm", "numpy", "pandas"),
    )
    return Trained(registry.register(record), model, learned_from, judged)


def _judged_on_latest(test: Backtest, as_of: Month, horizon: int, wanted: FeatureSet) -> dict[str, Any]:
    """The recipe's own test, or why there is none."""
    latest = usable_months(test.labelling(wanted, horizon, as_of))[-1]
    try:
        return run_backtest(replace(test, latest=as_of), [latest], [horizon])
    except NothingJudged as reason:
        return {"notes": [f"not tested out of time: {reason}"]}


def flat_metrics(report: dict[str, Any]) -> dict[str, float]:
    """`model` and baselines of a backtest as MLflow metrics, names like `horizon_1.model.auc`."""
    return {
        f"{horizon}.{name}.{metric}{'' if part == 'value' else '.' + part}": figure[part]
        for horizon, scores in report.get("pooled", {}).items()
        for name in scores
        for metric in METRICS
        if (figure := scores[name][metric])["value"] is not None
        for part in ("value", "low", "high")
        if figure.get(part) is not None
    }
