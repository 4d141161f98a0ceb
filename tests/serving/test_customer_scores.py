from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from features.feature_months import build_feature_month
from features.labels import Activity, ChurnDefinition
from features.month_ledger import Entry
from features.months import Month
from models.registry import Champion
from serving import ServingError
from serving.customer_scores import Scoring, Segments, score_month
from serving.warning_periods import WarningSettings
from tests.drawn import contract_table
from tests.made_operator import NOW, deliver, ledger_in, made_months

MONTH = Month(2025, 4)


def scores(scoring: Scoring, entry: Entry) -> pl.DataFrame:
    """All scores of a month, bucket after bucket."""
    return scoring.ledger.warehouse.read(entry.table, entry.month, entry.version).to_native().collect()


def with_batches_of(scoring: Scoring, rows: int, folder: Path) -> Scoring:
    copy = ledger_in(shutil.copytree(scoring.ledger.warehouse.tables, folder), batch_rows=rows)
    return dataclasses.replace(scoring, ledger=copy)


def test_every_scored_customer_has_one_probability_in_key_order_of_its_bucket(scoring: Scoring):
    entry = score_month(scoring, MONTH)
    found = scores(scoring, entry)
    billed = made_months(customers=120, months=4)["bills"].filter(pl.col("month") == "2025-04")["customer_id"]
    assert dict(found.schema) == {
        "customer_id": pl.String,
        "probability": pl.Float64,
        "band": pl.String,
        "usual_value": pl.Float64,
        "value_at_risk": pl.Float64,
        "segment": pl.String,
        "model_version": pl.Int32,
        "segments_version": pl.Int32,
        "feature_set": pl.String,
        "input_hash": pl.String,
    }
    assert sorted(found["customer_id"]) == sorted(billed)
    assert found["probability"].is_between(0, 1).all()
    assert found["model_version"].unique().to_list() == [3]
    assert found["feature_set"].unique().to_list() == [scoring.champion.facts["feature_set"]]
    assert found["input_hash"].unique().to_list() == [entry.inputs]
    assert found["segment"].null_count() == found["segments_version"].null_count() == entry.rows
    assert (entry.table, entry.rows, entry.source) == ("customer_scores", len(billed), "churn-propensity/3")


def test_scores_are_what_the_model_says_of_the_whole_month(scoring: Scoring):
    found = scores(scoring, score_month(scoring, MONTH))
    entry = build_feature_month(scoring.ledger, MONTH, scoring.feature_set(), now=NOW)
    features = scoring.ledger.warehouse.read(entry.table, MONTH, entry.version).to_native().collect()
    model = scoring.champion.model
    assert found["customer_id"].to_list() == features["customer_id"].to_list()
    assert found["probability"].to_list() == model.predict(model.encoding.matrix(features.to_arrow())).tolist()
    assert found["probability"].n_unique() > 5


def features_of(scoring: Scoring) -> pl.DataFrame:
    entry = build_feature_month(scoring.ledger, MONTH, scoring.feature_set(), now=NOW)
    return scoring.ledger.warehouse.read(entry.table, MONTH, entry.version).to_native().collect()


def test_value_at_risk_is_probability_times_the_usual_bill_times_the_months_of_the_window(scoring: Scoring):
    model = dataclasses.replace(scoring.champion.model, horizon=3)
    of_three_months = dataclasses.replace(scoring, champion=dataclasses.replace(scoring.champion, model=model))
    found = scores(scoring, score_month(of_three_months, MONTH))
    usual = features_of(scoring)["bill_amount_mean_3"].cast(pl.Float64).round(2)
    assert found["usual_value"].to_list() == usual.to_list()
    assert found["value_at_risk"].to_list() == (found["probability"] * usual * 3).round(2).to_list()


def test_without_a_known_bill_the_value_is_unknown_and_not_zero(scoring: Scoring):
    activity = ChurnDefinition(silent_months=1, gap=0, horizons=(1,), activity=(Activity("usage", "data_mb"),))
    customers = made_months(customers=4, months=4)["customers"].filter(pl.col("month") == "2025-04")
    usage = contract_table("usage", "month customer_id data_mb \n 2025-04 stranger 5.0")
    stranger = customers.head(1).with_columns(customer_id=pl.lit("stranger"))
    deliver(scoring.ledger, {"customers": pl.concat([customers, stranger]), "usage": usage}, ["2025-04"])
    found = scores(scoring, score_month(dataclasses.replace(scoring, churn=activity), MONTH))
    assert found.select("customer_id", "usual_value", "value_at_risk").rows() == [("stranger", None, None)]


def test_the_band_follows_the_champions_share_of_leavers(scoring: Scoring):
    usual = scoring.champion.facts["leavers"] / scoring.champion.facts["rows"]
    found = scores(scoring, score_month(scoring, MONTH))
    collapsed = features_of(scoring)["bill_amount_ratio_3"].fill_null(1) <= 0.3
    expected = (
        pl.when(pl.lit(collapsed) & (found["probability"] >= usual))
        .then(pl.lit("alert"))
        .when(found["probability"] >= 2 * usual)
        .then(pl.lit("pre-warning"))
        .otherwise(pl.lit("healthy"))
    )
    assert found["band"].to_list() == found.select(expected.alias("band"))["band"].to_list()
    assert found["band"].n_unique() > 1


