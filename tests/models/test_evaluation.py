"""Evaluation: metrics against their definitions and scikit-learn's, intervals against what they promise."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models import ModelsError
from models.calibration import expit
from models.evaluation import METRICS, EvaluationSettings, Scored, evaluate, evaluate_slices

FAST = EvaluationSettings(replicates=100)


def drawn(rows: int = 400, seed: int = 1, ties: bool = False) -> Scored:
    """Two months of each customer, about a fifth leavers; `model` knows something, `noise` nothing."""
    draws = np.random.default_rng(seed)
    signal = draws.normal(size=rows)
    model, noise = expit(-1.5 + signal), draws.random(rows)
    if ties:
        model, noise = model.round(1), noise.round(1)
    return Scored(draws.random(rows) < expit(-1.5 + signal), np.arange(rows) // 2, {"model": model, "noise": noise})


def values(scored: Scored, settings: EvaluationSettings = FAST, name: str = "model") -> dict[str, float]:
    metrics = evaluate(scored, name, settings)["metrics"][name]
    return {metric: metrics[metric]["value"] for metric in METRICS}


def width(interval: dict[str, float]) -> float:
    return interval["high"] - interval["low"]


def small(churned: list[int], score: list[float]) -> dict[str, float]:
    outcomes = np.array(churned, dtype=bool)
    scored = Scored(outcomes, np.arange(len(churned)), {"model": np.array(score)})
    return values(scored, EvaluationSettings(replicates=2, min_events_to_report=1))


def test_values_of_ten_rows_by_hand() -> None:
    #          the tenth is the first row      two tied rows
    found = small([1, 0, 1, 0, 0, 0, 0, 0, 0, 0], [0.9, 0.8, 0.5, 0.5, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1])
    assert found["auc"] == pytest.approx((8 + 6.5) / 16)
    assert found["average_precision"] == pytest.approx(1 / 1 / 2 + 2 / 4 / 2)
    assert found["top_decile_lift"] == pytest.approx(1 / (2 / 10))
    assert found["brier"] == pytest.approx((0.01 + 0.64 + 0.25 + 0.25 + 2 * 0.04 + 4 * 0.01) / 10)
    assert found["observed_over_expected"] == pytest.approx(2 / 3.5)


def test_a_tie_at_the_cut_gives_the_top_decile_its_share_of_the_tied() -> None:
    # Of twenty rows two are the tenth: the first, and a quarter of the four tied rows that hold two of three leavers.
    assert small([1, 1, 0, 0, 1] + [0] * 15, [0.9] + [0.5] * 4 + [0.1] * 15)["top_decile_lift"] == pytest.approx(
        (1 + 0.25 * 2) / 2 / (3 / 20)
    )


def test_a_constant_score_ranks_like_chance() -> None:
    found = small([1, 0, 0, 0, 1], [0.4] * 5)
    assert (found["auc"], found["average_precision"], found["top_decile_lift"]) == pytest.approx((0.5, 0.4, 1.0))
    assert found["observed_over_expected"] == pytest.approx(1.0)


@pytest.mark.parametrize("ties", [False, True])
def test_metrics_agree_with_scikit_learn(ties: bool) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    scored = drawn(ties=ties)
    model, found = scored.scores["model"], values(scored)
    logits = np.log(model.clip(1e-6, 1 - 1e-6) / (1 - model.clip(1e-6, 1 - 1e-6)))[:, None]
    line = LogisticRegression(C=np.inf, tol=1e-10).fit(logits, scored.churned)
    assert found["auc"] == pytest.approx(roc_auc_score(scored.churned, model), abs=1e-12)
    assert found["average_precision"] == pytest.approx(average_precision_score(scored.churned, model), abs=1e-12)
    assert found["brier"] == pytest.approx(brier_score_loss(scored.churned, model), abs=1e-12)
    assert found["calibration_slope"] == pytest.approx(line.coef_[0, 0], abs=1e-5)
    assert found["observed_over_expected"] == pytest.approx(scored.churned.sum() / model.sum(), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_a_replicate_is_the_table_with_each_customer_as_often_as_drawn(ties: bool) -> None:
    scored = drawn(ties=ties)
    times = np.bincount(np.random.default_rng(9).integers(200, size=200), minlength=200)
    rows = np.repeat(np.arange(400), times[scored.customer])
    repeated = Scored(scored.churned[rows], scored.customer[rows], {"model": scored.scores["model"][rows]})
    once = evaluate(scored, "model", EvaluationSettings(replicates=1, seed=9))["metrics"]["model"]
    for metric, value in values(repeated).items():
        assert once[metric]["low"] == pytest.approx(value, abs=1e-9), metric


def test_months_of_one_customer_are_no_new_evidence() -> None:
    scored = drawn(rows=300)
    alone = Scored(scored.churned, np.arange(300), scored.scores)
    fourfold = {name: np.tile(score, 4) for name, score in scored.scores.items()}
    clustered = Scored(np.tile(scored.churned, 4), np.tile(np.arange(300), 4), fourfold)
    naive = Scored(np.tile(scored.churned, 4), np.arange(1200), fourfold)
    once, same, narrow = (
        evaluate(rows, "model", FAST)["metrics"]["model"]["auc"] for rows in (alone, clustered, naive)
    )
    assert same == pytest.approx(once, abs=1e-12)
    assert width(narrow) < 0.7 * width(same)


def test_a_model_differs_from_its_twin_by_exactly_nothing() -> None:
    scored = drawn()
    twins = Scored(scored.churned, scored.customer, {"model": scored.scores["model"], "twin": scored.scores["model"]})
    difference = evaluate(twins, "model", FAST)["differences"]
    assert difference == {"twin": {metric: {"value": 0.0, "low": 0.0, "high": 0.0} for metric in METRICS}}


def test_a_difference_is_model_minus_baseline_and_paired() -> None:
    scored = drawn()
    nearly = scored.scores["model"] + 1e-3 * scored.scores["noise"]
    table = evaluate(Scored(scored.churned, scored.customer, {**scored.scores, "nearly": nearly}), "model", FAST)
    metrics, differences = table["metrics"], table["differences"]
    assert list(differences) == ["noise", "nearly"]
    assert differences["noise"]["auc"]["value"] == metrics["model"]["auc"]["value"] - metrics["noise"]["auc"]["value"]
    assert differences["noise"]["auc"]["low"] > 0
    assert width(differences["nearly"]["auc"]) < 0.1 * width(metrics["model"]["auc"])


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    # Two values of the score, so that the true AUC is known: P(1 | left) = 0.7, P(1 | stayed) = 0.3.
    truth, covered = 0.7 * 0.7 + (0.7 * 0.3 + 0.3 * 0.7) / 2, 0
    draws = np.random.default_rng(4)
    for _ in range(100):
        customer = np.arange(300) % 150
        left = (draws.random(150) < 0.3)[customer]
        score = (draws.random(150)[customer] < np.where(left, 0.7, 0.3)).astype(float)
        table = evaluate(Scored(left, customer, {"model": score}), "model", FAST)
        interval = table["metrics"]["model"]["auc"]
        covered += interval["low"] <= truth <= interval["high"]
    assert 88 <= covered <= 99


def test_an_interval_of_independent_rows_is_the_one_of_the_textbook() -> None:
    scored = drawn(rows=1000)
    alone = Scored(scored.churned, np.arange(1000), {"model": scored.scores["model"]})
    brier = evaluate(alone, "model", EvaluationSettings(replicates=2000))["metrics"]["model"]["brier"]
    squares = (scored.scores["model"] - scored.churned) ** 2
    assert width(brier) == pytest.approx(2 * 1.96 * squares.std() / np.sqrt(1000), rel=0.08)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    first, again = (evaluate(drawn(), "model", FAST) for _ in range(2))
    other = evaluate(drawn(), "model", EvaluationSettings(replicates=100, seed=2))
    assert json.dumps(first) == json.dumps(again) != json.dumps(other)
    assert first["metrics"]["model"]["auc"]["value"] == other["metrics"]["model"]["auc"]["value"]


def test_working_in_smaller_portions_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = evaluate(drawn(), "model", FAST)
    monkeypatch.setattr("models.evaluation._CELLS", 900)
    assert evaluate(drawn(), "model", FAST) == whole


def test_names_of_customers_serve_as_well_as_codes() -> None:
    scored = drawn()
    named = Scored(scored.churned, np.array([f"c{code:04d}" for code in scored.customer]), scored.scores)
    assert evaluate(named, "model", FAST) == evaluate(scored, "model", FAST)


@pytest.mark.parametrize("churned", [np.arange(40) < 9, np.arange(40) >= 9, np.zeros(40, bool), np.zeros(0, bool)])
def test_too_few_of_either_outcome_gives_no_number_but_the_reason(churned: npt.NDArray[np.bool_]) -> None:
    score = np.linspace(0.1, 0.9, len(churned))
    table = evaluate(Scored(churned, np.arange(len(churned)), {"model": score, "other": score}), "model", FAST)
    nothing = {"value": None, "low": None, "high": None, "note": "not enough data"}
    assert table["metrics"] == {name: dict.fromkeys(METRICS, nothing) for name in ("model", "other")}
    assert table["differences"] == {"other": dict.fromkeys(METRICS, nothing)}
    assert table["events"] == churned.sum()


def test_a_leaver_announced_in_many_months_is_one_event() -> None:
    churned, score = np.arange(60) % 2 == 0, np.linspace(0.1, 0.9, 60)
    five_leavers = Scored(churned, np.where(churned, np.arange(60) % 10, 100 + np.arange(60)), {"model": score})
    table = evaluate(five_leavers, "model", FAST)
    assert table["events"] == 30
    assert table["metrics"]["model"]["auc"]["note"] == "not enough data"


def test_a_score_that_is_no_probability_is_ranked_by_but_not_judged_as_one() -> None:
    scored = drawn()
    ratio = Scored(
        scored.churned, scored.customer, {"model": scored.scores["model"], "ratio": 7 * scored.scores["model"]}
    )
    table = evaluate(ratio, "model", FAST)
    metrics = table["metrics"]
    nothing = {"value": None, "low": None, "high": None, "note": "not a probability"}
    for metric in METRICS[:3]:
        assert metrics["ratio"][metric] == metrics["model"][metric]
    for metric in METRICS[3:]:
        assert metrics["ratio"][metric] == table["differences"]["ratio"][metric] == nothing


def test_one_probability_for_everybody_has_no_calibration_slope() -> None:
    scored = drawn()
    flat = Scored(scored.churned, scored.customer, {"model": scored.scores["model"], "flat": np.full(400, 0.2)})
    found = evaluate(flat, "model", FAST)["metrics"]["flat"]
    assert found["calibration_slope"] == {"value": None, "low": None, "high": None, "note": "not defined on these rows"}
    assert found["auc"] == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_an_interval_is_not_given_when_many_replicates_have_no_value() -> None:
    # One leaver: he is not drawn in a third of the replicates.
    lonely = Scored(np.arange(30) == 3, np.arange(30), {"model": np.linspace(0.9, 0.1, 30)})
    table = evaluate(lonely, "model", EvaluationSettings(replicates=100, min_events_to_report=1))
    auc = table["metrics"]["model"]["auc"]
    assert auc == {"value": pytest.approx(26 / 29), "low": None, "high": None, "note": "not enough data"}


def test_a_slice_is_the_table_of_its_rows() -> None:
    scored = drawn()
    brand = np.where(np.arange(400) < 300, "GoTone", "M-Zone")
    tables = evaluate_slices(scored, brand, "model", FAST)
    assert list(tables) == ["GoTone", "M-Zone"]
    assert tables["GoTone"] == evaluate(scored.only(brand == "GoTone"), "model", FAST)


def test_a_slice_of_few_customers_shows_nothing() -> None:
    scored = drawn()
    brand = np.where(np.arange(400) < 18, "tiny", "large")  # 18 rows of 9 customers
    tiny: dict[str, Any] = evaluate_slices(scored, brand, "model", EvaluationSettings(10, min_events_to_report=1))[
        "tiny"
    ]
    assert (tiny["rows"], tiny["customers"], tiny["events"]) == (None, None, None)
    assert {cell["value"] for table in tiny["metrics"].values() for cell in table.values()} == {None}


def test_the_table_is_plain_json() -> None:
    table = evaluate(drawn(), "model", FAST)
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_scores_that_miss_rows_or_values_are_an_error() -> None:
    churned, customer = np.array([True, False]), np.array([1, 2])
    with pytest.raises(ModelsError, match="model has 1 rows, outcomes 2"):
        Scored(churned, customer, {"model": np.array([0.5])})
    with pytest.raises(ModelsError, match="customer has 1 rows"):
        Scored(churned, np.array([1]), {"model": np.array([0.5, 0.5])})
    with pytest.raises(ModelsError, match="model has missing or infinite values"):
        Scored(churned, customer, {"model": np.array([0.5, np.nan])})
