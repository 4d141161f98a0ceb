from __future__ import annotations

from models.evaluation import METRICS
from models.model_card import model_card

FACTS = {
    "as_of": "2025-05",
    "horizon": 1,
    "gap": 1,
    "rows": 2_000,
    "customers": 1_000,
    "leavers": 30,
    "scoring_months": ["2025-01", "2025-02"],
    "feature_set": "abc",
    "code": "def",
    "note": "fixed rounds",
}
FIGURE = {"value": 0.8, "low": 0.7, "high": 0.9}
TEST = {
    "design": "out of time",
    "months": {"2025-02": {}},
    "counts": {"horizon_1": {"rows": 900, "customers": 900, "events": 40}},
    "pooled": {"horizon_1": {name: dict.fromkeys(METRICS, FIGURE) for name in ("model", "scorecard")}},
    "differences": {"horizon_1": {"scorecard": {"auc": {"value": 0.05, "low": 0.01, "high": 0.09}}}},
}


def test_the_card_tells_purpose_data_figures_limits_and_what_is_barred():
    card = model_card(FACTS, TEST, 68)
    assert card.startswith("# Churn propensity as of 2025-05\n")
    assert "Window: 1 month(s), starting 2 month(s) after the scoring month." in card
    assert "30 leavers in 2,000 rows of 1,000 customers, scoring months 2025-01 to 2025-02, 68 indicators" in card
    assert "Note: fixed rounds." in card
    assert "2025-02, horizon 1: 900 rows, 900 customers, 40 leavers." in card
    assert "| AUC | 0.800 (0.700 to 0.900) | 0.800 (0.700 to 0.900) |" in card
    assert "scorecard +0.050 (+0.010 to +0.090)" in card
    assert "Ethnicity" in card.partition("## What it must not be used for")[2]


def test_a_recipe_that_could_not_be_tested_says_so():
    card = model_card(FACTS, {"notes": ["not tested out of time: too early"]}, 68)
    assert "not tested out of time: too early" in card
