from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from features.months import Month, months_between
from models.indicator_month import mean_correlation, mean_known, rank_correlations, rank_matrix, window_on_hand
from tests.models.made_indicators import JANUARY, indicator, month_of, noise, rows_of


def test_unknown_is_a_value_that_can_be_the_commonest():
    month = month_of(
        mostly_unknown=[None] * 70 + [1.0] * 30,
        mostly_zero=[None] * 20 + [0.0] * 60 + [5.0] * 20,
        brand=["Red"] * 55 + ["Blue"] * 45,
    )
    assert month.commonest.tolist() == [0.7, 0.6, 0.55]
    assert month.known.tolist() == [0.3, 0.8, 1.0]


def test_minus_zero_is_zero():
    assert month_of(change=[0.0] * 40 + [-0.0] * 40 + [1.0] * 20).commonest.tolist() == [0.8]


@pytest.mark.parametrize(("others", "commonest", "known"), [(9, 1.0, 0.0), (10, 0.9, 0.1)])
def test_fewer_than_ten_customers_who_differ_count_as_none(others: int, commonest: float, known: float):
    """Nobody could learn from them, and a report would tell of single people."""
    month = month_of(event=[None] * (100 - others) + [1.0] * others)
    assert (month.commonest.tolist(), month.known.tolist()) == ([commonest], [known])


def test_ranks_of_equals_are_their_middle_and_unknown_stays_unknown():
    matrix = rank_matrix(rows_of(minutes=[30.0, None, 10.0, 10.0, 90.0]), ["minutes"])
    np.testing.assert_array_equal(matrix[:, 0], [0.125, np.nan, -0.25, -0.25, 0.375])


def test_the_correlation_is_spearmans_where_everything_is_known():
    one, other = noise(1), np.exp(np.array(noise(1)) + 0.3 * np.array(noise(2))).tolist()
    month = month_of(one=one, other=other)
    assert month.correlation[0, 1] == pytest.approx(spearmanr(one, other).statistic, abs=1e-6)
    assert month.correlation[0, 0] == 1
    assert month.apart.tolist() == [[0, 0], [0, 0]]


def test_a_pair_is_looked_at_where_both_are_known_and_told_how_often_only_one_is():
    one = noise(1)
    other = [None if place < 50 else -value for place, value in enumerate(one)]
    month = month_of(one=one, other=other)
    assert month.correlation[0, 1] == pytest.approx(-1, abs=1e-3)
    assert month.apart[0, 1] == 0.25


def test_nothing_is_said_of_a_pair_with_too_few_in_common_or_without_variation():
    few: list[float | None] = [*noise(1)[:49], *[None] * 151]
    month = month_of(few=few, constant=[1.0] * 200, full=noise(1))
    assert month.correlation[0, 2] == 0
    assert month.correlation[1, 2] == 0


def test_the_mean_over_months_leaves_out_those_that_say_nothing():
    one, other = noise(1), noise(2)
    before, since = month_of(one=one, late=[None] * 200), month_of(JANUARY + 1, one=one, late=one)
    later = month_of(JANUARY + 2, one=one, late=other)
    expected = (1 + later.correlation[0, 1]) / 2
    assert mean_correlation([before, since, later], ["late", "one"])[0, 1] == pytest.approx(expected)
    assert mean_correlation([before], ["one", "late"]).tolist() == [[1, 0], [0, 1]]


def test_categories_are_not_correlated():
    month = month_of(brand=["Red", "Blue"] * 100, minutes=noise(1))
    assert month.numbers == (1,)
    assert month.correlation.shape == (1, 1)


def test_the_number_of_threads_changes_no_bit():
    columns = {f"column_{seed}": noise(seed, 999) for seed in range(40)}
    ranks = rank_matrix(rows_of(**columns), list(columns))
    expected = rank_correlations(ranks)[0].tobytes()
    with threadpool_limits(2):
        assert rank_correlations(ranks)[0].tobytes() == expected


@pytest.mark.parametrize(("bills", "usage", "told"), [(1, 1, True), (2, 1, False), (1, 3, False)])
def test_a_month_tells_of_an_indicator_once_all_its_tables_fill_the_window(bills: int, usage: int, told: bool):
    """Bills and usage of March and the two months before are looked at; each is on hand from that month on."""
    march = Month(2025, 3)
    both = dataclasses.replace(indicator("minutes_per_bill", window=3), beside=("bills",))
    on_hand = {
        "usage": list(months_between(Month(2025, usage), march)),
        "bills": list(months_between(Month(2025, bills), march)),
    }
    assert window_on_hand(march, both, on_hand) is told
    assert not window_on_hand(march, both, {"usage": on_hand["usage"]})


def test_a_pair_of_which_a_month_cannot_tell_has_no_part_in_the_mean():
    one, other = noise(1), noise(2)
    before, since = month_of(one=one, mean_of_2=one), month_of(JANUARY + 1, one=one, mean_of_2=other)
    assert mean_correlation([before, since], ["one", "mean_of_2"])[0, 1] == pytest.approx(since.correlation[0, 1])
    assert mean_known([before, month_of(JANUARY + 1, one=one, mean_of_2=[None] * 200)]).tolist() == [1, 0]
    assert mean_known([before]).tolist() == [1, 0]


def test_only_one_is_known_is_measured_against_whoever_has_either():
    values = noise(1)
    a = [value if place < 140 else None for place, value in enumerate(values)]
    b = [value if place < 70 else None for place, value in enumerate(values)]
    assert month_of(a=a, b=b).apart[0, 1] == 0.5
