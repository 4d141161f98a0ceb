from __future__ import annotations

import pytest

from features import FeaturesError
from features.labels import Activity, ChurnDefinition
from features.population import scored_population
from tests.drawn import known_months, rows_of

CHURN = ChurnDefinition(activity=(Activity("bills", "amount"), Activity("usage", "data_mb")))
CUSTOMERS = """
    month    customer_id  status
    2025-03  ann          active
    2025-03  bob          suspended
    2025-03  cyd          closed
    2025-03  dan          ported_out
    2025-03  eve          closed_arrears
    2025-03  fay          closed_fraud
    2025-03  gus          active
    2025-03  hal          suspended
    2025-03  ivy          active
    2025-02  jon          active
"""
BILLS = """
    month    customer_id  amount
    2025-03  ann          10
    2025-03  bob          10
    2025-03  cyd          10
    2025-03  dan          10
    2025-03  eve          10
    2025-03  fay          10
    2025-03  gus          0
    2025-03  kim          10
    2025-02  hal          10
    2025-02  jon          10
"""
USAGE = """
    month    customer_id  data_mb
    2025-03  ann          1
    2025-03  ivy          1
"""


def test_scored_is_who_is_on_the_books_not_closed_and_active_in_the_month():
    known = known_months("2025-03", customers=CUSTOMERS, bills=BILLS, usage=USAGE)
    assert rows_of(scored_population(known, CHURN), "customer_id") == [("ann",), ("bob",), ("ivy",)]


def test_where_outcomes_are_given_everybody_of_the_snapshot_is_scored():
    known = known_months("2025-03", customers=CUSTOMERS)
    scored = rows_of(scored_population(known, ChurnDefinition(given=True)), "customer_id")
    assert [name for (name,) in scored] == ["ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ivy"]


def test_a_month_that_was_not_on_hand_cannot_be_scored():
    with pytest.raises(FeaturesError, match=r"customers: 2025-04 was not on hand at its close; run holdfast ingest"):
        scored_population(known_months("2025-04", customers=CUSTOMERS, bills=BILLS), CHURN)


def test_without_the_activity_of_the_month_nobody_can_be_called_active():
    known = known_months("2025-03", customers=CUSTOMERS, bills=BILLS)
    with pytest.raises(FeaturesError, match=r"usage: 2025-03 was not on hand"):
        scored_population(known, CHURN)
