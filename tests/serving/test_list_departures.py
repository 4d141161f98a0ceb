from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from features.month_ledger import MonthLedger
from models.registry import Champion
from serving.list_departures import COLUMNS, departures
from serving.task_refs import task_refs
from serving.warning_lists import Listing, ListSettings, list_month
from tests.made_operator import deliver, ledger_in, made_months
from tests.serving.drawn_scores import MONTH, enter_scores, listing_of

LAST_MONTH = """
    customer_id    probability  value_at_risk
    customer-0000  0.5          90.0
    customer-0001  0.5          80.0
    customer-0002  0.5          70.0
    customer-0003  0.5          60.0
    customer-0004  0.5          50.0
    customer-0005  0.5          40.0
    customer-0006  0.5          30.0
    customer-0007  0.5          20.0
"""
THIS_MONTH = """
    customer_id    probability  value_at_risk
    customer-0000  0.5          90.0
    customer-0005  0.5          10.0
    customer-0006  0.5          35.0
    customer-0007  0.5          -
    customer-0003  0.5          99.0
"""
STANDING = {"1": "ported_out", "2": "closed_arrears"}


@pytest.fixture
def ledger(tmp_path: Path) -> MonthLedger:
    """Eight listed in March; in April one ported out, one was closed, one is off the books and one is silent."""
    ledger = ledger_in(tmp_path / "tables")
    made = made_months(customers=8, months=4)
    customers = made["customers"].with_columns(
        status=pl.when(pl.col("month") == "2025-04")
        .then(pl.col("customer_id").str.slice(-1).replace_strict(STANDING, default="active"))
        .otherwise(pl.lit("active"))
    )
    gone = (pl.col("month") == "2025-04") & (pl.col("customer_id") == "customer-0004")
    deliver(ledger, made | {"customers": customers.filter(~gone)})
    enter_scores(ledger, LAST_MONTH, MONTH - 1)
    enter_scores(ledger, THIS_MONTH)
    return ledger


def listing(ledger: MonthLedger, champion: Champion, size: int = 1) -> Listing:
    return listing_of(ledger, champion, ListSettings(size, 0), withheld=frozenset({"customer-0003"}))


def whys(ledger: MonthLedger, champion: Champion) -> dict[str, str]:
    """Why each customer of last month's list is gone, by their number."""
    before = ledger.known("customer_scores", MONTH - 1)
    scores = ledger.known("customer_scores", MONTH)
    assert before is not None
    assert scores is not None
    list_month(listing_of(ledger, champion, ListSettings(8, 0)), before)
    now = listing(ledger, champion)
    found = departures(now, scores, list_month(now, scores))
    assert tuple(found.columns) == COLUMNS
    refs = {task_refs(b"k" * 32, MONTH - 1, [f"customer-000{number}"])[0]: str(number) for number in range(8)}
    return {refs[row["task_ref_before"]]: row["why"] for row in found.iter_rows(named=True)}


def test_everybody_who_is_gone_is_told_why_in_last_months_order(ledger: MonthLedger, champion: Champion):
    assert whys(ledger, champion) == {
        "1": "left",
        "2": "closed by the operator",
        "3": "not on this month's list",
        "4": "no longer on the operator's books",
        "5": "not on this month's list",
        "6": "not on this month's list",
        "7": "not on this month's list",
    }
    assert list(whys(ledger, champion)) == list("1234567")


def test_whom_a_campaign_withholds_is_told_of_as_almost_everybody_else(ledger: MonthLedger, champion: Champion):
    """What is at stake has fallen for all who stayed, but for the withheld: a reason that is only theirs would tell."""
    enter_scores(ledger, THIS_MONTH.replace("35.0", "15.0").replace(" -\n", " 5.0\n"))
    said = whys(ledger, champion)
    alike = [number for number, why in said.items() if why == said["3"]]
    assert alike == ["3", "5", "6", "7"]


def test_who_is_on_the_books_without_a_score_was_silent(ledger: MonthLedger, champion: Champion):
    enter_scores(ledger, "customer_id probability value_at_risk \n customer-0000 0.5 90.0")
    assert whys(ledger, champion)["5"] == "no longer scored: no activity this month"


def test_without_a_list_of_last_month_nobody_is_gone(ledger: MonthLedger, champion: Champion):
    scores = ledger.known("customer_scores", MONTH)
    assert scores is not None
    now = listing(ledger, champion)
    found = departures(now, scores, list_month(now, scores))
    assert (tuple(found.columns), len(found)) == (COLUMNS, 0)
