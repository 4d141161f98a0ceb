"""Segment training: the segments of a month's customers, with the evidence for them, registered as one version."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from features.engine import collect
from features.feature_months import FeatureSet, build_feature_month
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from models import ModelsError
from models.model_record import DatasetInput, ModelRecord, fingerprint
from models.registry import SEGMENTS, Registry
from models.segment_indicators import CANDIDATES, PROOFS, contrasts, labels_of, learn_axes, proof_columns
from models.segment_plots import heat_map, stability_curves
from models.segment_profiles import Outcomes, as_markdown, profiles
from models.segment_stability import SMALLEST_SEGMENT, Clusters, find_clusters
from models.segments import (
    BRAND,
    MONTHS_ON_NET,
    ON_RECORD,
    TENURE,
    Axis,
    BrandSegments,
    Floats,
    SegmentModel,
    SegmentSettings,
    of_brand,
    three_months_on_net,
)
from models.training_table import Labelling, labelled_month, usable_months

if TYPE_CHECKING:
    import pyarrow as pa

MODEL_CODE = Path(__file__).with_name("segment_model.py")
READ = tuple(
    dict.fromkeys([BRAND, TENURE, ON_RECORD, *(c for proof in PROOFS for c in proof), *(c.column for c in CANDIDATES)])
)


@dataclass(frozen=True)
class SegmentTraining:
    """What a training needs beside its month: the tables, which features, and which labels the profile may show.

    `made_by` says by which commit and lock the program runs; it is noted with the run and decides nothing.
    """

    ledger: MonthLedger
    wanted: FeatureSet
    horizon: int
    settings: SegmentSettings
    now: dt.datetime
    progress: Callable[[str], None]
    made_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """The segments, and per brand what they were chosen by and how far they lie from the brand's mean."""

    model: SegmentModel
    clusters: Mapping[str | None, Clusters]
    contrasts: Mapping[str | None, Floats]


@dataclass(frozen=True)
class TrainedSegments:
    """The registered version, the model, its profile table, and how the number of segments was chosen by brand."""

    version: int
    model: SegmentModel
    profiles: dict[str, Any]
    stability: dict[str, Any]


def train(work: SegmentTraining, as_of: Month, registry: Registry) -> TrainedSegments:
    """Find each brand's segments in the feature month `as_of` and register them as `@challenger`.

    Nothing later than `as_of` is seen: the churn shares of the profile are those of the latest scoring month whose
    labels were mature by then. Raises ModelsError when nobody has three consecutive months on net.
    """
    entry = build_feature_month(work.ledger, as_of, work.wanted, now=work.now)
    rows = sample(work.ledger, entry, work.settings.max_rows)
    work.progress(f"as of {as_of}: segments from {rows.num_rows:,} of {entry.rows:,} customers")
    fitted = fit(rows, work.settings, f"customers of {as_of}")
    table = profiles(fitted.model, rows, _outcomes(work, as_of, fitted.model))
    record = _record(work, as_of, entry, fitted, table)
    return TrainedSegments(registry.register(record), fitted.model, table, record.tables["stability.json"])


def sample(ledger: MonthLedger, entry: Entry, max_rows: int) -> pa.Table:
    """The columns that segments can need, of whole buckets up to about `max_rows` rows; no customer id among them."""
    import pyarrow as pa

    warehouse, parts, held = ledger.warehouse, [], 0
    for bucket in warehouse.buckets_of(entry.table, entry.month, entry.version):
        frame = warehouse.read(entry.table, entry.month, entry.version, bucket).select("customer_id", *READ)
        parts.append(collect(frame.sort("customer_id").select(*READ)).to_arrow())
        held += parts[-1].num_rows
        if held >= max_rows:
            break
    return pa.concat_tables(parts)


def fit(rows: pa.Table, settings: SegmentSettings, what: str = "customers") -> Fitted:
    """The segments of each brand among the rows; each brand's are found without regard to the others."""
    proof = proof_columns(rows)
    stayed = rows.filter(three_months_on_net(rows, proof))
    if stayed.num_rows < SMALLEST_SEGMENT:
        raise ModelsError(
            f"segments: fewer than {SMALLEST_SEGMENT} {what} have {MONTHS_ON_NET} consecutive months on net; "
            f"ingest at least {MONTHS_ON_NET} months up to the one to train as of"
        )
    groups, clusters, off = [], {}, {}
    for brand in _brands(stayed):
        group, clusters[brand], off[brand] = _fit_brand(stayed.filter(of_brand(stayed, brand)), brand, settings)
        groups.append(group)
    return Fitted(SegmentModel(proof, tuple(groups)), clusters, off)


def _brands(rows: pa.Table) -> list[str | None]:
    """The brands with enough customers not to tell of single ones, by name; None alone where no brand is sent."""
    counts = rows.column(BRAND).drop_null().value_counts().to_pylist()
    known: list[str | None] = sorted(one["values"] for one in counts if one["counts"] >= SMALLEST_SEGMENT)
    return known or [None]


def _fit_brand(rows: pa.Table, brand: str | None, settings: SegmentSettings) -> tuple[BrandSegments, Clusters, Floats]:
    axes = learn_axes(rows)
    blank = BrandSegments(brand, axes, (), ())
    matrix = blank.matrix(rows)
    found = find_clusters(matrix, settings, seed=zlib.crc32((brand or "").encode(), settings.seed))
    centroids = tuple(tuple(float(value) for value in centroid) for centroid in found.centroids)
    off = contrasts(BrandSegments(brand, axes, centroids, ()), matrix, found.places)
    return BrandSegments(brand, axes, centroids, labels_of(axes, off)), found, off


