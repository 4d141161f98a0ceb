from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from features.feature_months import FeatureSet
from features.month_ledger import MonthLedger
from features.months import Month
from models import ModelsError
from models.model_record import ModelRecord
from models.registry import CHALLENGER, SEGMENTS, Registry
from models.segment_training import SegmentTraining, TrainedSegments, fit, train
from models.segments import SegmentModel, SegmentSettings
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months
from tests.models.made_segments import BILL, DATA, THREE, VOICE, customers
from tests.models.test_training import Remembered

AS_OF = Month(2025, 4)
QUICK = SegmentSettings(max_k=3, pairs=4, min_customers=50, stability_rows=300)
TABLES = made_months(customers=300, months=5)
ONE = ({BILL: 50.0, VOICE: 100.0, DATA: 500.0},)

LOADED_ELSEWHERE = """
import importlib.util, json, sys
from pathlib import Path

uri, rows = sys.argv[1:]
sys.path = [path for path in sys.path if not (Path(path or ".") / "models" / "segments.py").exists()]
assert not any(importlib.util.find_spec(name) for name in ("features", "models", "serving", "flows"))

import mlflow
import pandas as pd

mlflow.set_tracking_uri(uri)
mlflow.set_registry_uri(uri)
loaded = mlflow.pyfunc.load_model("models:/segments@challenger")
print(json.dumps(loaded.predict(pd.read_parquet(rows)).tolist()))
"""


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, TABLES)
    return ledger


def trained(
    ledger: MonthLedger, as_of: Month = AS_OF, settings: SegmentSettings = QUICK
) -> tuple[TrainedSegments, ModelRecord]:
    registry = Remembered()
    work = SegmentTraining(ledger, FeatureSet(CHURN, (), "test"), 1, settings, NOW, progress=lambda _: None)
    return train(work, as_of, registry), registry.records[0]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def first(delivered: MonthLedger) -> tuple[TrainedSegments, ModelRecord]:
    return trained(delivered)


def test_planted_groups_are_found_in_their_brand():
    rows = customers(THREE)
    found = fit(rows, QUICK).model.assign(rows).to_pylist()
    assert set(found) == {"Red 1", "Red 2", "Red 3"}
    assert adjusted_rand_score(np.repeat([0, 1, 2], 200), found) > 0.97


def test_labels_say_what_was_planted():
    labels = fit(customers(THREE), QUICK).model.labels
    assert labels["Red 1"].startswith("high bill")
    assert {"low voice", "low data"} <= {word for label in labels.values() for word in label.split(", ")}


def test_one_blob_stays_one_segment():
    found = fit(customers(ONE, each=600), QUICK)
    assert found.model.labels == {"Red 1": "the whole brand"}


def test_each_brand_has_its_own_segments_and_does_not_move_the_others():
    red = customers(THREE)
    both = pa.concat_tables([red, customers(ONE, each=600, brand="Blue")])
    model = fit(both, QUICK).model
    assert [group.names for group in model.brands] == [("Blue 1",), ("Red 1", "Red 2", "Red 3")]
    assert model.brands[1] == fit(red, QUICK).model.brands[0]


def test_a_small_brand_shares_one_segment_and_a_tiny_one_is_not_named():
    rows = [customers(THREE), customers(THREE, each=5, brand="Small"), customers(ONE, each=9, brand="Tiny")]
    model = fit(pa.concat_tables(rows), QUICK).model
    assert [group.names for group in model.brands] == [("Red 1", "Red 2", "Red 3"), ("Small 1",)]
    assert model.assign(rows[2]).to_pylist() == [None] * 9


def test_without_a_brand_everybody_is_clustered_together():
    rows = customers(THREE, brand=None)
    assert set(fit(rows, QUICK).model.assign(rows).to_pylist()) == {"Segment 1", "Segment 2", "Segment 3"}


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_does_not_change_the_files(threads: int):
    expected = fit(customers(THREE), QUICK).model.files()
    with threadpool_limits(threads):
        assert fit(customers(THREE), QUICK).model.files() == expected


def test_the_record_holds_model_evidence_and_inputs(first: tuple[TrainedSegments, ModelRecord]):
    result, record = first
    assert record.files == result.model.files()
    assert record.signature["brand"] == "category"
    assert set(record.signature) == set(result.model.columns)
    assert (record.name, record.output) == ("segments", {"segment": "string"})
    assert record.parameters["min_stability"] == 0.8
    assert {"profiles.json", "stability.json"} == record.tables.keys()
    assert {"profiles.md", "model_card.md"} == record.texts.keys()
    assert [dataset.name for dataset in record.datasets] == [f"features-{FeatureSet(CHURN, (), '').id} 2025-04"]
    assert record.metrics["Red.k"] == len(result.model.brands[1].centroids)
    assert "Red.k2.stability" in record.metrics
    assert all(picture.startswith(b"\x89PNG") for picture in record.pictures.values())
    assert {"profiles.png", "stability.png"} == record.pictures.keys()


def test_churn_shares_are_those_of_the_latest_mature_month(first: tuple[TrainedSegments, ModelRecord]):
    assert first[0].profiles["churn"] == {"scored": "2025-03", "horizon": 1}


