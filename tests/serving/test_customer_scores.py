from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import polars as pl
import pytest

from features.feature_months import build_feature_month
from features.month_ledger import Entry
from features.months import Month
from models.registry import Champion
from serving import ServingError
from serving.customer_scores import Scoring, score_month
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
    assert found.columns == ["customer_id", "probability", "model_version"]
    assert found.dtypes == [pl.String, pl.Float64, pl.Int32]
    assert sorted(found["customer_id"]) == sorted(billed)
    assert found["probability"].is_between(0, 1).all()
    assert found["model_version"].unique().to_list() == [3]
    assert (entry.table, entry.rows, entry.source) == ("customer_scores", len(billed), "churn-propensity/3")


def test_scores_are_what_the_model_says_of_the_whole_month(scoring: Scoring):
    found = scores(scoring, score_month(scoring, MONTH))
    entry = build_feature_month(scoring.ledger, MONTH, scoring.feature_set(), now=NOW)
    features = scoring.ledger.warehouse.read(entry.table, MONTH, entry.version).to_native().collect()
    model = scoring.champion.model
    assert found["customer_id"].to_list() == features["customer_id"].to_list()
    assert found["probability"].to_list() == model.predict(model.encoding.matrix(features.to_arrow())).tolist()
    assert found["probability"].n_unique() > 5


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
