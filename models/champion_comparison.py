"""Champion comparison: a challenger's recipe against the champion, on customers whose leaving neither has learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from features.feature_months import FeatureSet
from features.months import Month
from models import churn
from models.backtest import Backtest
from models.churn import ChurnModel, TooFewLeavers
from models.evaluation import Scored, evaluate, evaluate_slices
from models.registry import Champion
from models.small_cells import COUNTS, hide_small
from models.training_table import LabelledMonth, Labelling, TrainingTable, labelled_month

CHALLENGER, CHAMPION = "challenger", "champion"


def incomparable(champion: Champion, wanted: FeatureSet, horizon: int) -> str:
    """Why the champion cannot score the challenger's rows, or foretells something else; empty when it can."""
    held = {"feature set": champion.facts["feature_set"], "horizon": champion.model.horizon}
    held["gap"] = champion.facts["gap"]
    asked = {"feature set": wanted.id, "horizon": horizon, "gap": wanted.churn.gap}
    other = [f"{name} {held[name]} and not {asked[name]}" for name in asked if held[name] != asked[name]]
    return f"it was trained on {', '.join(other)}" if other else ""


def unseen_by(champion: Champion, months: Sequence[Month]) -> list[Month]:
    """The scoring months of which no leaving was among the champion's training labels.

    They lie a whole window after its last scoring month: the windows of months nearer to each other overlap, and
    the champion would have learned from the very leavers that it is judged by.
    """
    last = Month.parse(champion.facts["scoring_months"][-1])
    return [month for month in months if last.until(month) >= champion.model.horizon]


def compare(
    test: Backtest, labelling: Labelling, table: TrainingTable, champion: Champion, latest: int
) -> dict[str, Any]:
    """Challenger's recipe minus champion on the `latest` scoring months of `table` that the champion never saw.

    In the challenger's place stands its recipe one origin earlier: a model of the challenger's own rows, without
    those whose windows reach into the compared months. So both know as little of these months, and neither is
    fresher only because the other must be kept from them; the recipe's strict test, as of the compared month itself,
    would be `gap + horizon + silent_months - 1` months staler than the champion (on the tariff panel this alone
    cost it 0.025 of AUC, 0.002 to 0.049).

    `months`, `rows`, `customers`, `events`, `metrics` of both, `differences` by metric with intervals over the same
    draws of whole customers, and `slices`; or a `note` that says why there is nothing to compare.
    """
    months = unseen_by(champion, table.scored[-latest:])
    if not months:
        last = champion.facts["scoring_months"][-1]
        return {"note": f"it learned from {last}, and no tested month lies a whole window after that"}
    try:
        earlier = table.up_to(months[0] - labelling.horizon)
        recipe = churn.fit(earlier, labelling.horizon, test.settings, test.threads)
    except TooFewLeavers as reason:
        return {"note": f"without the compared months the recipe cannot be trained: {reason}"}
    truths = [labelled_month(labelling, month) for month in months]
    scored = _scored(truths, {CHALLENGER: recipe, CHAMPION: champion.model}, test.threads)
    found = evaluate(scored, CHALLENGER, test.evaluation)
    return {
        "months": [str(month) for month in months],
        **{count: found[count] for count in COUNTS},
        "metrics": found["metrics"],
        "differences": found["differences"][CHAMPION],
        "slices": dict(_slices(test, scored, truths)),
    }


def _scored(truths: Sequence[LabelledMonth], models: Mapping[str, ChurnModel], threads: int) -> Scored:
    scores = {
        name: np.concatenate([model.predict(model.encoding.matrix(truth.rows), threads) for truth in truths])
        for name, model in models.items()
    }
    churned, customers = (
        np.concatenate([getattr(truth, name) for truth in truths]) for name in ("churned", "customers")
    )
    return Scored(churned, customers, scores)


def _slices(test: Backtest, scored: Scored, truths: Sequence[LabelledMonth]) -> Iterator[tuple[str, Any]]:
    sliced = [truth.slices() for truth in truths]
    for name in sliced[0]:
        parts = evaluate_slices(scored, np.concatenate([part[name] for part in sliced]), CHALLENGER, test.evaluation)
        hide_small(parts, test.evaluation.min_customers_to_report)
        yield (
            name,
            {
                value: {**{count: part[count] for count in COUNTS}, "differences": part["differences"][CHAMPION]}
                for value, part in parts.items()
            },
        )
