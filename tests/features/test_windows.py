"""Windows: levels, trends, silence and falls of one measure, drawn month by month."""

from __future__ import annotations

import math

import pytest

from features import FeaturesError, windows
from features.measures import ALL, MONTHS_SINCE, Measure, MeasureTable, Share, catalogue
from features.months import Month
from tests.drawn import known_months, population, rows_of

MINUTES = MeasureTable(
    "usage",
    "usage",
    (Measure("voice_out_minutes", "out", "minutes", "call time"), Measure("on_net_minutes", "on", "minutes", "on-net")),
    (Share(("on",), ("out",), "on_share_3", "Share of minutes on net.", "By how much it rose."),),
)

SIX_MONTHS = """
    month    customer_id  voice_out_minutes
    2025-01  ann          60
    2025-02  ann          50
    2025-03  ann          70
    2025-04  ann          30
    2025-05  ann          20
    2025-06  ann          10
"""


def of_ann(drawing: str, *names: str, as_of: str = "2025-06", empty: tuple[str, ...] = ()) -> tuple[float | None, ...]:
    known = known_months(as_of, usage=drawing, empty=empty)
    return rows_of(windows.build(known, population("ann"), MINUTES), *(f"out_{name}" for name in names))[0]


def test_level_and_change_look_at_the_latest_months() -> None:
    assert of_ann(SIX_MONTHS, "last", "mean_3", "mean_6", "change_1") == (10.0, 20.0, 40.0, -10.0)


def test_slopes_are_least_squares_lines() -> None:
    # The slope of six months as numpy's polyfit finds it: -10.857...
    assert of_ann(SIX_MONTHS, "slope_3", "slope_6") == (-10.0, pytest.approx(-76 / 7))


def test_variability_is_deviation_by_mean() -> None:
    assert of_ann(SIX_MONTHS, "variability_3", "variability_6") == (
        pytest.approx(math.sqrt(200 / 3) / 20),
        pytest.approx(math.sqrt(2800 / 6) / 40),
    )


def test_the_steepest_fall_is_the_largest_from_one_month_to_the_next() -> None:
    assert of_ann(SIX_MONTHS, "steepest_fall_6") == (40.0,)


def test_ratios_compare_with_the_own_past_without_the_latest_month() -> None:
    assert of_ann(SIX_MONTHS, "ratio_3", "ratio_6") == (10 / 25, pytest.approx(10 / 46))


def test_a_measure_that_only_rises_falls_by_nothing() -> None:
    drawing = """
        month    customer_id  voice_out_minutes
        2025-05  ann          10
        2025-06  ann          30
    """
    assert of_ann(drawing, "steepest_fall_6") == (0.0,)


def test_a_fall_beside_an_unknown_month_is_seen_against_the_last_known_one() -> None:
    drawing = """
        month    customer_id  voice_out_minutes
        2025-01  ann          100
        2025-02  ann          -
        2025-03  ann          90
        2025-05  ann          10
        2025-06  ann          20
    """
    assert of_ann(drawing, "steepest_fall_6") == (80.0,)
    assert of_ann(drawing.replace("90", "30"), "steepest_fall_6") == (70.0,)


def test_silence_counts_months_of_nothing_among_the_known_ones() -> None:
    drawing = """
        month    customer_id  voice_out_minutes
        2025-03  ann          8
        2025-04  ann          -
        2025-05  ann          0
        2025-06  ann          5
    """
    assert of_ann(drawing, "silent_3", "silent_6") == (1 / 2, pytest.approx(1 / 3))


def test_a_negative_bill_is_silent_like_an_empty_one() -> None:
    bills = MeasureTable("bills", "bill structure", (Measure("amount", "bill", "currency", "bill"),))
    known = known_months("2025-06", bills="month customer_id amount \n 2025-06 ann -3.5")
    assert rows_of(windows.build(known, population("ann"), bills), "bill_silent_3") == [(1.0,)]


def test_a_month_that_was_not_delivered_is_unknown_not_zero() -> None:
    without_april = SIX_MONTHS.replace("2025-04  ann          30\n", "")
    names = ("mean_3", "mean_6", "silent_6", "steepest_fall_6")
    assert of_ann(without_april, *names) == (15.0, 42.0, 0.0, 50.0)
    assert of_ann(without_april, "slope_3", "slope_6", "variability_3", "variability_6") == (None, None, None, None)


