from __future__ import annotations

from features.months import Month
from models.time_splits import TimeSplits, split_months


def split(*leavers: int, min_events: int = 100, horizon: int = 1) -> TimeSplits:
    """Split months from 2025-01 on with so many leavers each."""
    return split_months({Month(2025, 1) + step: count for step, count in enumerate(leavers)}, min_events, horizon)


def numbers(months: tuple[Month, ...]) -> list[int]:
    return [month.month for month in months]


def test_the_latest_months_calibrate_the_ones_before_stop_and_the_rest_train():
    found = split(150, 150, 150, 150)
    assert (numbers(found.train), numbers(found.stopping), numbers(found.calibration)) == ([1, 2], [3], [4])
    assert not found.fallback
    assert found.note == ""


def test_a_part_takes_as_many_months_as_hold_the_leavers_it_needs():
    found = split(100, 60, 60, 30, 30, 40)
    assert (numbers(found.train), numbers(found.stopping), numbers(found.calibration)) == ([1], [2, 3], [4, 5, 6])


def test_a_part_takes_no_month_more_than_it_needs():
    found = split(99, 1, 100, 100)
    assert (numbers(found.train), numbers(found.stopping), numbers(found.calibration)) == ([1, 2], [3], [4])


def test_no_leaver_of_one_part_is_the_same_event_in_another():
    found = split(*[150] * 8, horizon=3)
    assert (numbers(found.train), numbers(found.stopping), numbers(found.calibration)) == ([1, 2], [5], [8])


def test_parts_that_cannot_be_that_far_apart_are_not_made():
    found = split(*[150] * 6, horizon=3)
    assert found.fallback
    assert found.note.startswith("900 leavers in 6 months do not give three parts of 100, 3 months apart: fixed rounds")
    assert not split(*[150] * 6, horizon=2).fallback


def test_months_count_in_order_of_time_and_not_of_arrival():
    later_first = {Month(2025, 3): 100, Month(2025, 1): 100, Month(2025, 2): 100}
    found = split_months(later_first, 100)
    assert (numbers(found.train), numbers(found.stopping), numbers(found.calibration)) == ([1], [2], [3])


def test_with_too_few_leavers_for_three_parts_everything_trains_and_a_note_says_so():
    for leavers in ((99, 100, 100), (100, 99, 99), (300,), (100, 100)):
        found = split(*leavers)
        assert found.fallback
        assert numbers(found.train) == list(range(1, len(leavers) + 1))
        assert (found.stopping, found.calibration) == ((), ())
    assert split(99, 100, 100).note == (
        "299 leavers in 3 months do not give three parts of 100: "
        "fixed rounds, calibrated on customer-grouped out-of-fold scores"
    )


def test_a_single_month_is_never_split_however_many_leavers_it_holds():
    assert split(100_000).fallback
    assert split(100_000, min_events=0).fallback
    assert split(100_000).note.startswith("100000 leavers in 1 month do not give three parts of 100")
