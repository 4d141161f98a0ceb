"""Calibration: the line on the logit, its fallbacks and its text."""

import numpy as np
import pytest

from models import ModelsError
from models.calibration import Calibrator, expit, fit, fit_margin, logistic_line, logit


def test_two_groups_get_their_own_share_of_leavers() -> None:
    # 2 of 8 and 6 of 8 left; Platt's targets for 8 leavers and 8 others are 9/10 and 1/10
    scores = np.repeat([0.0, 1.0], 8)
    churned = np.array([True] * 2 + [False] * 6 + [True] * 6 + [False] * 2)
    probabilities = fit_margin(scores, churned).apply_margin([0.0, 1.0])
    assert probabilities == pytest.approx([(2 * 0.9 + 6 * 0.1) / 8, (6 * 0.9 + 2 * 0.1) / 8], abs=1e-12)


def test_probabilities_twice_too_high_in_odds_are_brought_down() -> None:
    calibrator = fit(
        np.full(30_000, 2 / 3).tolist() + [0.2] * 30_000, [True, False] * 15_000 + [True] * 3_333 + [False] * 26_667
    )
    assert calibrator.apply([2 / 3, 0.2]) == pytest.approx([0.5, 0.1111], abs=1e-3)


def test_calibrated_probabilities_stay_as_they_are() -> None:
    churned = np.concatenate([np.arange(100_000) < 10_000, np.arange(100_000) < 50_000])
    calibrator = fit(np.repeat([0.1, 0.5], 100_000), churned)
    assert (calibrator.intercept, calibrator.slope) == pytest.approx((0, 1), abs=1e-3)


def test_a_score_that_separates_the_rows_gets_a_finite_line() -> None:
    probabilities = fit_margin([1.0, 2.0, 3.0, 4.0], [False, False, True, True]).apply_margin([1.0, 4.0])
    assert 0 < probabilities[0] < 0.3
    assert 0.7 < probabilities[1] < 1


def test_a_score_that_points_the_wrong_way_gives_everybody_the_smoothed_share() -> None:
    calibrator = fit([0.1, 0.2, 0.8, 0.9], [True, True, False, False])
    assert calibrator.slope == 0
    assert calibrator.apply([0.1, 0.9]) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e9])
def test_a_constant_score_gives_everybody_the_smoothed_share(constant: float) -> None:
    calibrator = fit_margin(np.full(10, constant), np.arange(10) < 1)
    assert calibrator.slope == 0
    assert calibrator.apply_margin([0.0])[0] == pytest.approx((2 / 3 + 9 * (1 / 11)) / 10)


def test_where_nobody_left_the_share_is_small_but_not_zero() -> None:
    assert fit([0.1, 0.2, 0.3], [False, False, False]).apply([0.9])[0] == pytest.approx(1 / 5)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_unit_of_a_score_does_not_matter(scale: float) -> None:
    scores, churned = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([0, 1, 0, 0, 1, 1], dtype=bool)
    expected = fit_margin(scores, churned).apply_margin(scores)
    assert fit_margin(scores * scale, churned).apply_margin(scores * scale) == pytest.approx(expected, abs=1e-9)


def test_calibration_never_turns_a_ranking_round() -> None:
    draws = np.random.default_rng(3)
    for _ in range(50):
        scores = np.sort(draws.random(30))
        assert (np.diff(fit(scores, draws.random(30) < 0.2).apply(scores)) >= 0).all()


def test_json_gives_back_the_same_floats() -> None:
    calibrator = Calibrator(-4.123456789012345e-7, 0.1 + 0.2)
    assert calibrator.to_json() == '{"intercept": -4.123456789012345e-07, "slope": 0.30000000000000004}'
    assert Calibrator.from_json(calibrator.to_json()) == calibrator


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"intercept": 1}',
        '{"intercept": 1, "slope": -1}',
        '{"intercept": NaN, "slope": 1}',
        '{"intercept": null, "slope": 1}',
    ],
)
def test_other_text_is_no_calibrator(text: str) -> None:
    with pytest.raises(ModelsError, match="train the model again"):
        Calibrator.from_json(text)


@pytest.mark.parametrize(
    ("scores", "churned"),
    [([], []), ([0.1], [True, False]), ([np.nan, 0.1], [True, False]), ([np.inf, 0.1], [True, False])],
)
def test_scores_that_do_not_fit_the_outcomes_are_an_error(scores: list[float], churned: list[bool]) -> None:
    with pytest.raises(ModelsError, match="one finite score per outcome"):
        fit_margin(scores, churned)


def test_the_line_is_that_of_an_unpenalised_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    draws = np.random.default_rng(5)
    scores = draws.normal(-3, 2, 400)
    churned = draws.random(400) < expit(0.5 + 0.7 * scores)
    weights = draws.integers(0, 4, (3, 400)).astype(np.int32)
    lines = logistic_line(scores, churned.astype(float), weights, (0.0, 0.0))
    for line, weight in zip(lines, weights, strict=True):
        peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(scores[:, None], churned, weight)
        assert line == pytest.approx([peer.intercept_[0], peer.coef_[0, 0]], abs=1e-5)


def test_a_far_start_finds_the_same_line() -> None:
    scores, churned = np.array([-9.0, -5.0, -4.0, -1.0, 0.0, 3.0]), np.array([0.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    near, far = (logistic_line(scores, churned, np.ones((1, 6)), start)[0] for start in ((0.0, 0.0), (2.0, 3.0)))
    assert far == pytest.approx(near, abs=1e-9)


def test_rows_without_a_finite_line_say_so_and_leave_the_others_alone() -> None:
    scores, churned = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 1.0])
    weights = np.array([[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 1, 0], [0, 2, 0, 0]], dtype=np.int32)
    lines = logistic_line(scores, churned, weights, (0.0, 0.0))
    assert np.isfinite(lines).all(axis=1).tolist() == [True, False, False, False]
    assert (lines[0] == logistic_line(scores, churned, weights[:1], (0.0, 0.0))[0]).all()


def test_certainties_become_large_but_finite_logits() -> None:
    assert logit([0.0, 0.5, 1.0]) == pytest.approx([-13.8155, 0, 13.8155], abs=1e-4)
