"""Customer scores: how likely each customer of a month is to leave, how far that has gone, and what is at stake."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from features.catalogue import feature_set_id
from features.custom_indicators import CustomName
from features.engine import batches, from_arrow
from features.feature_months import FeatureSet, build_feature_month
from features.feature_table import catalogue
from features.known_months import Frame
from features.labels import ChurnDefinition
from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from models.registry import Champion
from serving import ServingError
from serving.warning_periods import COLUMNS as SIGNS
from serving.warning_periods import WarningSettings, periods

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "customer_scores"
USUAL_BILL = "bill_amount_mean_3"
"""The mean of the known bills of the last three months."""
COLUMNS = (
    *("customer_id", "probability", "band", "usual_value", "value_at_risk", "segment"),
    *("model_version", "segments_version", "feature_set", "input_hash"),
)


class SegmentModel(Protocol):
    """What tells a customer's segment from their indicators."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def assign(self, batch: pa.Table) -> pa.Array: ...


@dataclass(frozen=True)
class Segments:
    """The version of the segments that was champion when it was resolved."""

    version: int
    model: SegmentModel


@dataclass(frozen=True)
class Scoring:
    """What scores a month: the tables, the champion resolved once, who is scored, and where warnings begin."""

    ledger: MonthLedger
    champion: Champion
    churn: ChurnDefinition
    code: str
    threads: int
    now: dt.datetime
    warning: WarningSettings = field(default_factory=WarningSettings)
    segments: Segments | None = None

    def feature_set(self) -> FeatureSet:
        """The champion's own feature set; a version trained on other indicators has to be trained again."""
        custom = tuple(CustomName(**name) for name in self.champion.facts["custom"])
        if feature_set_id(catalogue(custom)) != self.champion.facts["feature_set"]:
            raise ServingError(
                f"{self.champion.name} version {self.champion.version} was trained on other indicators than this "
                f"version of Holdfast builds; run holdfast train --as-of {self.champion.facts['as_of']}"
            )
        return FeatureSet(self.churn, custom, self.code)

    def columns(self) -> list[str]:
        """The columns of a feature month that scoring reads; the rest stays on the disk."""
        wanted = (
            self.champion.model.encoding.columns,
            SIGNS,
            () if self.segments is None else self.segments.model.columns,
        )
        return list(dict.fromkeys(["customer_id", USUAL_BILL, *(column for columns in wanted for column in columns)]))

    def leavers(self) -> float:
        """The usual share of leavers: that of the champion's training rows."""
        return float(self.champion.facts["leavers"] / self.champion.facts["rows"])


def score_month(scoring: Scoring, month: Month, progress: Callable[[int, int], None] | None = None) -> Entry:
    """Score `month` bucket by bucket in Arrow batches and replace it in `customer_scores`; its ledger entry.

    One row per scored customer: `probability` of leaving in the window, `band` (see warning_periods), `usual_value`
    (usual monthly revenue, in the source's currency), `value_at_risk` = probability x usual value x months of the
    window, `segment`, and what they came from. Who has no known bill has no known value, which is not zero: null.
    The same month and champion give the same entry. Raises ServingError when the champion was trained as of a later
    month than the one to score, since it has seen what came after.
    """
    champion, ledger = scoring.champion, scoring.ledger
    _refuse_hindsight(champion, month)
    features = build_feature_month(ledger, month, scoring.feature_set(), now=scoring.now)
    inputs = _inputs(features, scoring)
    held = ledger.known(TABLE, month)
    if held is not None and held.inputs == inputs:
        return held
    warehouse = ledger.warehouse
    buckets = warehouse.buckets_of(features.table, month, features.version)

    def scored() -> Iterator[tuple[int, Frame]]:
        for done, bucket in enumerate(buckets, start=1):
            yield bucket, _score_bucket(scoring, features, bucket, inputs)
            if progress is not None:
                progress(done, len(buckets))

    staged = warehouse.stage_month(TABLE, month, scored())
    return ledger.enter([staged], Origin(inputs, f"{champion.name}/{champion.version}", scoring.code, scoring.now))[0]


def _score_bucket(scoring: Scoring, features: Entry, bucket: int, inputs: str) -> Frame:
    """The scores of one bucket; only a batch of features is in memory at a time."""
    import pyarrow as pa

    warehouse = scoring.ledger.warehouse
    files = warehouse.files(features.table, features.month, features.version, bucket)
    read = batches(files, warehouse.engine, scoring.columns())
    # An empty one first: nobody of a bucket may be in the population.
    parts = [_schema().empty_table(), *(_score_batch(scoring, batch, inputs) for batch in read)]
    return from_arrow(pa.concat_tables(parts))


def _score_batch(scoring: Scoring, batch: pa.Table, inputs: str) -> pa.Table:
    import pyarrow as pa

    model, segments, rows = scoring.champion.model, scoring.segments, batch.num_rows
    probability = model.predict(model.encoding.matrix(batch), scoring.threads)
    # Money is exact to a cent; the indicator is a Float32, whose further digits are noise.
    usual = np.round(batch.column(USUAL_BILL).to_numpy().astype(np.float64), 2)
    at_risk = np.round(probability * usual * model.horizon, 2)
    columns: dict[str, Any] = {
        "customer_id": batch.column("customer_id").cast(pa.large_string()),
        "probability": probability,
        "band": periods(batch, probability, scoring.leavers(), scoring.warning),
        "usual_value": pa.array(usual, from_pandas=True),
        "value_at_risk": pa.array(at_risk, from_pandas=True),
        "segment": _same(None, rows) if segments is None else segments.model.assign(batch).cast(pa.large_string()),
        "model_version": np.full(rows, scoring.champion.version, np.int32),
        "segments_version": pa.repeat(pa.scalar(segments and segments.version, pa.int32()), rows),
        "feature_set": _same(scoring.champion.facts["feature_set"], rows),
        "input_hash": _same(inputs, rows),
    }
    return pa.table([columns[name] for name in COLUMNS], _schema())


def _same(text: str | None, rows: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(text, pa.large_string()), rows)


def _schema() -> pa.Schema:
    import pyarrow as pa

    numbers = ("probability", "usual_value", "value_at_risk")
    versions = ("model_version", "segments_version")
    return pa.schema(
        [
            (name, pa.float64() if name in numbers else pa.int32() if name in versions else pa.large_string())
            for name in COLUMNS
        ]
    )


def _refuse_hindsight(champion: Champion, month: Month) -> None:
    trained_as_of = Month.parse(champion.facts["as_of"])
    if trained_as_of > month:
        raise ServingError(
            f"{champion.name} version {champion.version} was trained as of {trained_as_of} and has seen what came "
            f"after {month}; score {trained_as_of} or later, or run holdfast train --as-of {month}"
        )


def _inputs(features: Entry, scoring: Scoring) -> str:
    """A hash of all that decides the scores."""
    facts = [
        *(features.table, features.content_hash, scoring.champion.name, scoring.champion.version),
        *(asdict(scoring.warning), scoring.segments and scoring.segments.version, COLUMNS),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
