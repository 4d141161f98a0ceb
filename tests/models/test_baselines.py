"""Baselines: each gives probabilities, whatever the matrix lacks."""

from collections.abc import Sequence

import numpy as np
import pytest

from features import feature_table
from models import ModelsError
from models.baselines import BASELINES, USUAL, BaselineSettings, Matrix, Outcomes, Predictor
from models.scorecard import SIGNS, points

NAMES = [USUAL, "tenure_months", "event_competitor_begun_3", "brand", "constant", "unknown"]
BRAND = 3
nan = float("nan")


def rows(count: int = 600, seed: int = 1) -> tuple[Matrix, Outcomes]:
    """Leavers have a low last bill and are of brand 1; a tenth of the ratios is unknown."""
    draws = np.random.default_rng(seed)
    matrix = np.full((count, len(NAMES)), nan, dtype=np.float32)
    matrix[:, 0] = draws.uniform(0, 2, count)
    matrix[:, 1] = draws.integers(0, 100, count)
    matrix[:, 2] = draws.random(count) < 0.05
    matrix[:, BRAND] = draws.integers(0, 3, count)
    matrix[:, 4] = 7
    chances = 0.02 + 0.3 * (matrix[:, 0] < 0.5) + 0.3 * (matrix[:, BRAND] == 1)
    matrix[draws.random(count) < 0.1, 0] = nan
    return matrix, draws.random(count) < chances


def fitted(name: str, matrix: Matrix, churned: Outcomes, categorical: Sequence[int] = (BRAND,)) -> Predictor:
    return BASELINES[name](matrix, NAMES, churned, categorical, BaselineSettings(seed=1, threads=1))


def row(**values: float) -> Matrix:
    return np.array([[values.get(name, nan) for name in NAMES]], dtype=np.float32)


def test_the_table_has_four_baselines() -> None:
    assert list(BASELINES) == ["logistic_regression", "lightgbm_defaults", "scorecard", "last_bill_vs_usual"]


@pytest.mark.parametrize("name", BASELINES)
def test_probabilities_agree_with_the_share_of_leavers(name: str) -> None:
    matrix, churned = rows()
    probabilities = fitted(name, matrix, churned)(matrix)
    assert probabilities.shape == (600,)
    assert probabilities.dtype == np.float64
    assert probabilities.sum() == pytest.approx(churned.sum(), rel=0.02)


@pytest.mark.parametrize("name", BASELINES)
def test_a_collapsed_bill_ranks_above_a_usual_one(name: str) -> None:
    predict = fitted(name, *rows())
    usual = {"tenure_months": 50.0, "event_competitor_begun_3": 0.0, "brand": 0.0, "constant": 7.0}
    assert predict(row(**{USUAL: 0.05}, **usual))[0] > predict(row(**{USUAL: 1.0}, **usual))[0]


@pytest.mark.parametrize("name", BASELINES)
def test_fitting_again_gives_the_same_bits(name: str) -> None:
    matrix, churned = rows()
    assert (fitted(name, matrix, churned)(matrix) == fitted(name, matrix, churned)(matrix)).all()


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("count", [1, 40])
def test_without_a_leaver_everybody_gets_the_same_small_share(name: str, count: int) -> None:
    matrix = rows(count)[0]
    assert fitted(name, matrix, np.zeros(count, dtype=bool))(matrix) == pytest.approx(np.full(count, 1 / (count + 2)))


@pytest.mark.parametrize("name", BASELINES)
def test_where_everybody_left_everybody_gets_the_same_large_share(name: str) -> None:
    matrix = rows(8)[0]
    assert fitted(name, matrix, np.ones(8, dtype=bool))(matrix) == pytest.approx(np.full(8, 9 / 10))


@pytest.mark.parametrize("name", BASELINES)
def test_a_matrix_of_unknowns_gives_everybody_about_the_share_of_leavers(name: str) -> None:
    matrix, churned = np.full((50, len(NAMES)), nan, dtype=np.float32), np.arange(50) < 5
    assert fitted(name, matrix, churned)(matrix) == pytest.approx(np.full(50, 0.1), abs=0.03)


@pytest.mark.parametrize("name", BASELINES)
def test_no_rows_are_an_error_that_says_so(name: str) -> None:
    with pytest.raises(ModelsError, match="0 scores for 0 outcomes"):
        fitted(name, np.empty((0, len(NAMES)), dtype=np.float32), np.empty(0, dtype=bool))


@pytest.mark.parametrize("name", BASELINES)
def test_unknown_and_unheard_of_values_still_get_a_probability(name: str) -> None:
    predict = fitted(name, *rows())
    strange = np.concatenate([row(), row(**{USUAL: 1e30, "brand": 99.0}), row(**{USUAL: -1e30, "constant": 8.0})])
    assert np.isfinite(predict(strange)).all()


