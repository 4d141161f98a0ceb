from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.feature_months import FeatureSet, feature_set_at
from features.labels import ChurnDefinition, ImmatureLabels
from features.month_ledger import MonthLedger
from features.months import Month
from models import backtest
from models.backtest import Backtest, NothingJudged, run_backtest, training_table
from models.baselines import BASELINES
from models.evaluation import METRICS, EvaluationSettings, Scored
from models.training_table import Labelling
from tests.drawn import contract_table
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months
from tests.models.made_tables import QUICK

TABLES = made_months(customers=300, months=6)
JUDGED = [Month(2025, 3), Month(2025, 4)]
SCORES = ("model", *BASELINES)


def backtest_on(ledger: MonthLedger, churn: ChurnDefinition = CHURN, **changed: Any) -> Backtest:
    settings = dataclasses.replace(QUICK, min_events=1_000, fallback_rounds=8, folds=2, **changed)
    return Backtest(
        ledger,
        lambda month: feature_set_at(ledger, month, churn, "test"),
        settings,
        EvaluationSettings(replicates=20, min_events_to_report=1),
        1,
        NOW,
        lambda _: None,
    )


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, TABLES)
    return ledger


@pytest.fixture(scope="module")
def report(delivered: MonthLedger) -> dict[str, Any]:
    return run_backtest(backtest_on(delivered), [*JUDGED, Month(2025, 6)], [1])


def scored_in(test: Backtest, month: Month, monkeypatch: pytest.MonkeyPatch) -> Scored:
    """The rows that a backtest of one month hands to the evaluation."""
    seen: list[Scored] = []
    judge = backtest.evaluate

    def watched(scored: Scored, *more: Any) -> Any:
        seen.append(scored)
        return judge(scored, *more)

    with monkeypatch.context() as patched:
        patched.setattr(backtest, "evaluate", watched)
        run_backtest(test, [month], [1])
    return seen[0]


def test_every_score_has_every_metric_with_its_interval(report: dict[str, Any]):
    pooled = report["pooled"]["horizon_1"]
    assert list(pooled) == ["model", "logistic_regression", "lightgbm_defaults", "scorecard", "last_bill_vs_usual"]
    for name in SCORES:
        assert list(pooled[name]) == [
            "auc",
            "average_precision",
            "top_decile_lift",
            "brier",
            "calibration_slope",
            "observed_over_expected",
        ]
        assert all({"value", "low", "high"} <= figure.keys() for figure in pooled[name].values())
    assert 0.9 < pooled["model"]["auc"]["low"] <= pooled["model"]["auc"]["value"] <= pooled["model"]["auc"]["high"] <= 1


def test_months_have_the_same_figures_one_by_one(report: dict[str, Any]):
    assert list(report["months"]) == ["2025-03", "2025-04"]
    for month in report["months"].values():
        assert [name for name in month["horizon_1"] if name != "counts"] == list(SCORES)
        assert list(month["horizon_1"]["model"]) == list(METRICS)
    rows = [month["horizon_1"]["counts"]["rows"] for month in report["months"].values()]
    assert report["counts"]["horizon_1"]["rows"] == sum(rows)


def test_the_model_is_compared_with_every_baseline_and_by_brand_and_tenure(report: dict[str, Any]):
    assert list(report["differences"]["horizon_1"]) == list(BASELINES)
    slices = report["slices"]["horizon_1"]
    assert list(slices["brand"]) == ["Blue", "Red"]
    assert set(slices["tenure"]) == {"0-6 months", "1-2 years", "2-4 years", "4 years and more"}
    assert sum(part["rows"] for part in slices["brand"].values()) == report["counts"]["horizon_1"]["rows"]


def test_it_says_that_it_is_out_of_time(report: dict[str, Any]):
    assert report["design"] == "out of time: every month is scored by a model that saw only labels mature by then"


def test_a_month_whose_labels_are_not_mature_is_left_out_with_a_note(report: dict[str, Any]):
    assert report["notes"][-1] == (
        "2025-06 left out: labels of 2025-06 at horizon 1 mature with 2025-07, after 2025-06"
    )


def test_a_fallback_is_noted_month_by_month(report: dict[str, Any]):
    assert [note.split(":")[0] for note in report["notes"][:2]] == ["2025-03 at horizon 1", "2025-04 at horizon 1"]
    assert "do not give three parts of 1000" in report["notes"][0]


def test_a_report_is_plain_json(report: dict[str, Any]):
    assert json.loads(json.dumps(report)) == report


def test_a_backtest_gives_the_same_figures_again(delivered: MonthLedger, report: dict[str, Any]):
    assert run_backtest(backtest_on(delivered), [*JUDGED, Month(2025, 6)], [1]) == report


def test_customers_that_training_never_saw_are_reported_apart(delivered: MonthLedger, tmp_path: Path):
    ledger = ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))
    newcomers = made_months(customers=80, months=6, seed=9)
    for name, rows in newcomers.items():
        renamed = rows.with_columns(customer_id="new-" + pl.col("customer_id"))
        newcomers[name] = pl.concat([TABLES[name], renamed]).filter(pl.col("month").is_in(["2025-04", "2025-05"]))
    deliver(ledger, newcomers)
    found = run_backtest(backtest_on(ledger), [Month(2025, 4)], [1])
    unseen = found["unseen"]["horizon_1"]
    assert (
        unseen["rows"]
        == newcomers["bills"]
        .filter((pl.col("month") == "2025-04") & pl.col("customer_id").str.starts_with("new-"))
        .height
    )
    assert set(unseen["metrics"]) == set(SCORES)
    assert unseen["rows"] < found["counts"]["horizon_1"]["rows"]


