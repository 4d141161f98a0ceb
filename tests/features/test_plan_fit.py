"""Plan fit: use against allowances, and what the cheapest plan of the brand on sale would have saved."""

from __future__ import annotations

import pytest

from features import plan_fit
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

CUSTOMERS = """
    month    customer_id  plan_id  status
    2025-06  ann          small    active
    2025-06  bob          large    active
    2025-06  cyd          other    active
    2025-06  dan          -        active
"""
PLANS = """
    month    plan_id  brand   fee  included_minutes  included_mb  included_sms  minute_price  mb_price  on_sale
    2025-06  small    GoTone  20   100               10           0             0.5           1         true
    2025-06  large    GoTone  60   300               50           20            0.25          1         true
    2025-06  gift     GoTone  0    1000              1000         1000          0             0         false
    2025-06  other    Easy    10   0                 0            0             0.1           0.1       false
"""
USAGE = """
    month    customer_id  voice_out_minutes  data_mb  sms_count
    2025-04  ann          100                10       5
    2025-05  ann          260                10       5
    2025-06  ann          300                13       5
    2025-06  bob          90                 10       5
    2025-06  cyd          50                 0        5
    2025-06  dan          50                 0        5
"""


def built(plans: str = PLANS, usage: str = USAGE, customers: str = CUSTOMERS) -> Frame | None:
    known = known_months("2025-06", customers=customers, plans=plans, usage=usage)
    return plan_fit.build(known, population("ann", "bob", "cyd", "dan"))


def names() -> list[str]:
    return [indicator.name for indicator in plan_fit.catalogue()]


def test_use_is_held_against_what_the_plan_includes() -> None:
    columns = ("plan_minutes_used_3", "plan_sms_used_3", "plan_over_allowance_3", "plan_on_sale")
    assert rows_of(built(), *columns) == [
        (2.2, None, 2.0, 1.0),
        (0.3, 0.25, 0.0, 1.0),
        (None, None, 1.0, 0.0),
        (None, None, None, None),
    ]


def test_the_cheapest_plan_of_the_brand_on_sale_is_what_could_be_saved() -> None:
    # ann: of 0, 160 and 200 minutes and 0, 0 and 3 MB beyond, each month costs 20, 100 and 123, in the mean 81; on the
    # large plan 60. bob: 60, the small plan 20. gift and other are not on sale; of Easy nothing is.
    assert rows_of(built(), "plan_saving", "plan_saving_share") == [
        (pytest.approx(21.0), pytest.approx(21 / 81)),
        (40.0, pytest.approx(40 / 60)),
        (0.0, 0.0),
        (None, None),
    ]


def test_a_month_far_beyond_the_allowance_costs_though_the_mean_lies_within_it() -> None:
    uneven = """
    month    customer_id  voice_out_minutes  data_mb  sms_count
    2025-04  ann          0                  0        5
    2025-05  ann          -                  99       5
    2025-06  ann          200                0        5
    """
    # 20 and 20 + 100 * 0.5, in the mean 45; May is not known. The large plan costs 60, a cheap one 30.
    cheap = (
        PLANS + "    2025-06  cheap    GoTone  30   200               0             0           9             9  true\n"
    )
    assert rows_of(built(cheap, uneven), "plan_saving")[0] == (15.0,)


def test_a_price_that_is_not_known_leaves_the_saving_unknown_unless_another_offer_saves() -> None:
    unpriced = PLANS.replace("large    GoTone  60", "large    GoTone  - ")
    assert rows_of(built(unpriced), "plan_saving")[:3] == [(None,), (None,), (0.0,)]
    cheap = (
        unpriced
        + "    2025-06  cheap    GoTone  30   300             20             0           9             9  true\n"
    )
    assert rows_of(built(cheap), "plan_saving")[:2] == [(pytest.approx(51.0),), (None,)]


def test_without_usage_only_the_plan_itself_is_known() -> None:
    known = known_months("2025-06", customers=CUSTOMERS, plans=PLANS)
    assert rows_of(plan_fit.build(known, population("ann")), *names()) == [(None,) * 6 + (1.0,)]


def test_later_plans_and_use_are_invisible() -> None:
    later = built(PLANS + "2025-07 free GoTone 0 0 0 0 0 0 true\n", USAGE + "2025-07  ann  9999  9999  9999\n")
    assert rows_of(later, *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_plans_there_is_nothing_to_build() -> None:
    assert plan_fit.build(known_months("2025-06", customers=CUSTOMERS, usage=USAGE), population("ann")) is None
