from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.drift_reference import DriftReference, NumberReference, number_cells
from models.usual_movement import Movement
from serving.monitoring.population_drift import SCORE, IndicatorDrift, Jump, PopulationDrift, measure
from serving.monitoring.verdict import MonitoringSettings, Verdict, judge, rows_of

SETTINGS = MonitoringSettings()
INDICATORS = 40


def one(name: str = "bill", psi: float = 0.0, importance: float = 1.0, **changes: float) -> IndicatorDrift:
    figures = IndicatorDrift(name, "number", psi, 1 / 5_000, 9, 0.1, 0.0, 0.0, importance)
    return dataclasses.replace(figures, **changes)  # type: ignore[arg-type]


def judged(*indicators: IndicatorDrift, score: IndicatorDrift | None = None) -> Verdict:
    drift = PopulationDrift(10_000, indicators, score or one(SCORE, importance=0.0))
    return judge(drift, SETTINGS)


def drawn_month(seed: int, shift: float = 0.0, customers: int = 4_000) -> PopulationDrift:
    """Forty indicators of a month drawn as the reference was, except for the first, which is shifted."""
    rng = np.random.default_rng(seed)
    names = [f"indicator {place:02}" for place in range(INDICATORS)]
    numbers = {name: number_cells(rng.gamma(2, 1, 4_000)) for name in names}
    score = number_cells(rng.beta(1, 20, 4_000))
    weights = dict.fromkeys(names, 1 / INDICATORS)
    reference = DriftReference(("2025-01",), 4_000, 4_000, 4_000, 4_000, numbers, {}, score, weights)
    counts = {
        name: counted(cells, rng.gamma(2, 1, customers) + (shift if name == names[0] else 0))
        for name, cells in numbers.items()
    }
    return measure(counts | {SCORE: counted(score, rng.beta(1, 20, customers))}, reference)


def counted(cells: NumberReference, values: np.ndarray) -> list[int]:
    cell = np.searchsorted(np.array(cells.edges), values, "left")
    return [*map(int, np.bincount(cell, minlength=len(cells.means))), 0]


@pytest.mark.parametrize("seed", range(8))
def test_an_unmoved_month_flags_nothing(seed: int):
    verdict = judge(drawn_month(seed), SETTINGS)
    assert verdict.states() == {"stable": INDICATORS}
    assert (verdict.overall, verdict.retrain) == ("ok", False)


@pytest.mark.parametrize("seed", range(8))
def test_a_shifted_indicator_is_flagged_and_no_other(seed: int):
    verdict = judge(drawn_month(seed, shift=1.0), SETTINGS)
    flagged = [one.figures.indicator for one in verdict.indicators if one.state != "stable"]
    assert flagged == ["indicator 00"]
    assert verdict.indicators[0].state == "drifted"


@pytest.mark.parametrize("seed", range(4))
def test_few_customers_are_not_enough_to_tell(seed: int):
    verdict = judge(drawn_month(seed, customers=60), SETTINGS)
    assert (verdict.overall, verdict.retrain) == ("not enough data", False)
    assert verdict.states() == {"not enough data": INDICATORS}
    assert "too few customers" in verdict.reasons[0]


def test_what_is_far_beyond_chance_has_drifted_however_few_the_customers():
    few = 1 / 250 + 1 / 250  # by chance up to 0.28 with so many indicators
    indicators = tuple(one(f"i{place}", 4.0, 1 / 200, noise_unit=few) for place in range(200))
    verdict = judged(*indicators, score=one(SCORE, 4.0, 0.0, noise_unit=few))
    assert 0.25 < verdict.score.psi_noise < 0.3
    assert (verdict.overall, verdict.retrain, verdict.states()) == ("drifted", True, {"drifted": 200})
    assert "the score is drifted: PSI 4.000" in verdict.reasons[0]


def test_what_few_customers_may_do_by_chance_is_not_enough_data():
    few = 1 / 250 + 1 / 250
    calm = tuple(one(f"i{place}", 0.27, 1 / 200, noise_unit=few) for place in range(200))
    verdict = judged(*calm, score=one(SCORE, 0.27, 0.0, noise_unit=few))
    assert (verdict.overall, verdict.states()) == ("not enough data", {"not enough data": 200})
    assert len(verdict.reasons) == 1


