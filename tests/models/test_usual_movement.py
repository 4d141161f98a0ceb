from __future__ import annotations

import pytest

from features.months import Month
from models.usual_movement import PAIRS, largest, months_to_compare, since

FIRST = Month(2025, 1)
WHOLE = [FIRST + step for step in range(5, 12)]


def test_months_whose_windows_still_fill_are_not_usual():
    assert months_to_compare(WHOLE, FIRST + 7) == (FIRST + 5, FIRST + 6, FIRST + 7)


def test_the_latest_months_before_the_model_are_compared_and_no_later_one():
    assert months_to_compare(WHOLE, FIRST + 10) == tuple(FIRST + step for step in range(10 - PAIRS, 11))


def test_a_missing_month_parts_those_before_it():
    whole = [month for month in WHOLE if month != FIRST + 8]
    assert months_to_compare(whole, FIRST + 10) == (FIRST + 9, FIRST + 10)
    assert months_to_compare(whole, FIRST + 9) == ()


@pytest.mark.parametrize("whole", [0, 1])
def test_of_a_short_history_nothing_is_usual(whole: int):
    assert months_to_compare(WHOLE[:whole], FIRST + 11) == ()
    assert largest([]) == {}


def test_usual_is_the_largest_movement_between_neighbours():
    days = [{"days": [500, 500, 0], "bill": [800, 200, 0]}, {"days": [500, 500, 0], "bill": [500, 500, 0]}]
    usual = largest([*days, {"days": [500, 500, 0], "bill": [510, 490, 0]}])
    assert usual["days"] == 0
    assert usual["bill"] == pytest.approx(0.415, abs=0.005)  # 0.3 ln(0.8 / 0.5) + 0.3 ln(0.5 / 0.2)


def test_values_that_go_missing_are_movement_and_values_that_are_found_are_none():
    known, unknown = [500, 500, 0], [250, 250, 500]
    assert since(known, unknown).psi > 1
    assert since(unknown, known).psi == pytest.approx(0, abs=1e-6)


def test_noise_counts_both_months():
    movement = since([1_000, 1_000, 0], [2_000, 2_000, 0])
    assert (movement.psi, movement.freedom) == (pytest.approx(0, abs=1e-3), 1)
    assert movement.noise_unit == pytest.approx(1 / 2_000 + 1 / 4_000)


def test_elsewhere_is_the_share_of_customers_who_changed_their_cell():
    assert since([80, 20, 0], [50, 40, 10]).elsewhere == pytest.approx(0.3)
    assert since([40, 10, 50], [80, 20, 0]).elsewhere == pytest.approx(0)


def test_a_column_that_nothing_was_known_of_has_not_moved():
    assert largest([{"bill": [0, 0, 1_000]}, {"bill": [300, 700, 0]}]) == {"bill": pytest.approx(0, abs=1e-3)}