def test_training_again_gives_the_same_record_pictures_included(
    delivered: MonthLedger, first: tuple[TrainedSegments, ModelRecord]
):
    assert trained(delivered)[1] == first[1]


def test_other_settings_are_another_training(delivered: MonthLedger, first: tuple[TrainedSegments, ModelRecord]):
    other = trained(delivered, settings=dataclasses.replace(QUICK, min_stability=0.9))[1]
    assert other.fingerprint != first[1].fingerprint


def test_what_came_after_as_of_changes_nothing(
    delivered: MonthLedger, first: tuple[TrainedSegments, ModelRecord], tmp_path: Path
):
    """Neither the month after it, nor corrections that came with that."""
    noisy = ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))
    noise = made_months(customers=300, months=5, seed=8)
    deliver(noisy, noise, ["2025-05"])
    deliver(noisy, noise, ["2025-02", "2025-03", "2025-04"], known_since="2025-05")
    record = trained(noisy)[1]
    assert record.files == first[1].files
    assert (record.tables, record.fingerprint) == (first[1].tables, first[1].fingerprint)


def test_a_newcomer_is_in_no_segment(tmp_path: Path):
    """A customer whose first bill came last month, and one whose bill of the month before is missing."""
    stays = TABLES["bills"].group_by("customer_id").len().filter(pl.col("len") == 5)["customer_id"].sort()
    late = (pl.col("customer_id") == stays[0]) & (pl.col("month") < "2025-03")
    gap = (pl.col("customer_id") == stays[1]) & (pl.col("month") == "2025-03")
    without = {**TABLES, "bills": TABLES["bills"].filter(~late & ~gap)}
    ledger = ledger_in(tmp_path / "tables")
    deliver(ledger, without)
    result = trained(ledger)[0]
    feature_month = ledger.known(f"features-{FeatureSet(CHURN, (), '').id}", AS_OF)
    assert feature_month is not None
    rows = ledger.warehouse.read(feature_month.table, AS_OF, feature_month.version).collect().to_native()
    segments = dict(zip(rows["customer_id"], result.model.assign(rows.to_arrow()).to_pylist(), strict=True))
    assert segments[stays[0]] is None
    assert segments[stays[1]] is None
    assert segments[stays[2]] is not None


def test_two_months_are_too_few_and_the_error_says_so(delivered: MonthLedger):
    with pytest.raises(ModelsError, match=r"customers of 2025-02 have 3 consecutive months on net; ingest at least 3"):
        trained(delivered, Month(2025, 2))


def test_a_sample_of_whole_buckets_bounds_what_is_learned_from(
    delivered: MonthLedger, first: tuple[TrainedSegments, ModelRecord]
):
    some = trained(delivered, settings=dataclasses.replace(QUICK, max_rows=1))[0].profiles["customers"]
    assert 0 < some < first[0].profiles["customers"]


def test_nothing_that_is_logged_names_a_customer(first: tuple[TrainedSegments, ModelRecord]):
    assert "customer-0" in str(TABLES["bills"]["customer_id"][0])
    logged: list[Any] = [getattr(first[1], field.name) for field in dataclasses.fields(ModelRecord)]
    assert "customer-0" not in str(logged)


def test_mlflow_loads_the_segments_without_holdfast_and_assigns_the_same(tmp_path: Path, delivered: MonthLedger):
    registry = Registry(tmp_path / "mlflow")
    work = SegmentTraining(delivered, FeatureSet(CHURN, (), "test"), 1, QUICK, NOW, progress=lambda _: None)
    result = train(work, AS_OF, registry)
    held = registry.held(SEGMENTS, CHALLENGER)
    assert held is not None
    assert (held.version, SegmentModel.from_files(held.files)) == (1, result.model)
    assert train(work, AS_OF, registry).version == 1
    rows = _rows(delivered)
    rows.select(result.model.columns).to_pandas().to_parquet(tmp_path / "rows.parquet")
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED_ELSEWHERE, registry.uri, str(tmp_path / "rows.parquet")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == result.model.assign(rows).to_pylist()
    files = [file for file in (tmp_path / "mlflow").rglob("*") if file.is_file()]
    assert [file.name for file in files if b"customer-0" in file.read_bytes() or file.suffix == ".pkl"] == []


def _rows(ledger: MonthLedger) -> pa.Table:
    """Feature rows with an unknown bill, an unknown brand and a newcomer among them."""
    entry = ledger.known(f"features-{FeatureSet(CHURN, (), '').id}", AS_OF)
    assert entry is not None
    rows = ledger.warehouse.read(entry.table, AS_OF, entry.version).collect().to_native().sort("customer_id")
    place = pl.int_range(pl.len())
    changed = rows.with_columns(
        pl.when(place != 1).then(pl.col(BILL)).alias(BILL),
        pl.when(place != 2).then(pl.col("brand")).alias("brand"),
        pl.when(place != 3).then(pl.col("tenure_months")).otherwise(1.0).cast(pl.Float32).alias("tenure_months"),
    )
    return changed.to_arrow()