def test_a_score_of_few_customers_needs_indicators_that_moved_with_it():
    """Their reference is out of fold, and the models of the folds score the very same rows otherwise."""
    score = one(SCORE, 1.1, 0.0, noise_unit=1 / 50)
    alone, borne_out = judged(one("a", 0.5, 0.1), one("b", 0.0, 0.9), score=score), judged(one("a", 0.5), score=score)
    assert (alone.score.state, alone.overall) == ("drifted", "not enough data")
    assert "too few customers" in alone.reasons[0]
    assert borne_out.overall == "drifted"


def test_indicators_that_drifted_decide_where_the_score_can_not_tell():
    verdict = judged(one("a", 4.0, 0.6), one("b", 0.0, 0.4), score=one(SCORE, 0.0, 0.0, noise_unit=0.1))
    assert (verdict.score.state, verdict.overall) == ("not enough data", "drifted")
    assert "too few customers" in verdict.reasons[0]
    assert "1 of 2 indicators moved" in verdict.reasons[1]


@pytest.mark.parametrize(
    ("psi", "state"), [(0.0, "stable"), (0.1, "stable"), (0.11, "watch"), (0.25, "watch"), (0.26, "drifted")]
)
def test_thresholds_of_psi(psi: float, state: str):
    assert judged(one(psi=psi)).indicators[0].state == state


def test_below_what_chance_may_do_nothing_is_flagged():
    verdict = judged(one(psi=0.15, noise_unit=1 / 150))  # by chance up to 0.17
    assert 0.15 < verdict.indicators[0].psi_noise < 0.25
    assert verdict.indicators[0].state == "stable"


def test_more_indicators_need_more_to_be_flagged():
    alone, many = judged(one(psi=0.2)), judged(*(one(f"i{place}", 0.2, 0.01) for place in range(100)))
    assert many.indicators[0].psi_noise > alone.indicators[0].psi_noise


@pytest.mark.parametrize(
    ("drifted", "overall"), [(0.1, "ok"), (0.19, "ok"), (0.2, "watch"), (0.49, "watch"), (0.5, "drifted")]
)
def test_the_month_is_judged_by_the_importance_of_what_moved(drifted: float, overall: str):
    verdict = judged(one("a", 0.5, drifted), one("b", 0.0, 1 - drifted))
    assert verdict.overall == overall
    assert verdict.drifted_share == pytest.approx(drifted)


@pytest.mark.parametrize(("psi", "overall"), [(0.05, "ok"), (0.2, "watch"), (0.3, "drifted")])
def test_the_score_alone_can_decide(psi: float, overall: str):
    verdict = judged(one(), score=one(SCORE, psi, 0.0))
    assert (verdict.overall, verdict.retrain) == (overall, overall == "drifted")


def test_an_indicator_that_the_model_ignores_does_not_count():
    verdict = judged(one("a", 2.0, 0.0), one("b", 0.0, 1.0))
    assert (verdict.overall, verdict.indicators[0].state) == ("ok", "drifted")
    assert [one.figures.indicator for one in verdict.most_drifted(5)] == ["b"]


def test_where_values_went_missing_the_delivery_is_to_be_mended_and_not_the_model():
    verdict = judged(one("a", 1.5, 0.6, unknown=0.9, unknown_before=0.02), one("b", 0.0, 0.4))
    assert (verdict.overall, verdict.retrain) == ("drifted", False)
    assert "look at the extract" in verdict.advice
    assert "a is unknown for 90% instead of 2%" in verdict.reasons


def test_a_drifted_month_says_to_train_again_and_why():
    verdict = judged(one("a", 0.5, 0.6), one("b", 0.0, 0.4))
    assert verdict.retrain
    assert "train again" in verdict.advice
    assert "1 of 2 indicators moved, with 60% of the model's importance: a (PSI 0.50)" in verdict.reasons


def test_a_rise_of_the_unknown_is_told_above_its_threshold():
    rose = judged(one("a", 0.2, 0.1, unknown=0.06), one("b", 0.0, 0.9))
    assert (rose.overall, rose.indicators[0].unknown_rose) == ("watch", True)
    assert not judged(one("a", 0.2, 0.1, unknown=0.05)).indicators[0].unknown_rose