def _outcomes(work: SegmentTraining, as_of: Month, model: SegmentModel) -> Outcomes | None:
    """The segments and labels of the latest scoring month that was mature by `as_of`; None when there is none."""
    labelling = Labelling(work.ledger, work.wanted, work.horizon, as_of, work.settings.max_rows, work.now)
    months = usable_months(labelling)
    if not months:
        return None
    month = labelled_month(labelling, months[-1])
    return Outcomes(str(month.month), work.horizon, model.assign(month.rows), month.churned)


def _record(work: SegmentTraining, as_of: Month, entry: Entry, fitted: Fitted, table: dict[str, Any]) -> ModelRecord:
    model, settings = fitted.model, work.settings
    stability = {brand or "": _choice(clusters) for brand, clusters in fitted.clusters.items()}
    facts = {
        "as_of": str(as_of),
        "feature_set": work.wanted.id,
        "custom": [asdict(name) for name in work.wanted.custom],
        "code": work.wanted.code,
        "segments": model.labels,
        "notes": {brand: choice["note"] for brand, choice in stability.items() if choice["note"]},
    }
    shown = [group for group in model.brands if group.axes]
    found = {brand: clusters for brand, clusters in fitted.clusters.items() if clusters.stabilities}
    pictures = {"profiles.png": heat_map(shown, [fitted.contrasts[group.brand] for group in shown])} if shown else {}
    curves = {"stability.png": stability_curves(found, settings.min_stability)} if found else {}
    card = _card(as_of, work, fitted, table)
    return ModelRecord(
        name=SEGMENTS,
        run_name=f"as-of {as_of}",
        fingerprint=fingerprint({"files": model.files(), "facts": facts, "settings": asdict(settings), "shown": table}),
        files=model.files(),
        code=MODEL_CODE,
        signature={column: "category" if column == BRAND else "number" for column in model.columns},
        output={"segment": "string"},
        facts=facts,
        parameters={**asdict(settings), "as_of": str(as_of)},
        metrics=_metrics(fitted, table),
        tables={"profiles.json": table, "stability.json": stability},
        texts={"profiles.md": as_markdown(table, model), "model_card.md": card},
        pictures=pictures | curves,
        datasets=[DatasetInput(f"{entry.table} {as_of}", entry.content_hash, _place(entry))],
        description=card,
        tags=work.made_by,
        example=_made_up_example(model),
    )


def _made_up_example(model: SegmentModel) -> dict[str, list[Any]]:
    """A customer of the first brand who is in the middle of everything: made up, and nobody's."""
    middle = {axis.column: _middle(axis) for group in reversed(model.brands) for axis in group.axes}
    made_up: dict[str, Any] = {TENURE: 36.0, ON_RECORD: 6.0, BRAND: model.brands[0].brand}
    return {column: [made_up.get(column, middle.get(column, 0.0))] for column in model.columns}


def _middle(axis: Axis) -> float:
    return round(float(np.expm1(axis.centre) if axis.log else axis.centre), 2)


def _place(entry: Entry) -> str:
    return f"tables/{entry.table}/month={entry.month} (version {entry.version})"


def _choice(clusters: Clusters) -> dict[str, Any]:
    return {
        "k": len(clusters.centroids),
        "silhouette": clusters.silhouette,
        "note": clusters.note,
        "by_k": [asdict(one) for one in clusters.stabilities],
    }


def _metrics(fitted: Fitted, table: Mapping[str, Any]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for brand, clusters in fitted.clusters.items():
        name = _metric_name(brand)
        metrics[f"{name}.k"] = len(clusters.centroids)
        for one in clusters.stabilities:
            metrics |= {f"{name}.k{one.k}.stability": one.mean, f"{name}.k{one.k}.spread": one.spread}
        if clusters.silhouette is not None:
            metrics[f"{name}.silhouette"] = clusters.silhouette
    for segment, row in table["segments"].items():
        if isinstance(row["customers"], int):
            metrics[f"{_metric_name(segment)}.customers"] = row["customers"]
    return metrics


def _metric_name(name: str | None) -> str:
    """MLflow takes letters of any script, digits and a few signs in a name; anything else becomes a line."""
    return "".join(sign if sign.isalnum() or sign in "_-. " else "_" for sign in name or "all")


def _card(as_of: Month, work: SegmentTraining, fitted: Fitted, table: Mapping[str, Any]) -> str:
    """The model card: what the segments are for, what they rest on, how far to trust them."""
    settings = work.settings
    chosen = "\n".join(f"- {brand or 'all customers'}: {_told(c)}" for brand, c in fitted.clusters.items())
    churn = table["churn"]
    shares = (
        f"Churn shares are those of {churn['scored']} at horizon {churn['horizon']}, whose labels were mature by then."
        if churn
        else "No labels were mature by then, so that no churn share can be given."
    )
    return (
        f"# Segments as of {as_of}\n\n"
        f"Customers of each brand with {MONTHS_ON_NET} consecutive months on net, grouped by three-month means with "
        f"k-means. The largest number of segments is taken on which two halves of the customers agree (adjusted Rand "
        f"index {settings.min_stability:g} or more, mean of {settings.pairs} pairs).\n\n{chosen}\n\n"
        f"For: describing a list and choosing a tone. Not for: deciding alone who is contacted; a segment is a "
        f"description, not a cause. Who came in the last {MONTHS_ON_NET} months, and who has unknown months, is in no "
        f"segment. {shares}\n\n{as_markdown(table, fitted.model)}"
    )


def _told(clusters: Clusters) -> str:
    chosen = clusters.chosen
    if chosen is None:
        return clusters.note
    why = f"{chosen.k} segments, stability {chosen.mean:.2f}, spread {chosen.spread:.2f} of a cloud's without groups"
    return f"{why}; {clusters.note}" if clusters.note else why