def test_without_the_latest_month_its_windows_are_unknown_but_means_are_not() -> None:
    until_may = SIX_MONTHS.replace("2025-06  ann          10\n", "")
    assert of_ann(until_may, "last", "change_1", "ratio_3", "ratio_6") == (None, None, None, None)
    assert of_ann(until_may, "mean_3") == (25.0,)


def test_a_new_customer_has_no_usual_to_compare_with() -> None:
    drawing = "month customer_id voice_out_minutes \n 2025-06 ann 10 \n 2025-05 bob 10"
    names = ("last", "change_1", "ratio_3", "ratio_6", "steepest_fall_6", "slope_3")
    assert of_ann(drawing, *names) == (10.0, None, None, None, None, None)


def test_a_usual_of_zero_gives_no_ratio_and_a_mean_of_zero_no_variability() -> None:
    drawing = """
        month    customer_id  voice_out_minutes
        2025-04  ann          0
        2025-05  ann          0
        2025-06  ann          7
    """
    assert of_ann(drawing, "ratio_3", "change_1") == (None, 7.0)
    assert of_ann(drawing.replace("  7", "  0"), "variability_3", "silent_3", "mean_3") == (None, 1.0, 0.0)


def test_a_steady_measure_does_not_vary_at_all() -> None:
    steady = "month customer_id voice_out_minutes" + "".join(f"\n2025-0{month} ann 0.1" for month in range(1, 7))
    assert of_ann(steady, "variability_3", "variability_6", "change_1", "slope_6") == (0.0, 0.0, 0.0, 0.0)


def test_charges_that_cancel_out_are_a_usual_of_zero_though_floats_leave_a_rest() -> None:
    bills = MeasureTable("bills", "bill structure", (Measure("amount", "bill", "currency", "bill"),))
    drawing = """
        month    customer_id  amount
        2025-03  ann          0.1
        2025-04  ann          0.2
        2025-05  ann          -0.3
        2025-06  ann          10
    """
    built = windows.build(known_months("2025-06", bills=drawing), population("ann"), bills)
    assert rows_of(built, "bill_ratio_6") == [(None,)]


def test_a_customer_without_any_row_keeps_a_row_of_unknowns() -> None:
    known = known_months("2025-06", usage=SIX_MONTHS)
    built = windows.build(known, population("ann", "bob"), MINUTES)
    assert rows_of(built, "customer_id", "out_last", "out_mean_6", "out_silent_6", "on_share_3") == [
        ("ann", 10.0, 40.0, 0.0, None),
        ("bob", None, None, None, None),
    ]


def test_customers_outside_the_population_get_no_row() -> None:
    known = known_months("2025-06", usage=SIX_MONTHS)
    assert rows_of(windows.build(known, population("bob"), MINUTES), "customer_id") == [("bob",)]


def test_no_delivered_month_gives_no_frame() -> None:
    assert windows.build(known_months("2025-06", usage=SIX_MONTHS), population("ann"), MINUTES) is not None
    assert windows.build(known_months("2026-06", usage=SIX_MONTHS), population("ann"), MINUTES) is None
    assert windows.build(known_months("2025-06"), population("ann"), MINUTES) is None


def test_months_after_as_of_are_invisible() -> None:
    later = SIX_MONTHS + "2025-07  ann  999999\n"
    names = ALL
    assert of_ann(later, *names) == of_ann(SIX_MONTHS, *names)
    with pytest.raises(FeaturesError, match="2025-07 lies after 2025-06"):
        known_months("2025-06").table("usage", Month.parse("2025-07"))


def test_months_before_the_sixth_are_not_looked_at() -> None:
    earlier = SIX_MONTHS + "2024-12  ann  999999\n"
    names = ALL
    assert of_ann(earlier, *names) == of_ann(SIX_MONTHS, *names)


def test_a_share_weighs_months_and_leaves_out_those_where_either_part_is_unknown() -> None:
    known = known_months(
        "2025-06",
        usage="""
            month    customer_id  voice_out_minutes  on_net_minutes
            2025-03  ann          100                100
            2025-04  ann          30                 0
            2025-05  ann          -                  5
            2025-06  ann          10                 10
            2025-06  bob          0                  0
        """,
    )
    assert rows_of(windows.build(known, population("ann", "bob"), MINUTES), "on_share_3") == [(0.25,), (None,)]