def test_a_rise_that_hardly_moves_the_indicator_is_told_and_no_more():
    """Seven in ten had no discount to compare with, and now it is some more of them."""
    verdict = judged(one("a", 0.03, 0.1, unknown=0.77, unknown_before=0.7), one("b", 0.0, 0.9))
    assert (verdict.overall, verdict.indicators[0].state) == ("ok", "stable")
    assert "a is unknown for 77% instead of 70%" in verdict.reasons


def jumping(psi: float, usual: float, elsewhere: float = 0.2, customers: int = 5_000) -> IndicatorDrift:
    """An indicator as far from its reference as ever, that moved so far since the month before."""
    return dataclasses.replace(one("app", 0.02, 0.0), jump=Jump(Movement(psi, 2 / customers, 9, elsewhere), usual))


@pytest.mark.parametrize(
    ("psi", "usual", "jumped"),
    [
        (0.14, 0.005, True),
        (3.3, 0.34, False),  # restless: a third of that passes in any month
        (3.5, 0.34, True),
        (10.4, 10.4, False),  # days of use: thirty after thirty-one, as three months ago
    ],
)
def test_a_jump_is_far_beyond_what_is_usual_between_months(psi: float, usual: float, jumped: bool):
    verdict = judged(jumping(psi, usual), one("b"))
    assert (verdict.indicators[0].jumped, verdict.overall) == (jumped, "watch" if jumped else "ok")


def test_a_jump_of_few_customers_is_none():
    """Of one in ten an enterprise is known, and one of twenty enterprises moved with all its members."""
    assert not judged(jumping(1.28, 0.08, elsewhere=0.09)).indicators[0].jumped


def test_what_chance_may_do_is_no_jump():
    assert not judged(jumping(0.14, 0.005, customers=200)).indicators[0].jumped


def test_one_jump_has_the_month_watched_whatever_the_model_makes_of_it():
    verdict = judged(jumping(7.2, 0.01), one("b"))
    assert (verdict.overall, verdict.retrain) == ("watch", False)
    assert "1 of 2 indicators jumped since the month before: app (PSI 7.20, usually up to 0.01)" in verdict.reasons
    assert "find out what changed with this month" in verdict.advice
    assert verdict.states() == {"stable": 2}


def test_jumps_are_told_from_the_farthest_on():
    far, near = jumping(7.2, 0.01), dataclasses.replace(jumping(0.2, 0.01), indicator="web")
    (told,) = [reason for reason in judged(near, far, one("b")).reasons if "jumped" in reason]
    assert told.index("app") < told.index("web")


def test_an_indicator_no_farther_from_its_reference_than_months_are_apart_has_not_moved():
    restless = dataclasses.replace(one("app", 0.43, 0.3), jump=Jump(Movement(0.3, 1 / 2_500, 9, 0.2), 0.34))
    quiet = dataclasses.replace(restless, jump=Jump(Movement(0.3, 1 / 2_500, 9, 0.02), 0.01))
    assert [judged(each, one("b", 0, 0.7)).indicators[0].state for each in (restless, quiet)] == ["stable", "drifted"]


def test_rows_tell_of_jumps_and_of_no_jump_where_none_can_be_told():
    score, app, bill = rows_of(judged(jumping(7.2, 0.01), one("bill")))
    assert (app["psi_since_last_month"], app["usual_psi_of_a_month"], app["jumped"]) == (7.2, 0.01, True)
    assert [(row["psi_since_last_month"], row["jumped"]) for row in (score, bill)] == [(None, False), (None, False)]


def test_most_important_first():
    verdict = judged(one("a", 0.3, 0.2), one("b", 0.0, 0.5), one("c", 0.9, 0.3))
    assert [one.figures.indicator for one in verdict.most_important(2)] == ["b", "c"]
    assert [one.figures.indicator for one in verdict.most_drifted(2)] == ["c", "a"]


def test_rows_tell_the_score_first():
    rows = rows_of(judged(one("b", 0.123456789), one("a")))
    assert [row["indicator"] for row in rows] == [SCORE, "b", "a"]
    assert rows[1]["psi"] == 0.123457
