"""Champion changes: what is different between a challenger and the champion, in data, features, slices and lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.feature_months import FeatureSet, build_feature_month
from features.months import Month
from models.backtest import Backtest
from models.champion_comparison import CHALLENGER, CHAMPION
from models.churn import ChurnModel
from models.drift_reference import gain_shares
from models.markdown_tables import interval, table

SHOWN = 20
Facts = Mapping[str, Any]


def data_changes(champion: Facts, challenger: Facts) -> dict[str, dict[str, Any]]:
    """Months, rows and leavers that each learned from."""
    return {CHAMPION: _learned(champion), CHALLENGER: _learned(challenger)}


def _learned(facts: Facts) -> dict[str, Any]:
    months = facts["scoring_months"]
    return {
        "as of": facts["as_of"],
        "months": f"{months[0]} to {months[-1]} ({len(months)})",
        "rows": facts["rows"],
        "customers": facts["customers"],
        "leavers": facts["leavers"],
        "leaver share": facts["leavers"] / facts["rows"],
    }


def feature_changes(champion: ChurnModel, challenger: ChurnModel) -> dict[str, Any]:
    """Columns that came and went, and places by gain of the strongest columns of either; None where not used."""
    before, after = gain_shares(champion), gain_shares(challenger)
    places = {CHAMPION: _places(before), CHALLENGER: _places(after)}
    strong = {name for place in places.values() for name, at in place.items() if at <= SHOWN}
    ranks = [
        {
            "indicator": name,
            "champion place": places[CHAMPION].get(name),
            "challenger place": places[CHALLENGER].get(name),
            "champion gain": before.get(name, 0.0),
            "challenger gain": after.get(name, 0.0),
        }
        for name in sorted(strong, key=lambda name: (places[CHALLENGER].get(name, len(after) + 1), name))
    ]
    return {
        "added": [name for name in after if name not in before],
        "dropped": [name for name in before if name not in after],
        "ranks": ranks,
    }


def _places(gains: Mapping[str, float]) -> dict[str, int]:
    used = sorted((name for name in gains if gains[name] > 0), key=lambda name: (-gains[name], name))
    return {name: place for place, name in enumerate(used, start=1)}


def list_changes(
    test: Backtest, wanted: FeatureSet, models: Mapping[str, ChurnModel], month: Month, size: int
) -> dict[str, Any]:
    """Who would move between lists of the `size` highest probabilities of `month`, as counts of ten or more.

    Bucket by bucket; of each customer only two numbers are kept.
    """
    scores = _both_scores(test, wanted, models, month)
    listed = {name: _listed(score, size) for name, score in scores.items()}
    on_both = int((listed[CHALLENGER] & listed[CHAMPION]).sum())
    least, length = test.evaluation.min_customers_to_report, int(listed[CHALLENGER].sum())
    moved = length - on_both
    hidden = min(on_both, moved) < least and moved > 0
    return {
        "month": str(month),
        "scored": len(scores[CHALLENGER]),
        "size": length,
        "on both": None if hidden else on_both,
        "only challenger's": None if hidden else moved,
        "only champion's": None if hidden else moved,
        "mean probability": {name: float(score.mean()) for name, score in scores.items()},
        **({"note": f"fewer than {least} customers are in one of the cells"} if hidden else {}),
    }


def _listed(score: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    listed = np.zeros(len(score), dtype=bool)
    listed[np.argsort(-score, kind="stable")[:size]] = True
    return listed


def _both_scores(
    test: Backtest, wanted: FeatureSet, models: Mapping[str, ChurnModel], month: Month
) -> dict[str, NDArray[np.float64]]:
    def built(done: int, of: int) -> None:
        test.progress(f"features of {month}: bucket {done} of {of}")

    entry = build_feature_month(test.ledger, month, wanted, now=test.now, progress=built)
    warehouse, parts = test.ledger.warehouse, {name: [np.zeros(0)] for name in models}
    for bucket in warehouse.buckets_of(entry.table, month, entry.version):
        for batch in warehouse.batches(entry.table, month, entry.version, bucket):
            for name, model in models.items():
                parts[name].append(model.predict(model.encoding.matrix(batch), test.threads))
    return {name: np.concatenate(part) for name, part in parts.items()}


def in_markdown(changes: Mapping[str, Any]) -> str:
    """The changes as tables for a reviewer."""
    if "note" in changes and "data" not in changes:
        return f"# What changed since the champion\n\n{changes['note']}\n"
    lines = [f"# What changed since champion version {changes['version']}", "", "## Data", ""]
    data = changes["data"]
    lines += table(
        ["", CHAMPION, CHALLENGER], [[key, data[CHAMPION][key], data[CHALLENGER][key]] for key in data[CHAMPION]]
    )
    features = changes["features"]
    came, went = (", ".join(features[key]) or "none" for key in ("added", "dropped"))
    lines += ["", "## Features", "", f"Added: {came}. Dropped: {went}.", ""]
    lines += table(
        list(features["ranks"][0]) if features["ranks"] else [], [list(row.values()) for row in features["ranks"]]
    )
    lines += ["", "## Figures: challenger's recipe minus champion", "", *_figures(changes["paired"])]
    lines += ["", "## Who moves between lists", "", *_lists(changes["lists"])]
    return "\n".join(lines) + "\n"


def _figures(paired_: Mapping[str, Any]) -> list[str]:
    if "note" in paired_:
        return [paired_["note"]]
    rows = [["all", paired_["customers"], paired_["events"], *_three(paired_["differences"])]]
    for sliced, parts in paired_["slices"].items():
        rows += [
            [f"{sliced}: {name}", p["customers"], p["events"], *_three(p["differences"])] for name, p in parts.items()
        ]
    head = ["", "customers", "leavers", "AUC", "top-decile lift", "Brier score"]
    return [f"Months {', '.join(paired_['months'])}, paired 95 % intervals over customers.", "", *table(head, rows)]


def _three(differences: Mapping[str, Any]) -> list[str]:
    return [interval(differences[metric], "+.4f") for metric in ("auc", "top_decile_lift", "brier")]


def _lists(lists: Mapping[str, Any]) -> list[str]:
    if "scored" not in lists:
        return [lists["note"]]
    return table(["", ""], [[key, value] for key, value in lists.items() if not isinstance(value, Mapping)])