def test_logistic_regression_reads_categories_as_categories() -> None:
    predict = fitted("logistic_regression", *rows(2000))
    low, middle, high = (
        predict(row(**{USUAL: 1.0, "tenure_months": 50.0, "brand": code}))[0] for code in (0.0, 1.0, 2.0)
    )
    assert middle > 2 * max(low, high)


def test_logistic_regression_learns_from_what_is_unknown() -> None:
    matrix, _ = rows(2000)
    churned = np.isnan(matrix[:, 0]) & (np.arange(2000) % 2 == 0)
    predict = fitted("logistic_regression", matrix, churned)
    assert predict(row(tenure_months=50, brand=0))[0] > 2 * predict(row(**{USUAL: 1.0}, tenure_months=50, brand=0))[0]


def test_one_absurd_amount_in_training_does_not_spoil_logistic_regression() -> None:
    from sklearn.metrics import roc_auc_score

    matrix, churned = rows(2000)
    matrix[0, 0] = 1e12
    unseen, left = rows(2000, seed=2)
    assert roc_auc_score(left, fitted("logistic_regression", matrix, churned)(unseen)) > 0.6


def test_no_amount_is_farther_than_five_deviations_for_logistic_regression() -> None:
    predict = fitted("logistic_regression", *rows())
    far, farther, usual = (predict(row(**{USUAL: ratio}, brand=0))[0] for ratio in (10.0, 20.0, 1.0))
    assert far == farther != usual


def test_a_rare_or_unheard_of_category_says_nothing_to_logistic_regression() -> None:
    matrix, churned = rows()
    matrix[:19, BRAND], churned[:19] = 7, True
    predict = fitted("logistic_regression", matrix, churned)
    rare, unheard_of, unknown = (predict(row(brand=code))[0] for code in (7.0, 99.0, nan))
    assert rare == unheard_of == unknown


def test_lightgbm_takes_an_unheard_of_category_for_no_neighbour_of_the_last_one() -> None:
    matrix, _ = rows()
    predict = fitted("lightgbm_defaults", matrix, (matrix[:, BRAND] == 2) & (np.arange(600) % 2 == 0))
    last, unheard_of = (predict(row(**{USUAL: 1.0}, brand=code))[0] for code in (2.0, 99.0))
    assert unheard_of < 0.1 * last


def test_the_number_of_threads_does_not_change_logistic_regression() -> None:
    draws = np.random.default_rng(0)
    matrix, churned = draws.normal(size=(3000, 100)).astype(np.float32), draws.random(3000) < 0.05
    names = [f"indicator_{number}" for number in range(100)]
    one, two = (
        BASELINES["logistic_regression"](matrix, names, churned, [], BaselineSettings(threads=threads))(matrix)
        for threads in (1, 2)
    )
    assert (one == two).all()


def test_last_bill_goes_by_the_ratio_alone_and_takes_unknown_as_usual() -> None:
    predict = fitted("last_bill_vs_usual", *rows())
    refund, nothing, half, usual, unknown, double, more = (
        predict(row(**{USUAL: ratio}))[0] for ratio in (-3.0, 0.0, 0.5, 1.0, nan, 2.0, 9.0)
    )
    assert refund == nothing > half > usual == unknown > double == more


def test_without_its_indicator_last_bill_gives_the_share_of_leavers() -> None:
    matrix, churned = rows(100)
    names = ["bill_of_another_name", *NAMES[1:]]
    predict = BASELINES["last_bill_vs_usual"](matrix, names, churned, [BRAND], BaselineSettings())
    assert len(set(predict(matrix).tolist())) == 1


def test_points_add_up_and_the_unknown_gives_none() -> None:
    assert points(row(), NAMES).tolist() == [0]
    assert points(row(**{USUAL: 0.5}), NAMES).tolist() == [2]
    assert points(row(event_competitor_begun_3=1), NAMES).tolist() == [3]
    assert points(row(**{USUAL: 0.0}), NAMES).tolist() == [4]
    assert points(row(**{USUAL: 0.0}, tenure_months=5, event_competitor_begun_3=2), NAMES).tolist() == [8]
    assert points(row(**{USUAL: 0.51}, tenure_months=6, event_competitor_begun_3=0), NAMES).tolist() == [0]


def test_every_indicator_of_the_hand_made_baselines_is_in_the_catalogue() -> None:
    known = {indicator.name for indicator in feature_table.catalogue(())}
    assert {sign.indicator for sign in SIGNS} | {USUAL} <= known
