"""Who may be part of a campaign, and why the others may not."""

from __future__ import annotations

import narwhals as nw
import polars as pl
import pytest

from features.months import Month
from serving import ServingError
from serving.eligibility import EligibilityRules, judged
from tests.drawn import known_months, population, table

MONTH = Month(2025, 6)
CUSTOMERS = """
    month    customer_id  activated_on  status     hall   brand   payment_type
    2025-06  rich         2024-01-15    active     North  GoTone  postpaid
    2025-06  loyal        2021-06-30    active     North  Easy    prepaid
    2025-06  almost       2021-07-01    active     North  Easy    prepaid
    2025-06  unknown      -             active     North  Easy    prepaid
    2025-06  nameless     2020-01-01    -          North  Easy    prepaid
    2025-06  bandless     2020-01-01    active     North  Easy    prepaid
    2025-06  suspended    2020-01-01    suspended  North  Easy    prepaid
    2025-06  healthy      2020-01-01    active     North  Easy    prepaid
    2025-06  taken        2020-01-01    active     North  Easy    prepaid
    2025-06  cross        2020-01-01    active     North  Easy    prepaid
    2025-06  homeless     2020-01-01    active     -      Easy    prepaid
"""
SCORES = """
    customer_id  probability  band         usual_value  value_at_risk
    rich         0.2          pre-warning  120          24
    loyal        0.3          alert        10           3
    almost       0.3          alert        119.99       36
    unknown      0.3          alert        -            -
    nameless     0.3          alert        500          150
    bandless     0.3          -            500          150
    gone         0.3          alert        500          150
    suspended    0.3          alert        500          150
    healthy      0.1          healthy      500          50
    taken        0.3          alert        500          150
    cross        0.3          alert        500          150
    homeless     0.3          alert        500          150
"""
EVENTS = """
    month    customer_id  kind              started_on  ended_on
    2025-03  rich         severe_complaint  2025-03-31  2025-03-31
    2025-04  cross        severe_complaint  2025-04-01  2025-04-01
    2025-06  loyal        network_fault     2025-06-01  2025-06-01
"""


def reasons(rules: EligibilityRules | None = None, **drawings: str) -> dict[str, str]:
    scores = nw.from_native(table(SCORES, usual_value=pl.Float64, value_at_risk=pl.Float64).lazy())
    known = known_months("2025-06", **(drawings or {"customers": CUSTOMERS, "service_events": EVENTS}))
    rows = judged(known, scores, MONTH, population("taken", "taken"), rules or EligibilityRules()).to_native().collect()
    assert rows["customer_id"].is_unique().all()
    return dict(rows.select("customer_id", "reason").iter_rows())


def test_valuable_customers_at_risk_are_eligible_and_of_the_others_the_first_reason_is_told():
    assert reasons() == {
        "rich": "eligible",
        "loyal": "eligible",
        "almost": "not valuable",
        "unknown": "not valuable",
        "nameless": "not active",
        "bandless": "not at risk",
        "gone": "not active",
        "suspended": "not active",
        "healthy": "not at risk",
        "taken": "in a running campaign",
        "cross": "complained lately",
        "homeless": "no hall",
    }


@pytest.mark.parametrize(
    ("rules", "customer", "reason"),
    [
        (EligibilityRules(min_arpu=119.99), "almost", "eligible"),
        (EligibilityRules(min_arpu=120.01), "rich", "not valuable"),
        (EligibilityRules(min_tenure_months=47), "almost", "eligible"),
        (EligibilityRules(lowest_band="alert"), "rich", "not at risk"),
        (EligibilityRules(lowest_band="healthy"), "healthy", "eligible"),
        (EligibilityRules(complaint_months=2), "cross", "eligible"),
        (EligibilityRules(complaint_months=4), "rich", "complained lately"),
        (EligibilityRules(min_arpu=0), "unknown", "not valuable"),
        (EligibilityRules(min_arpu=0, min_tenure_months=0), "unknown", "not valuable"),
    ],
)
def test_every_figure_is_a_setting(rules: EligibilityRules, customer: str, reason: str):
    assert reasons(rules)[customer] == reason


def test_without_service_events_nobody_is_known_to_have_complained():
    assert reasons(customers=CUSTOMERS)["cross"] == "eligible"


def test_without_the_months_customers_there_is_an_error_that_says_so():
    with pytest.raises(ServingError, match=r"^customers: 2025-06 is not on hand; run holdfast ingest --month 2025-06$"):
        reasons(service_events=EVENTS)