def test_a_month_is_scored_by_what_was_known_then(
    delivered: MonthLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Everything after 2025-03 is told otherwise: outcomes change, no score does."""
    before = scored_in(backtest_on(delivered), Month(2025, 3), monkeypatch)
    ledger = ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))
    other = {name: rows.filter(pl.col("month") > "2025-03") for name, rows in made_months(seed=5).items()}
    deliver(ledger, other)
    after = scored_in(backtest_on(ledger), Month(2025, 3), monkeypatch)
    assert (after.churned != before.churned).any()
    assert {name: score.tolist() for name, score in after.scores.items()} == {
        name: score.tolist() for name, score in before.scores.items()
    }
    # A planted leak: training by labels that are known only now.
    known_now = Labelling
    monkeypatch.setattr(backtest, "Labelling", lambda *a: known_now(*a[:3], Month(2025, 5), *a[4:]))
    leaked = scored_in(backtest_on(ledger), Month(2025, 3), monkeypatch)
    assert leaked.scores["model"].tolist() != before.scores["model"].tolist()


def test_training_takes_every_month_that_was_mature_by_then_and_no_other(delivered: MonthLedger):
    test = backtest_on(delivered)
    table = training_table(test, Month(2025, 4), 1, FeatureSet(CHURN, (), "test"))
    assert [str(month) for month in table.scored] == ["2025-01", "2025-02", "2025-03"]


def test_without_a_mature_month_there_is_nothing_to_train_on(delivered: MonthLedger):
    test = backtest_on(delivered)
    with pytest.raises(
        ImmatureLabels, match=r"as of 2025-01 there is nothing to learn from: labels of 2025-01 at horizon"
    ):
        training_table(test, Month(2025, 1), 1, FeatureSet(CHURN, (), "test"))
    with pytest.raises(ImmatureLabels, match=r"as of 2024-12 there is nothing to learn from: no month was on hand"):
        training_table(test, Month(2024, 12), 1, FeatureSet(CHURN, (), "test"))


def test_months_of_which_none_can_be_judged_are_an_error_in_one_line(delivered: MonthLedger):
    with pytest.raises(NothingJudged) as problem:
        run_backtest(backtest_on(delivered), [Month(2025, 1), Month(2025, 6), Month(2025, 7)], [1])
    assert str(problem.value) == (
        "no month could be judged: "
        "2025-01 left out: as of 2025-01 there is nothing to learn from: labels of 2025-01 at horizon 1 "
        "mature with 2025-02, after 2025-01; take a later --as-of, or ingest more months; "
        "2025-06 left out: labels of 2025-06 at horizon 1 mature with 2025-07, after 2025-06; "
        "2025-07 left out: bills 2025-07 was not on hand at its close"
    )


def test_a_month_with_too_few_leavers_to_learn_from_is_left_out_with_a_note(delivered: MonthLedger):
    leavers = [
        len(set(TABLES["bills"].filter(pl.col("month") == now)["customer_id"]))
        - len(set(TABLES["bills"].filter(pl.col("month") == then)["customer_id"]))
        for now, then in (("2025-01", "2025-02"), ("2025-02", "2025-03"))
    ]
    test = dataclasses.replace(
        backtest_on(delivered), settings=dataclasses.replace(backtest_on(delivered).settings, folds=leavers[0] + 1)
    )
    found = run_backtest(test, [Month(2025, 2), Month(2025, 3)], [1])
    assert list(found["months"]) == ["2025-03"]
    assert f"2025-02 left out: churn at horizon 1: {leavers[0]} customers who left" in found["notes"][0]


def test_a_home_without_months_says_so(tmp_path: Path):
    with pytest.raises(NothingJudged, match=r"no month of customers is on hand; run holdfast ingest first"):
        run_backtest(backtest_on(ledger_in(tmp_path)), [Month(2025, 1)], [1])


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    """One month with given outcomes, of which nothing can be foretold: they go by the parity of the id."""
    ledger = ledger_in(tmp_path_factory.mktemp("snapshot"))
    outcomes = ["month customer_id churned"]
    outcomes += [f"2025-01 customer-{n:04} {'true' if n % 5 == 0 else 'false'}" for n in range(300)]
    tables = {name: rows.filter(pl.col("month") == "2025-01") for name, rows in TABLES.items()}
    drawn = contract_table("outcomes", "\n".join(outcomes)).with_columns(pl.col("kind").cast(pl.String))
    deliver(ledger, tables | {"outcomes": drawn.select("month", "customer_id", "churned", "kind")})
    return ledger


def test_a_single_snapshot_is_cross_validated_and_labelled_not_out_of_time(snapshot: MonthLedger):
    found = run_backtest(backtest_on(snapshot, ChurnDefinition(given=True)), [Month(2025, 1)], [1])
    assert found["design"] == "customer-grouped cross-validation within one snapshot, not out of time"
    assert found["counts"]["horizon_1"] == {"rows": 300, "customers": 300, "events": 60}
    assert list(found["pooled"]["horizon_1"]) == list(SCORES)
    assert found["unseen"]["horizon_1"]["rows"] == 300


def test_a_snapshots_rows_are_scored_by_models_that_never_saw_them(
    snapshot: MonthLedger, monkeypatch: pytest.MonkeyPatch
):
    trained: list[np.ndarray] = []
    fit = backtest.churn.fit

    def watched(table: Any, *more: Any) -> Any:
        trained.append(table.customers)
        return fit(table, *more)

    monkeypatch.setattr(backtest.churn, "fit", watched)
    run_backtest(backtest_on(snapshot, ChurnDefinition(given=True)), [Month(2025, 1)], [1])
    first, second = (set(customers) for customers in trained)
    assert first & second == set()
    assert len(first | second) == 300
