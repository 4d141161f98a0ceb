"""Drawn scores: a month's scores as a test shows them, entered as if they had been worked out."""

from __future__ import annotations

import polars as pl

from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from models.registry import Champion
from serving.customer_scores import Scoring
from serving.warning_lists import Listing, ListSettings
from tests.drawn import table
from tests.made_operator import CHURN, NOW, by_bucket

MONTH = Month(2025, 4)
SCORES = """
    customer_id    probability  value_at_risk
    customer-0003  0.5          20.0
    customer-0001  0.2          90.0
    customer-0005  0.7          -
    customer-0004  0.4          20.0
    customer-0002  0.5          20.0
    customer-0006  0.9          -
"""


def enter_scores(ledger: MonthLedger, drawing: str = SCORES, month: Month = MONTH) -> Entry:
    """Drawn scores as the month's scores; everybody is in pre-warning."""
    rows = table(drawing, probability=pl.Float64, value_at_risk=pl.Float64).with_columns(
        band=pl.lit("pre-warning"),
        usual_value=pl.lit(30.0),
        segment=pl.lit(None, pl.String),
    )
    staged = ledger.warehouse.stage_month("customer_scores", month, by_bucket(rows))
    return ledger.enter([staged], Origin("drawn", "churn-propensity/3", "test", NOW))[0]


def listing_of(
    ledger: MonthLedger, champion: Champion, settings: ListSettings | None = None, **other: object
) -> Listing:
    """How the month is listed: long enough for everybody unless said."""
    scoring = Scoring(ledger, champion, CHURN, "test", 1, NOW)
    held = {"key": b"k" * 32, "currency": "CNY", **other}
    return Listing(scoring, settings or ListSettings(100, 0), **held)  # type: ignore[arg-type]
