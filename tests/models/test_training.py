from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from features.labels import ImmatureLabels
from features.month_ledger import MonthLedger
from features.months import Month
from models import ModelsError
from models.churn import ChurnModel
from models.registry import ModelRecord
from models.training import Trained, flat_metrics, train
from tests.made_operator import deliver, ledger_in, made_months
from tests.models.test_backtest import backtest_on

TABLES = made_months(customers=300, months=5)
AS_OF = Month(2025, 4)


class Remembered:
    """In the place of the registry: what would have been registered."""

    def __init__(self) -> None:
        self.records: list[ModelRecord] = []

    def register(self, record: ModelRecord) -> int:
        self.records.append(record)
        return len(self.records)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, TABLES)
    return ledger


def trained(ledger: MonthLedger, as_of: Month = AS_OF) -> tuple[Trained, ModelRecord]:
    registry = Remembered()
    result = train(backtest_on(ledger), as_of, 1, registry)  # type: ignore[arg-type]
    return result, registry.records[0]


@pytest.fixture(scope="module")
def first(delivered: MonthLedger) -> tuple[Trained, ModelRecord]:
    return trained(delivered)


def test_the_registered_model_learned_from_every_month_mature_by_then(first: tuple[Trained, ModelRecord]):
    result, record = first
    assert result.learned_from["scoring_months"] == ["2025-01", "2025-02", "2025-03"]
    assert record.facts["scoring_months"] == ["2025-01", "2025-02", "2025-03"]
    assert (record.facts["as_of"], record.facts["horizon"], record.facts["gap"]) == ("2025-04", 1, 0)
    assert record.files == result.model.files()


def test_its_test_is_the_same_recipe_one_origin_earlier(first: tuple[Trained, ModelRecord]):
    result, record = first
    assert list(result.test["months"]) == ["2025-03"]
    assert result.test["notes"][0].startswith("2025-03 at horizon 1: ")
    assert record.metrics["horizon_1.model.auc"] == result.test["pooled"]["horizon_1"]["model"]["auc"]["value"]
    assert {"horizon_1.scorecard.brier.low", "horizon_1.scorecard.brier.high"} <= record.metrics.keys()


def test_the_same_months_give_the_same_fingerprint_and_another_month_another(
    delivered: MonthLedger, first: tuple[Trained, ModelRecord]
):
    again = trained(delivered)[1]
    assert again.fingerprint == first[1].fingerprint
    assert trained(delivered, Month(2025, 5))[1].fingerprint != first[1].fingerprint


def test_what_came_after_as_of_changes_nothing(
    delivered: MonthLedger, first: tuple[Trained, ModelRecord], tmp_path: Path
):
    """Neither the month after it, nor corrections that came with that, for the model and for its test."""
    noisy = ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))
    noise = made_months(customers=300, months=5, seed=8)
    deliver(noisy, noise, ["2025-05"])
    deliver(noisy, noise, ["2025-02", "2025-03", "2025-04"], known_since="2025-05")
    result, record = trained(noisy)
    assert result.model.booster_text == first[0].model.booster_text
    assert result.model.calibrator == first[0].model.calibrator
    assert result.test == first[0].test
    assert record == first[1]


def test_the_first_model_of_all_says_that_it_was_not_tested_out_of_time(delivered: MonthLedger):
    result, record = trained(delivered, Month(2025, 2))
    assert result.test["notes"][0].startswith(
        "not tested out of time: no month could be judged: 2025-01 left out: as of"
    )
    assert record.metrics == {}


def test_immature_labels_are_refused(delivered: MonthLedger):
    with pytest.raises(ImmatureLabels, match=r"labels of 2025-01 at horizon 1 mature with 2025-02, after 2025-01"):
        trained(delivered, Month(2025, 1))


def test_a_model_as_of_a_month_that_never_came_is_refused(delivered: MonthLedger):
    with pytest.raises(ModelsError, match=r"customers of 2027-04 were not on hand at its close"):
        trained(delivered, Month(2027, 4))


def test_nothing_that_is_logged_names_a_customer(first: tuple[Trained, ModelRecord]):
    record = first[1]
    logged: list[Any] = [record.files, record.facts, record.parameters, record.metrics, record.tables]
    assert "customer-0" in str(TABLES["bills"]["customer_id"][0])
    assert "customer-0" not in str(logged)


def test_metrics_are_flat_and_leave_out_what_could_not_be_given():
    figure = {"value": 0.8, "low": 0.7, "high": 0.9}
    absent = {"value": None, "low": None, "high": None, "note": "not enough data"}
    point = {"value": 0.1, "low": None, "high": None, "note": "not enough data"}
    scores = {"auc": figure, "average_precision": absent, "top_decile_lift": point}
    scores |= dict.fromkeys(("brier", "calibration_slope", "observed_over_expected"), absent)
    assert flat_metrics({"pooled": {"horizon_3": {"model": scores}}}) == {
        "horizon_3.model.auc": 0.8,
        "horizon_3.model.auc.low": 0.7,
        "horizon_3.model.auc.high": 0.9,
        "horizon_3.model.top_decile_lift": 0.1,
    }
    assert flat_metrics({"notes": ["not tested"]}) == {}


def test_a_model_is_told_by_its_settings_too(first: tuple[Trained, ModelRecord]):
    parameters = first[1].parameters
    assert (parameters["min_events"], parameters["fallback_rounds"], parameters["rounds"]) == (1_000, 8, 8)
    assert isinstance(first[0].model, ChurnModel)
    assert dataclasses.asdict(first[0].model.calibrator)["slope"] > 0
