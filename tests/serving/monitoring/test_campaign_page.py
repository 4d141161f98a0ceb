"""The campaign page shows the readout's figures, the same bytes for the same report, and nobody's row."""

from __future__ import annotations

from typing import Any

import pytest

from serving.monitoring.campaign_page import campaign_page

REPORT: dict[str, Any] = {
    "campaign": "spring",
    "month": "2025-08",
    "window": ["2025-09", "2025-12"],
    "as_of": "2026-01",
    "method": "Newcombe",
    "note": "",
    "difference": {"value": 0.0312, "low": 0.0101, "high": 0.0523},
    "arms": {
        "treated": {"customers": 1200, "retention": 0.94, "closed_by_operator": 17},
        "withheld": {"customers": 300, "retention": 0.91, "closed_by_operator": "fewer than 10"},
    },
    "closed_by_operator": {"value": -0.0123, "low": -0.02, "high": -0.004},
    "brands": {
        "GoTone": {
            "arms": {"treated": {"customers": 33}, "withheld": {"customers": "fewer than 10"}},
            "difference": {"value": None, "note": "not enough data: fewer than 50 customers treated"},
        }
    },
    "reach": {
        "attempts": 1874,
        "tried": {"value": 1.0, "of": 1200},
        "reached": {"value": 0.928, "of": 1200},
        "accepted_of_reached": {"value": 0.364, "of": 1114},
        "withheld_but_contacted": 0,
    },
    "value_kept": {
        "per_head": {"value": 3.6, "low": -3.19, "high": 10.4},
        "in_all": {"value": 4320.0, "low": -3828.0, "high": 12480.0},
    },
    "balance": {"differences": {"probability": -0.04}, "by_chance": 0.13},
}
EARLY = {name: REPORT[name] for name in ("campaign", "month", "window", "as_of", "method", "reach", "balance")}


def test_the_same_report_gives_the_same_bytes():
    assert campaign_page(REPORT) == campaign_page(REPORT)


def test_the_figures_of_the_report_are_on_the_page():
    page = campaign_page(REPORT).decode()
    for figure in (
        "+3.1 points",
        "interval +1.0 to +5.2",
        "94.0%",
        "91.0%",
        "92.8%",
        "4,320.00 (-3,828.00 to 12,480.00)",
        "-0.04",
    ):
        assert figure in page
    assert "Fewer of those with a task left by choice" in page
    assert "-1.2 points (-2.0 to -0.4)" in page
    assert "stayed" not in page
    assert "not enough data: fewer than 50 customers treated" in page


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.05, "Fewer of those with a task left by choice"),
        (-0.01, 0.05, "No effect is shown"),
        (-0.05, -0.01, "More of those with a task left by choice"),
    ],
)
def test_the_verdict_is_that_of_the_interval(low: float, high: float, verdict: str):
    assert verdict in campaign_page(REPORT | {"difference": {"value": 0.0, "low": low, "high": high}}).decode()


def test_before_the_outcome_is_complete_the_page_says_when_it_will_be():
    page = campaign_page(EARLY | {"note": "not enough data yet: matures with 2026-01"}).decode()
    assert "not enough data yet: matures with 2026-01" in page
    assert "did not leave by choice, treated" not in page
