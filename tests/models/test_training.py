from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.labels import ImmatureLabels
from features.month_ledger import MonthLedger
from features.months import Month
from models import ModelsError
from models.churn import ChurnModel
from models.model_record import ModelRecord
from models.promotion import PromotionSettings
from models.training import Trained, Training, flat_metrics, train
from tests.made_operator import deliver, ledger_in, made_months
from tests.models.remembered_registry import Remembered
from tests.models.test_backtest import backtest_on

TABLES = made_months(customers=300, months=5)
AS_OF = Month(2025, 4)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, TABLES)
    return ledger


def trained(ledger: MonthLedger, as_of: Month = AS_OF) -> tuple[Trained, ModelRecord]:
    """The first training of an operator, its decision in a ledger of its own."""
    registry = Remembered()
    result = train(training_in(ledger, registry), as_of, 1)
    return result, registry.records[0]


def training_in(ledger: MonthLedger, registry: Remembered, **changed: Any) -> Training:
    """Twenty leavers are more than this operator loses in a month, so the gate asks for one."""
    rules = PromotionSettings(min_events=1, min_auc=0.0, **changed)
    return Training(backtest_on(ledger), registry, rules, list_size=20, made_by={"lock": "of a test"})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def first(delivered: MonthLedger) -> tuple[Trained, ModelRecord]:
    return trained(delivered)


def test_the_registered_model_learned_from_every_month_mature_by_then(first: tuple[Trained, ModelRecord]):
    result, record = first
    assert result.learned_from["scoring_months"] == ["2025-01", "2025-02", "2025-03"]
    assert record.facts["scoring_months"] == ["2025-01", "2025-02", "2025-03"]
    assert (record.facts["as_of"], record.facts["horizon"], record.facts["gap"]) == ("2025-04", 1, 0)
    assert {**record.files, "reference.json": ""} == {**result.model.files(), "reference.json": ""}


def test_its_reference_for_the_monitoring_is_of_the_month_with_the_longest_history(
    first: tuple[Trained, ModelRecord],
):
    assert json.loads(first[1].files["reference.json"])["months"] == ["2025-03"]


def test_its_reference_knows_what_is_usual_between_months_of_whole_look_back(
    first: tuple[Trained, ModelRecord], tmp_path: Path
):
    """The sixth month is the first of these, so it takes seven; of a later month nothing is known."""
    assert json.loads(first[1].files["reference.json"])["usual"] == {}
    ledger = ledger_in(tmp_path)
    deliver(ledger, made_months(customers=300, months=8))
    reference = json.loads(trained(ledger, Month(2025, 7))[1].files["reference.json"])
    assert set(reference["usual"]) == {*reference["numbers"], *reference["categories"]}
    assert reference["usual"]["brand"] == pytest.approx(0, abs=0.01)
    assert ledger.known("features-" + first[1].facts["feature_set"], Month(2025, 8)) is None


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
    logged: list[Any] = [record.files, record.facts, record.parameters, record.metrics, record.tables, record.texts]
    logged += [record.datasets, record.example, record.description, record.tags]
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


def test_the_run_shows_what_a_reviewer_looks_for(first: tuple[Trained, ModelRecord]):
    record = first[1]
    assert set(record.pictures) == {
        "roc.png",
        "precision_recall.png",
        "gain_and_lift.png",
        "reliability.png",
        "score_distribution.png",
        "importance.png",
        "shap_summary.png",
    }
    assert all(picture.startswith(b"\x89PNG") for picture in record.pictures.values())
    assert record.texts["slices.csv"].splitlines()[1].startswith("1,brand,Blue,")
    assert record.texts["feature_catalogue.csv"].splitlines()[1].startswith("tenure_months,products and life cycle,")
    assert record.description == record.texts["model_card.md"]
    assert record.tags == {"code": "test", "lock": "of a test"}


def test_inputs_are_the_feature_months_and_the_months_that_told_who_left(first: tuple[Trained, ModelRecord]):
    names = [dataset.name for dataset in first[1].datasets]
    assert [name.split(" ")[1] for name in names if name.startswith("features-")] == ["2025-01", "2025-02", "2025-03"]
    assert [name for name in names if name.startswith("bills")] == ["bills 2025-02", "bills 2025-03", "bills 2025-04"]
    assert all(len(dataset.digest) == 64 for dataset in first[1].datasets)


def test_the_example_is_made_up_of_types_and_not_of_rows(first: tuple[Trained, ModelRecord]):
    example, record = first[1].example, first[1]
    assert list(example) == list(record.signature)
    assert example["brand"] == ["a brand", "another brand", None]
    assert all(values[-1] is None for values in example.values())


