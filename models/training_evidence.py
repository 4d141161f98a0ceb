"""Training evidence: what a reviewer gets beside the model, as tables, texts and pictures without any customer."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from features import feature_table
from features.feature_months import FeatureSet
from features.months import Month
from models import contribution_summary, curves, plots
from models.backtest import MODEL, Backtest, JudgedRows
from models.churn import ChurnModel
from models.drift_reference import gain_shares
from models.encoding import Encoding
from models.evaluation import METRICS
from models.model_record import DatasetInput
from models.screener import Screened
from models.small_cells import SMALL_CELL
from models.training_table import TrainingTable

SHOWN = 20
EXAMPLE_ROWS = 3


def judged_pictures(judged: JudgedRows) -> dict[str, bytes]:
    """ROC, precision and recall, gain and lift, reliability and score distribution of the rows of the test.

    None without a leaver and a stayer among them: then no curve exists.
    """
    scored, months = judged.scored, ", ".join(np.unique(judged.months))
    leavers, customers = int(scored.churned.sum()), len(np.unique(scored.customer))
    if leavers == 0 or leavers == len(scored.churned):
        return {}
    about = f"out of time on {months}: {customers:,} customers, {leavers:,} leavers"
    lines = {name: curves.curve(scored, name) for name in scored.scores}
    cells = curves.score_cells(scored, MODEL)
    return {
        "roc.png": plots.roc(lines, about),
        "precision_recall.png": plots.precision_recall(lines, about),
        "gain_and_lift.png": plots.gain_and_lift(lines, about),
        "reliability.png": plots.reliability(curves.reliability(scored, MODEL), about),
        "score_distribution.png": plots.score_distribution(cells, lines[MODEL], about),
    }


def model_pictures(
    model: ChurnModel, effects: Sequence[contribution_summary.IndicatorEffect], month: Month
) -> dict[str, bytes]:
    """Importance by gain and the summary of exact contributions of the model that is shipped."""
    gains = gain_shares(model)
    strongest = sorted((name for name in gains if gains[name] > 0), key=lambda name: (-gains[name], name))[:SHOWN]
    about = f"the registered model, a seeded sample of {month}, groups of {SMALL_CELL} customers or more"
    found = {}
    if strongest:
        told = f"the registered model, {len(strongest)} strongest of {len(gains)} indicators"
        found["importance.png"] = plots.importance({name: gains[name] for name in strongest}, told)
    if effects:
        found["shap_summary.png"] = plots.contribution_summary(effects, about)
    return found


def slices_csv(report: Mapping[str, Any]) -> str:
    """One row per slice and metric: counts, the model's figure with its interval; blank where too few customers."""
    rows = [
        {
            "horizon": horizon.removeprefix("horizon_"),
            "slice": sliced,
            "value of slice": name,
            **{count: part[count] for count in ("rows", "customers", "events")},
            **dict(_flat(part["metrics"][MODEL])),
        }
        for horizon, by_slice in report.get("slices", {}).items()
        for sliced, parts in by_slice.items()
        for name, part in parts.items()
    ]
    return as_csv(rows)


def _flat(metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for metric in METRICS:
        for part in ("value", "low", "high"):
            figure = metrics[metric].get(part)
            yield (metric if part == "value" else f"{metric}.{part}"), None if figure is None else round(figure, 4)


def catalogue_csv(wanted: FeatureSet, encoding: Encoding, screened: Screened | None) -> str:
    """Every indicator of the feature set with its meaning, and whether the model has it as a column, or why not."""
    in_model = dict.fromkeys(encoding.columns, "yes")
    dropped = {one.name: one.reason for one in screened.screening.dropped} if screened else {}
    return as_csv(
        [
            dataclasses.asdict(indicator)
            | {"in model": in_model.get(indicator.name) or dropped.get(indicator.name, "never known")}
            for indicator in feature_table.catalogue(wanted.custom)
        ]
    )


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table as MLflow's viewer shows it; None is an empty cell."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def made_up_example(encoding: Encoding, seed: int) -> dict[str, list[Any]]:
    """Rows that show how input looks, drawn by column type and from no customer: numbers, categories, and unknowns.

    The last row is all unknown, which is what a customer of his first month is for most columns.
    """
    rng = np.random.default_rng(seed)
    example: dict[str, list[Any]] = {}
    for column, kind in encoding.kinds().items():
        if kind == "number":
            example[column] = [*np.round(rng.uniform(0, 100, EXAMPLE_ROWS - 1), 2).tolist(), None]
        else:
            example[column] = [f"a {column}", f"another {column}", None]
    return example


def inputs_of(
    test: Backtest, table: TrainingTable, wanted: FeatureSet, horizon: int, as_of: Month
) -> list[DatasetInput]:
    """The table months that decided the rows: feature months, and those that told who left, with their hashes."""
    deciding = {place for month in table.scored for place in wanted.churn.deciding(month, horizon)}
    read: list[tuple[str, Month, Month | None]] = [(wanted.table, month, None) for month in table.scored]
    read += [(name, month, as_of) for name, month in sorted(deciding)]
    return [
        DatasetInput(f"{name} {month}", entry.content_hash, f"tables/{name}/month={month} (version {entry.version})")
        for name, month, known_by in read
        if (entry := test.ledger.known(name, month, known_by)) is not None
    ]