@dataclasses.dataclass(frozen=True)
class ByBrand:
    """Segments that are told by the brand alone."""

    columns: tuple[str, ...] = ("brand",)

    def assign(self, batch: pa.Table) -> pa.Array:
        return pa.array([f"{brand} segment" if brand == "Red" else None for brand in batch["brand"].to_pylist()])


def test_the_segments_champion_names_the_segment_null_where_it_knows_none(scoring: Scoring):
    found = scores(scoring, score_month(dataclasses.replace(scoring, segments=Segments(7, ByBrand())), MONTH))
    brands = features_of(scoring)["brand"].to_list()
    assert found["segment"].to_list() == ["Red segment" if brand == "Red" else None for brand in brands]
    assert found["segments_version"].unique().to_list() == [7]


@pytest.mark.parametrize(
    "other", [{"warning": WarningSettings(pre_warning_lift=3.0)}, {"segments": Segments(7, ByBrand())}], ids=str
)
def test_other_settings_or_segments_are_scored_anew(scoring: Scoring, other: dict[str, Any]):
    first = score_month(scoring, MONTH)
    assert score_month(dataclasses.replace(scoring, **other), MONTH).revision == first.revision + 1


def test_the_size_of_batches_does_not_change_a_bit(scoring: Scoring, tmp_path: Path):
    whole = score_month(scoring, MONTH)
    in_sevens = score_month(with_batches_of(scoring, 7, tmp_path / "sevens"), MONTH)
    one_by_one = score_month(with_batches_of(scoring, 1, tmp_path / "ones"), MONTH)
    assert whole.rows > 50
    assert whole.content_hash == in_sevens.content_hash == one_by_one.content_hash


def test_the_same_month_and_champion_are_not_scored_again(scoring: Scoring, monkeypatch: pytest.MonkeyPatch):
    first = score_month(scoring, MONTH)
    monkeypatch.setattr(type(scoring.champion.model), "predict", None)
    assert score_month(scoring, MONTH) == first


def test_another_version_of_the_model_or_a_correction_of_the_month_is_scored_anew(scoring: Scoring):
    first = score_month(scoring, MONTH)
    newer = dataclasses.replace(scoring, champion=dataclasses.replace(scoring.champion, version=4))
    second = score_month(newer, MONTH)
    assert second.revision == first.revision + 1
    assert scores(scoring, second)["model_version"].unique().to_list() == [4]
    bills = made_months(customers=120, months=4)["bills"].with_columns(amount=pl.lit(3))
    deliver(scoring.ledger, {"bills": bills}, ["2025-04"])
    assert score_month(newer, MONTH).content_hash != second.content_hash


def test_only_one_batch_of_features_is_in_memory_at_a_time(
    scoring: Scoring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen: list[int] = []
    encode = type(scoring.champion.model.encoding).matrix

    def watched(encoding: object, rows: object) -> object:
        seen.append(rows.num_rows)  # type: ignore[attr-defined]
        return encode(encoding, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(type(scoring.champion.model.encoding), "matrix", watched)
    entry = score_month(with_batches_of(scoring, 10, tmp_path / "tens"), MONTH)
    assert max(seen) == 10
    assert sum(seen) == entry.rows


def test_a_bucket_in_which_nobody_is_scored_does_no_harm(scoring: Scoring):
    tables = made_months(customers=120, months=4)
    one = {name: rows.filter(pl.col("customer_id") == "customer-0001") for name, rows in tables.items()}
    deliver(scoring.ledger, one, ["2025-04"])
    entry = score_month(scoring, MONTH)
    assert scores(scoring, entry)["customer_id"].to_list() == ["customer-0001"]


def test_a_champion_that_has_seen_what_came_after_may_not_score(scoring: Scoring):
    with pytest.raises(
        ServingError,
        match=r"churn-propensity version 3 was trained as of 2025-03 and has seen what came after 2025-02; "
        r"score 2025-03 or later, or run holdfast train --as-of 2025-02",
    ):
        score_month(scoring, Month(2025, 2))
    assert score_month(scoring, Month(2025, 3)).rows > 0


def test_a_champion_of_other_indicators_has_to_be_trained_again(scoring: Scoring, champion: Champion):
    of_old = dataclasses.replace(champion, facts={**champion.facts, "feature_set": "0ld"})
    with pytest.raises(
        ServingError, match=r"version 3 was trained on other indicators.*run holdfast train --as-of 2025-03"
    ):
        score_month(dataclasses.replace(scoring, champion=of_old), MONTH)


def test_progress_is_told_bucket_by_bucket(scoring: Scoring):
    told: list[tuple[int, int]] = []
    score_month(scoring, MONTH, lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
