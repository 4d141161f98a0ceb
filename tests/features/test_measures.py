"""Measures: what a table's indicators are called, and which of them are trends."""

from __future__ import annotations

import pytest

from features import billing, contacts, usage
from features.measures import ALL, ANGLES, TREND, Measure, MeasureTable, Share, catalogue

WHOLE = Measure("amount", "bill", "currency", "bill", ("last", "slope_3"))
PART = Measure("overage", "extra", "currency", "extra", ())
SHARE = Share(("extra",), ("bill",), "extra_share_3", "Extras as a share of bills.", "By how much it rose.")


def test_indicators_are_windows_then_shares_then_changes_of_shares():
    found = catalogue(MeasureTable("bills", "bill structure", (WHOLE, PART), (SHARE,)))
    assert [(indicator.name, indicator.angle, indicator.unit, indicator.window) for indicator in found] == [
        ("bill_last", "bill structure", "currency", 1),
        ("bill_slope_3", "trend", "currency per month", 3),
        ("extra_share_3", "bill structure", "share", 3),
        ("extra_share_change_3", "trend", "share", 3),
    ]


@pytest.mark.parametrize("source", [billing.BILLING, usage.USAGE, contacts.CONTACTS], ids=lambda source: source.table)
def test_shares_are_of_measures_of_the_same_table(source: MeasureTable):
    names = {measure.name for measure in source.measures}
    assert {name for share in source.shares for name in (*share.part, *share.whole)} <= names
    used = {name for share in source.shares for name in (*share.part, *share.whole)}
    assert [measure.name for measure in source.measures if not measure.looked_at and measure.name not in used] == []


def test_a_measure_without_a_choice_has_all_windows_and_trend_is_one_of_the_angles():
    assert [window.name for window in Measure("amount", "bill", "currency", "bill").windows] == list(ALL)
    assert TREND in ANGLES
