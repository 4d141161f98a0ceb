"""Truth goals: areas and their intervals are the field's own, and a goal is missed by who deserves it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from infra.benchmarks.truth import summary
from infra.benchmarks.truth_goals import (
    BARE,
    HOLDFAST,
    REFERENCE,
    TRUTH,
    Figure,
    Judged,
    TrueEffect,
    aucs,
    campaign_goals,
    gini_share,
    goals,
    targeting_goals,
)

ROWS = 40_000


def judged(holdfast: float = 1.0, spoilt: float = 0.0, spread: float = 1.0) -> Judged:
    """Leavers by a known probability, which the reference knows; Holdfast sees `holdfast` times it, blurred."""
    rng = np.random.default_rng(1)
    true = 1 / (1 + np.exp(3 - spread * rng.normal(size=ROWS)))
    blurred = true * np.exp(spoilt * rng.normal(size=ROWS))
    scores = {HOLDFAST: np.clip(holdfast * blurred, 1e-6, 1 - 1e-6), BARE: blurred, REFERENCE: true, TRUTH: true}
    return Judged(rng.random(ROWS) < true, np.where(np.arange(ROWS) % 2, "GoTone", "Easyown"), scores)


def missed(of: Judged) -> list[str]:
    return [name for name, (_, met) in goals(of).items() if not met]


def test_areas_are_those_of_scikit_learn_and_their_intervals_hold_them():
    of = judged(spoilt=0.5)
    for name, figure in aucs(of).items():
        assert figure.value == pytest.approx(roc_auc_score(of.churned, of.scores[name]), abs=1e-12)
        assert figure.low < figure.value < figure.high < figure.low + 0.03


def test_who_knows_the_truth_meets_every_goal():
    assert gini_share(judged()).value == 1
    assert missed(judged()) == []


def test_a_blurred_score_misses_its_share_of_the_gini():
    share = gini_share(judged(spoilt=1.0))
    assert share.high < 0.97
    assert "Gini share" in missed(judged(spoilt=1.0))


def test_a_probability_a_third_too_high_misses_every_sum_but_not_the_ranking():
    wrong = missed(judged(holdfast=4 / 3))
    assert {"O/E overall", "O/E top decile", "O/E GoTone", "O/E Easyown"} <= set(wrong)
    assert "Gini share" not in wrong


def test_where_the_truth_foretells_nothing_a_score_that_ranks_is_at_fault():
    nothing = judged(spread=0.0)
    assert missed(nothing) == []
    peeping = {**nothing.scores, HOLDFAST: nothing.scores[HOLDFAST] + 0.3 * nothing.churned}
    assert missed(Judged(nothing.churned, nothing.brand, peeping)) == ["AUC is 0.5", "O/E overall"]


def test_a_claim_has_to_hold_what_contacts_truly_did():
    claimed = Figure(0.03, 0.01, 0.05)
    assert [met for _, met in campaign_goals(claimed, 0.04).values()] == [True]
    assert [met for _, met in campaign_goals(claimed, 0.0).values()] == [False]


def test_choosing_by_effect_may_gain_hardly_anything_where_contacts_do_the_same_to_all():
    assert [met for _, met in targeting_goals(TrueEffect(0.02, 0.0510, 0.05)).values()] == [True]
    assert [met for _, met in targeting_goals(TrueEffect(0.02, 0.0600, 0.05)).values()] == [False]
    assert TrueEffect(0.0, 0.0, 0.0).gain == 0


def test_a_goal_is_met_where_eight_of_ten_worlds_meet_it():
    of = goals(judged())["Gini share"][0]
    results = [
        {"world": "usual", "seed": seed, "goals": {"Gini share": (of, seed < 8), "slope": (of, seed < 7)}}
        for seed in range(10)
    ]
    results.append({"world": "no_signal", "seed": 0, "goals": {"AUC is 0.5": (of, True)}})
    assert summary(results).splitlines() == [
        "usual              Gini share                 met in 8 of 10, 8 needed",
        "usual              slope                      met in 7 of 10, 8 needed",
        "no_signal          AUC is 0.5                 met in 1 of 1, 1 needed",
        "usual              every goal                 met in 7 of 10",
        "no_signal          every goal                 met in 1 of 1",
        "2 of 3 goals met",
    ]
