"""Customer scores: the champion's churn propensity of every scored customer of a month."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import narwhals as nw

from features.catalogue import feature_set_id
from features.custom_indicators import CustomName
from features.engine import from_arrow
from features.feature_months import FeatureSet, build_feature_month
from features.feature_table import catalogue
from features.known_months import Frame
from features.labels import ChurnDefinition
from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from models.registry import Champion
from serving import ServingError

TABLE = "customer_scores"


@dataclass(frozen=True)
class Scoring:
    """What scores a month: the tables, the champion resolved once, and who is scored."""

    ledger: MonthLedger
    champion: Champion
    churn: ChurnDefinition
    code: str
    threads: int
    now: dt.datetime

    def feature_set(self) -> FeatureSet:
        """The champion's own feature set; a version trained on other indicators has to be trained again."""
        custom = tuple(CustomName(**name) for name in self.champion.facts["custom"])
        if feature_set_id(catalogue(custom)) != self.champion.facts["feature_set"]:
            raise ServingError(
                f"{self.champion.name} version {self.champion.version} was trained on other indicators than this "
                f"version of Holdfast builds; run holdfast train --as-of {self.champion.facts['as_of']}"
            )
        return FeatureSet(self.churn, custom, self.code)


def score_month(scoring: Scoring, month: Month, progress: Callable[[int, int], None] | None = None) -> Entry:
    """Score `month` bucket by bucket in Arrow batches and replace it in `customer_scores`; its ledger entry.

    One row per scored customer: `customer_id`, `probability` (float64, of leaving in the window). The same
    month and champion give the same entry. Raises ServingError when the champion was trained as of a later
    month than the one to score, since it has seen what came after.
    """
    champion, ledger = scoring.champion, scoring.ledger
    _refuse_hindsight(champion, month)
    features = build_feature_month(ledger, month, scoring.feature_set(), now=scoring.now)
    inputs = _inputs(features, champion)
    held = ledger.known(TABLE, month)
    if held is not None and held.inputs == inputs:
        return held
    warehouse = ledger.warehouse
    buckets = warehouse.buckets_of(features.table, month, features.version)

    def scored() -> Iterator[tuple[int, Frame]]:
        for done, bucket in enumerate(buckets, start=1):
            yield bucket, _score_bucket(scoring, features, bucket)
            if progress is not None:
                progress(done, len(buckets))

    staged = warehouse.stage_month(TABLE, month, scored())
    return ledger.enter([staged], Origin(inputs, f"{champion.name}/{champion.version}", scoring.code, scoring.now))[0]


def _score_bucket(scoring: Scoring, features: Entry, bucket: int) -> Frame:
    """Ids and probabilities of one bucket; only a batch of features is in memory at a time."""
    import pyarrow as pa

    model, warehouse = scoring.champion.model, scoring.ledger.warehouse
    schema = pa.schema({"customer_id": pa.large_string(), "probability": pa.float64()})
    parts = [schema.empty_table()]  # nobody of a bucket may be in the population
    for batch in warehouse.batches(features.table, features.month, features.version, bucket):
        probability = model.predict(model.encoding.matrix(batch), scoring.threads)
        parts.append(pa.table([batch.column("customer_id").cast(pa.large_string()), probability], schema))
    return from_arrow(pa.concat_tables(parts)).with_columns(
        nw.lit(scoring.champion.version).cast(nw.Int32).alias("model_version")
    )


def _refuse_hindsight(champion: Champion, month: Month) -> None:
    trained_as_of = Month.parse(champion.facts["as_of"])
    if trained_as_of > month:
        raise ServingError(
            f"{champion.name} version {champion.version} was trained as of {trained_as_of} and has seen what came "
            f"after {month}; score {trained_as_of} or later, or run holdfast train --as-of {month}"
        )


def _inputs(features: Entry, champion: Champion) -> str:
    facts = [features.table, features.content_hash, champion.name, champion.version]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