def test_every_window_of_every_measure_is_built_in_the_catalogue_order() -> None:
    built = windows.build(known_months("2025-06", usage=SIX_MONTHS), population("ann"), MINUTES)
    assert built is not None
    names = [indicator.name for indicator in catalogue(MINUTES)]
    assert built.collect_schema().names() == ["customer_id", *names]
    assert names[:3] == ["out_last", "out_mean_3", "out_mean_6"]


def test_the_catalogue_says_what_a_window_means_and_in_which_unit() -> None:
    by_name = {indicator.name: indicator for indicator in catalogue(MINUTES)}
    slope = by_name["out_slope_3"]
    assert slope.meaning == "By how much the call time rises a month, by the trend of the last three months."
    assert (slope.unit, slope.window, slope.table) == ("minutes per month", 3, "usage")


def test_a_measure_has_the_windows_that_are_named_and_one_that_is_only_there_for_shares_has_none() -> None:
    part = Measure("roaming", "bill_roaming", "currency", "x", ("mean_3", MONTHS_SINCE.name))
    assert [window.name for window in part.windows] == ["mean_3", "months_since"]
    assert Measure("roaming", "bill_roaming", "currency", "x", ()).windows == ()


def test_what_compares_months_is_a_trend_and_a_level_belongs_to_the_measures_own_angle() -> None:
    owed = Measure("arrears", "owed", "currency", "x", ("last", "change_1", "silent_6"), angle="payment")
    angles = [indicator.angle for indicator in catalogue(MeasureTable("bills", "bill structure", (owed,)))]
    assert angles == ["payment", "trend", "trend"]


def test_a_share_moves_from_the_two_months_before_to_the_latest() -> None:
    drawing = """
        month    customer_id  voice_out_minutes  on_net_minutes
        2025-04  ann          30                 30
        2025-05  ann          10                 0
        2025-06  ann          10                 5
        2025-05  bob          10                 5
    """
    built = windows.build(known_months("2025-06", usage=drawing), population("ann", "bob"), MINUTES)
    assert rows_of(built, "on_share_3", "on_share_change_3") == [(0.7, -0.25), (0.5, None)]


CALLS = MeasureTable(
    "contacts",
    "contacts",
    (
        Measure("hall_contacts", "any", "count", "x", ("last", "months_since"), plus=("hotline_contacts",)),
        Measure("complaints", "complaint", "count", "x", ("last", "mean_3", "months_since")),
    ),
    lists=True,
)


LONG_SINCE = """
    month    customer_id  status  activated_on
    2025-06  ann          active  2020-01-01
    2025-06  bob          active  2020-01-01
    2025-06  cyd          active  2020-01-01
"""


def test_where_a_table_lists_what_happened_a_missing_row_is_zero_and_a_missing_month_unknown() -> None:
    drawing = """
        month    customer_id  hall_contacts  hotline_contacts  complaints
        2025-04  ann          2              -                 3
        2025-06  ann          -              -                 -
        2025-06  cyd          1              2                 0
    """
    names = ("any_last", "complaint_last", "complaint_mean_3", "complaint_months_since")
    known = known_months("2025-06", contacts=drawing, customers=LONG_SINCE, empty=("2025-05",))
    rows = rows_of(windows.build(known, population("ann", "bob", "cyd"), CALLS), *names)
    assert rows == [(None, None, 1.5, None), (0.0, 0.0, 0.0, None), (3.0, 0.0, 0.0, None)]


def test_months_since_look_back_to_the_latest_month_above_zero_unless_one_is_unknown() -> None:
    drawing = """
        month    customer_id  hall_contacts  hotline_contacts  complaints
        2025-02  ann          1              0                 7
        2025-04  bob          0              0                 2
    """
    gapless = known_months(
        "2025-06", contacts=drawing, customers=LONG_SINCE, empty=("2025-01", "2025-03", "2025-05", "2025-06")
    )
    built = windows.build(gapless, population("ann", "bob"), CALLS)
    assert rows_of(built, "complaint_months_since", "any_months_since") == [(4.0, 4.0), (2.0, None)]
    gap = known_months("2025-06", contacts=drawing, customers=LONG_SINCE, empty=("2025-05", "2025-06"))
    assert rows_of(windows.build(gap, population("ann", "bob"), CALLS), "complaint_months_since") == [(None,), (2.0,)]
