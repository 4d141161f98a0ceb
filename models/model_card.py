"""Model card: what a churn version is for, how good it was shown to be, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.markdown_tables import interval, table

METRICS = {
    "auc": "AUC",
    "average_precision": "average precision",
    "top_decile_lift": "top-decile lift",
    "brier": "Brier score",
    "calibration_slope": "calibration slope",
    "observed_over_expected": "observed / expected",
}
PURPOSE = """\
It gives every scored customer a calibrated probability of leaving by choice in the window below, so that a retention
team can rank a month's warning list and cut it to what it can call."""
LIMITS = """\
- It says who is likely to leave, not who can be kept: only a holdout shows what contacting changes.
- It was learned from one operator's months. After a change of tariffs, definitions or deliveries, look at the
  monitoring's drift report before believing it.
- Who leaves by force (debt, fraud) is not foretold, and a customer with less history is known less well.
- Intervals draw whole customers of the tested months; a change that comes after these months is not in them."""
BARRED = """\
- Refusing or worsening service, pricing by person, credit or employment decisions.
- Ethnicity, and anything that stands for it, is barred as an indicator and as a slice of action: it is not in the
  feature catalogue. Care for festivals is decided elsewhere and never by this score.
- Any decision about one person without a human: the score orders a list that a person works through.
- Contacting customers whom a running campaign withholds; their being left alone is what proves the effect."""


def model_card(facts: Mapping[str, Any], test: Mapping[str, Any], columns: int) -> str:
    """The card in Markdown; `test` is the report of the recipe's out-of-time test, `columns` counts indicators."""
    return "\n".join(
        [
            f"# Churn propensity as of {facts['as_of']}",
            "",
            "## What it is for",
            "",
            PURPOSE,
            "",
            f"Window: {facts['horizon']} month(s), starting {facts['gap'] + 1} month(s) after the scoring month.",
            "",
            "## What it learned from",
            "",
            *_learned(facts, columns),
            "",
            "## How good the recipe was shown to be",
            "",
            *_figures(test),
            "",
            "## Limits",
            "",
            LIMITS,
            "",
            "## What it must not be used for",
            "",
            BARRED,
            "",
        ]
    )


def _learned(facts: Mapping[str, Any], columns: int) -> list[str]:
    months = facts["scoring_months"]
    learned = (
        f"{facts['leavers']:,} leavers in {facts['rows']:,} rows of {facts['customers']:,} customers, scoring months "
        f"{months[0]} to {months[-1]}, {columns} indicators (feature set {facts['feature_set']}, code {facts['code']})."
    )
    return [learned, "", f"Note: {facts['note']}."] if facts["note"] else [learned]


def _figures(test: Mapping[str, Any]) -> Iterator[str]:
    """One table per horizon: the model beside what simpler means found in the same rows."""
    if not test.get("pooled"):
        yield from test["notes"]
        return
    yield f"The same recipe, trained one origin earlier; {test['design']}. 95 % intervals over whole customers."
    for horizon, scores in test["pooled"].items():
        counts = test["counts"][horizon]
        yield ""
        yield (
            f"{', '.join(test['months'])}, {horizon.replace('_', ' ')}: {counts['rows']:,} rows, "
            f"{counts['customers']:,} customers, {counts['events']:,} leavers."
        )
        yield ""
        rows = [[title, *(interval(found[metric]) for found in scores.values())] for metric, title in METRICS.items()]
        yield from table(["", *(name.replace("_", " ") for name in scores)], rows)
        gains = test["differences"][horizon]
        told = ", ".join(f"{name.replace('_', ' ')} {interval(gain['auc'], '+.3f')}" for name, gain in gains.items())
        yield ""
        yield f"AUC of the model minus that of each baseline (paired): {told}."
