from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from models.segment_profiles import TOO_FEW, Outcomes, as_markdown, churn_share, profiles
from models.segments import Axis, BrandSegments, SegmentModel
from tests.models.made_segments import BILL, VOICE, customers, with_column

AXIS = Axis(BILL, log=False, low=0.0, high=1000.0, centre=50.0, spread=10.0)
MODEL = SegmentModel((), (BrandSegments("Red", (AXIS,), ((5.0,), (-5.0,)), ("high bill", "low bill")),))


def bills(high: int, low: int) -> pa.Table:
    rows = customers([{BILL: 1.0}], each=high + low)
    return with_column(rows, BILL, [200.0 + place for place in range(high)] + [10.0] * low)


def outcomes(left: int, stayed: int) -> Outcomes:
    segments = pa.array(["Red 1"] * (left + stayed) + ["Red 2", None])
    return Outcomes("2025-01", 1, segments, np.arange(left + stayed + 2) < left)


def test_a_profile_tells_size_share_mean_and_median():
    held = profiles(MODEL, bills(11, 33), None)["segments"]["Red 1"]
    assert (held["label"], held["customers"], held["share_of_brand"]) == ("high bill", 11, 0.25)
    assert held["indicators"] == {BILL: {"mean": 205.0, "median": 205.0, "unknown": 0}}


def test_fewer_than_ten_customers_are_suppressed():
    held = profiles(MODEL, bills(9, 30), None)["segments"]
    assert held["Red 1"] == {
        "brand": "Red",
        "label": "high bill",
        "customers": TOO_FEW,
        "share_of_brand": None,
        "indicators": {},
        "churn": {"value": None, "low": None, "high": None, "note": "not enough data"},
    }
    assert (held["Red 2"]["customers"], held["Red 2"]["share_of_brand"]) == (30, None)


@pytest.mark.parametrize(("unknown", "told"), [(0, 0), (9, "fewer than 10"), (10, 10)])
def test_how_many_are_unknown_is_told_unless_they_are_few(unknown: int, told: object):
    """Two indicators, so that one unknown leaves a customer in the segment."""
    other = Axis(VOICE, log=False, low=0.0, high=1000.0, centre=50.0, spread=10.0)
    model = SegmentModel((), (BrandSegments("Red", (AXIS, other), ((0.0, 0.0),), ("the whole brand",)),))
    rows = with_column(bills(20, 20), VOICE, [None] * unknown + [10.0] * (40 - unknown))
    assert profiles(model, rows, None)["segments"]["Red 1"]["indicators"][VOICE]["unknown"] == told


def test_a_small_rest_cannot_be_worked_out():
    rows = with_column(bills(20, 20), "months_known_6", [2.0] * 9 + [6.0] * 31)
    table = profiles(MODEL, rows, None)
    assert table["customers"] == sum(row["customers"] for row in table["segments"].values()) == 31


@pytest.mark.parametrize(("outside", "told"), [(0, 0), (9, "fewer than 10"), (10, 10)])
def test_who_is_in_no_segment_is_counted_unless_too_few(outside: int, told: object):
    rows = with_column(bills(20, 20), "months_known_6", [2.0] * outside + [6.0] * (40 - outside))
    assert profiles(MODEL, rows, None)["in_no_segment"] == told


def test_the_churn_share_has_an_interval():
    churn = churn_share(outcomes(10, 90), "Red 1")
    assert churn["value"] == 0.1
    # Wilson's interval of 10 in 100
    assert (churn["low"], churn["high"]) == pytest.approx((0.05523, 0.17437), abs=1e-5)


@pytest.mark.parametrize(("left", "stayed"), [(9, 91), (91, 9), (0, 0)])
def test_a_share_of_few_leavers_or_few_who_stayed_is_not_given(left: int, stayed: int):
    assert churn_share(outcomes(left, stayed), "Red 1")["note"] == "not enough data"


def test_markdown_has_a_row_per_segment():
    table = profiles(MODEL, bills(11, 33), outcomes(10, 90))
    assert as_markdown(table, MODEL).splitlines() == [
        "| segment | in short | customers | share | churn (95 %) | bill |",
        "| --- | --- | --- | --- | --- | --- |",
        "| Red 1 | high bill | 11 | 25% | 10.0% (5.5%–17.4%) | 205.00 |",
        "| Red 2 | low bill | 33 | 75% | not enough data | 10.00 |",
        "",
        "Customers in no segment: 0.",
    ]