def test_the_first_training_becomes_champion_as_there_is_none_to_protect(first: tuple[Trained, ModelRecord]):
    decision = first[0].decision
    assert (decision.action, decision.moved, decision.from_version, decision.to_version) == ("promote", True, 0, 1)
    assert decision.reason == "there was no champion"
    assert first[0].champion == 1


def second_training(delivered: MonthLedger, folder: Path, **changed: Any) -> tuple[list[Trained], Remembered]:
    """A champion as of April and, with other rules or recipe, a challenger as of May."""
    ledger, registry = ledger_in(shutil.copytree(delivered.warehouse.tables, folder / "tables")), Remembered()
    shutil.rmtree(ledger.warehouse.tables / "promotion_ledger", ignore_errors=True)
    champion = train(training_in(ledger, registry), AS_OF, 1)
    training = training_in(ledger, registry, **changed.pop("rules", {}))
    training = dataclasses.replace(training, test=dataclasses.replace(training.test, **changed))
    return [champion, train(training, AS_OF + 1, 1)], registry


def test_the_same_recipe_a_month_later_equals_the_champion_on_what_neither_learned_from(
    delivered: MonthLedger, tmp_path: Path
):
    """One origin earlier the recipe has the champion's own rows, and so gives the champion's own probabilities."""
    (_, later), registry = second_training(delivered, tmp_path)
    paired = json.loads(later.decision.evidence)["champion"]
    assert paired["months"] == ["2025-04"]
    assert {metric: gain["value"] for metric, gain in paired["differences"].items()}["auc"] == 0.0
    assert (later.decision.moved, later.champion) == (True, 2)
    changes = registry.records[1].tables["champion_changes.json"]
    assert changes["data"]["champion"]["months"] == "2025-01 to 2025-03 (3)"
    assert changes["data"]["challenger"]["months"] == "2025-01 to 2025-04 (4)"
    assert changes["lists"]["month"] == "2025-05"
    assert "# What changed since champion version 1" in registry.records[1].texts["champion_changes.md"]


def test_a_worse_recipe_stays_challenger(delivered: MonthLedger, tmp_path: Path):
    blunt = dataclasses.replace(backtest_on(delivered).settings, fallback_rounds=1, min_data_in_leaf=100)
    (_, later), registry = second_training(delivered, tmp_path, settings=blunt)
    assert (later.decision.action, later.decision.moved, registry.champion) == ("hold", False, 1)


def test_a_training_as_of_the_same_month_has_nothing_new_to_be_compared_on(delivered: MonthLedger, tmp_path: Path):
    ledger, registry = ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables")), Remembered()
    shutil.rmtree(ledger.warehouse.tables / "promotion_ledger", ignore_errors=True)
    training = training_in(ledger, registry)
    train(training, AS_OF, 1)
    other = dataclasses.replace(training.test.settings, seed=8)
    later = train(dataclasses.replace(training, test=dataclasses.replace(training.test, settings=other)), AS_OF, 1)
    assert (later.version, later.champion) == (2, 1)
    assert later.decision.reason == (
        "not enough data to compare with champion version 1: it learned from 2025-03, and no tested month lies a "
        "whole window after that"
    )


def test_training_again_decides_nothing_again(delivered: MonthLedger, tmp_path: Path):
    ledger, registry = ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables")), Remembered()
    shutil.rmtree(ledger.warehouse.tables / "promotion_ledger", ignore_errors=True)
    once, again = (train(training_in(ledger, registry), AS_OF, 1) for _ in range(2))
    assert again.decision == once.decision
    assert len(ledger.warehouse.rows("promotion_ledger")) == 1


def test_small_cells_are_blank_in_everything_that_is_tracked(delivered: MonthLedger, tmp_path: Path):
    """With three brands, one of them of four customers: not even by subtraction can they be counted."""
    rare = pl.when(pl.col("customer_id") <= "customer-0003").then(pl.lit("Rare")).otherwise("brand")
    tables = {**TABLES, "customers": TABLES["customers"].with_columns(brand=rare)}
    ledger = ledger_in(tmp_path / "tables")
    deliver(ledger, tables)
    record = trained(ledger)[1]
    brands = record.tables["test.json"]["slices"]["horizon_1"]["brand"]
    assert (brands["Rare"]["rows"], brands["Rare"]["customers"], brands["Rare"]["events"]) == (None, None, None)
    assert sum(part["rows"] is None for part in brands.values()) == 2
    assert "1,brand,Rare,,,,,,," in record.texts["slices.csv"]
