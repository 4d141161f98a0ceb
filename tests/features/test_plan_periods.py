"""Plan periods: the current plan and the comings and goings of plans, from rows of as-of and earlier only."""

from __future__ import annotations

from features import plan_periods
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

# ann changed from red to blue in May; bob holds two plans; cyd's only plan ended in May.
PERIODS = """
    month    customer_id  plan_id  started_on  ended_on
    2025-04  ann          red      2024-01-15  -
    2025-05  ann          red      2024-01-15  2025-05-09
    2025-05  ann          blue     2025-05-10  -
    2025-06  ann          blue     2025-05-10  -
    2025-06  bob          red      2023-06-01  -
    2025-06  bob          green    2025-06-30  -
    2025-04  cyd          red      2024-01-01  -
    2025-05  cyd          red      2024-01-01  2025-05-31
"""
PEOPLE = ("ann", "bob", "cyd", "dan")


def built(drawing: str = PERIODS, as_of: str = "2025-06", **options: tuple[str, ...]) -> Frame | None:
    return plan_periods.build(known_months(as_of, plan_periods=drawing, **options), population(*PEOPLE))


def test_the_current_plan_is_the_one_begun_last_of_those_in_force() -> None:
    assert rows_of(built(), "plan_current", "plan_months_on_current") == [
        ("blue", 1.0),
        ("green", 0.0),
        (None, None),
        (None, None),
    ]


def test_of_plans_begun_on_one_day_the_last_by_name_is_current() -> None:
    drawing = """
        month    customer_id  plan_id  started_on  ended_on
        2025-06  ann          red      2025-01-01  -
        2025-06  ann          blue     2025-01-01  -
    """
    assert rows_of(built(drawing), "plan_current")[0] == ("red",)


def test_a_plan_whose_last_day_is_the_last_of_the_month_is_still_in_force() -> None:
    drawing = """
        month    customer_id  plan_id  started_on  ended_on
        2025-06  ann          red      2025-01-01  2025-06-30
        2025-06  bob          red      2025-01-01  2025-06-29
    """
    assert rows_of(built(drawing), "plan_current")[:2] == [("red",), (None,)]


def test_plans_are_counted_in_the_month_in_which_they_begin_and_end() -> None:
    delivered = built(empty=("2025-01", "2025-02", "2025-03"))
    assert rows_of(delivered, "plan_begun_6", "plan_ended_6") == [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (None, None)]


def test_a_window_over_a_month_that_was_not_delivered_is_unknown() -> None:
    assert rows_of(built(), "plan_begun_6", "plan_ended_6") == [(None, None)] * 4


def test_who_is_in_no_month_of_the_history_is_unknown_not_without_plan() -> None:
    delivered = built(empty=("2025-01", "2025-02", "2025-03"))
    assert rows_of(delivered, *(indicator.name for indicator in plan_periods.catalogue()))[3] == (None,) * 4


def test_without_the_month_of_as_of_the_current_plan_is_unknown() -> None:
    assert rows_of(built(as_of="2025-07"), "plan_current", "plan_months_on_current")[0] == (None, None)


def test_a_plan_that_is_only_announced_is_invisible_even_in_its_own_month() -> None:
    announced = PERIODS + "2025-06  ann  gold  2025-07-01  -\n"
    names = [indicator.name for indicator in plan_periods.catalogue()]
    assert rows_of(built(announced), *names) == rows_of(built(), *names)


def test_later_periods_are_invisible() -> None:
    later = PERIODS + "2025-07  ann  gold  2025-07-01  -\n"
    names = [indicator.name for indicator in plan_periods.catalogue()]
    assert rows_of(built(later), *names) == rows_of(built(), *names)


def test_the_catalogue_names_exactly_what_is_built() -> None:
    assert built().collect_schema().names() == ["customer_id", *(i.name for i in plan_periods.catalogue())]


def test_without_history_there_is_nothing_to_build() -> None:
    assert plan_periods.build(known_months("2025-06"), population("ann")) is None
