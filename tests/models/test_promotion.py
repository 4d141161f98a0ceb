from __future__ import annotations

from typing import Any

import pytest

from models.promotion import Evidence, PromotionSettings, judge_challenger

RULES = PromotionSettings()


def figure(value: float, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


GOOD = {
    "months": ["2025-03"],
    "events": 60,
    "auc": figure(0.8, 0.7, 0.9),
    "calibration_slope": figure(1.0, 0.8, 1.2),
    "observed_over_expected": figure(1.0, 0.9, 1.1),
}


def against(low: float, high: float, events: int = 60) -> dict[str, Any]:
    gain = figure((low + high) / 2, low, high)
    return {"version": 1, "months": ["2025-03"], "events": events, "differences": {"auc": gain}}


@pytest.mark.parametrize(
    ("low", "high", "promote", "says"),
    [
        (0.001, 0.03, True, "better; AUC minus that of champion version 1 on 2025-03: +0.015 (+0.001 to +0.030)"),
        (-0.01, 0.01, True, "no worse by more than 0.01; AUC minus"),
        (0.0, 0.0, True, "no worse by more than 0.01; AUC minus"),
        (-0.011, 0.03, False, "not shown to be no worse by 0.01; AUC minus"),
        (-0.05, -0.01, False, "worse; AUC minus"),
    ],
)
def test_a_challenger_must_be_shown_to_be_no_worse_than_the_champion(low: float, high: float, promote: bool, says: str):
    verdict = judge_challenger(Evidence(GOOD, against(low, high)), RULES)
    assert (verdict.promote, verdict.reason.startswith(says)) == (promote, True), verdict.reason


def test_a_slightly_worse_challenger_within_the_tolerance_is_no_worse():
    assert judge_challenger(Evidence(GOOD, against(-0.009, -0.001)), RULES).promote
    assert not judge_challenger(Evidence(GOOD, against(-0.009, -0.001)), PromotionSettings(tolerance=0.0)).promote


def test_without_a_champion_it_is_promoted():
    verdict = judge_challenger(Evidence(GOOD), RULES)
    assert (verdict.promote, verdict.reason) == (True, "there was no champion")
    assert [check["passed"] for check in verdict.checks] == [True, True, True]


@pytest.mark.parametrize(
    ("metric", "found", "says"),
    [
        ("auc", figure(0.7, 0.59, 0.8), "auc 0.700 (0.590 to 0.800), wanted a lower bound of 0.6 or more"),
        (
            "calibration_slope",
            figure(0.3, 0.2, 0.49),
            "calibration_slope 0.300 (0.200 to 0.490), wanted an interval that meets 0.5 to 2",
        ),
        (
            "observed_over_expected",
            figure(3.6, 2.6, 5.0),
            "observed_over_expected 3.600 (2.600 to 5.000), wanted an interval that meets 0.5 to 2",
        ),
    ],
)
def test_a_violated_threshold_holds_it_with_and_without_a_champion(metric: str, found: dict[str, Any], says: str):
    for champion in (None, against(0.01, 0.02)):
        verdict = judge_challenger(Evidence({**GOOD, metric: found}, champion), RULES)
        assert (verdict.promote, verdict.reason) == (False, says)


def test_a_wide_interval_that_meets_the_range_is_no_violation():
    wide = {**GOOD, "calibration_slope": figure(2.4, 0.9, 4.0)}
    assert judge_challenger(Evidence(wide), RULES).promote


@pytest.mark.parametrize(
    ("test", "why"),
    [
        ({"note": "not tested out of time: too early"}, "not measured: not tested out of time: too early"),
        ({**GOOD, "events": 19}, "not measured: 19 leavers, fewer than 20"),
        (
            {**GOOD, "auc": {**figure(0.5, None, None), "note": "not enough data"}},
            "not measured: auc has no interval: not enough data",
        ),
    ],
)
def test_what_cannot_be_measured_is_noted_and_holds_nothing_where_there_is_no_champion(test: dict[str, Any], why: str):
    verdict = judge_challenger(Evidence(test), RULES)
    assert (verdict.promote, verdict.reason) == (True, f"there was no champion ({why})")


@pytest.mark.parametrize(
    ("champion", "why"),
    [
        ({"version": 1, "note": "it was trained on horizon 3 and not 1"}, "it was trained on horizon 3 and not 1"),
        (against(0.1, 0.2, events=5), "5 leavers, fewer than 20"),
        (
            {**against(0, 0), "differences": {"auc": {**figure(0.1, None, None), "note": "not enough data"}}},
            "not enough data",
        ),
    ],
)
def test_a_champion_that_cannot_be_compared_with_stays(champion: dict[str, Any], why: str):
    verdict = judge_challenger(Evidence(GOOD, champion), RULES)
    assert not verdict.promote
    assert verdict.reason == f"not enough data to compare with champion version 1: {why}"
