"""Eligibility: which of a month's scored customers may be part of a campaign, and why the others may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import narwhals as nw

from features.known_months import Frame, KnownMonths
from features.months import Month, months_between
from serving import ServingError
from serving.warning_periods import PERIODS

ELIGIBLE = "eligible"
TAKEN = "in a running campaign"
REASONS = ("not active", "not valuable", "not at risk", TAKEN, "complained lately", "no hall")
"""Why somebody is left out; of several, the first."""
CANDIDATE = (
    *("customer_id", "hall", "brand", "payment_type", "band"),
    *("probability", "usual_value", "value_at_risk"),
)
"""What allocation, care plans and readout need to know of an eligible customer."""
_OF_CUSTOMERS = ("status", "activated_on", "hall", "brand", "payment_type")


@dataclass(frozen=True)
class EligibilityRules:
    """Whom a campaign is for: valuable customers first, not everybody (domain, section 1).

    Valuable is who brings at least `min_arpu` a month, in the source's currency, or has been on net for
    `min_tenure_months`. At risk is who is in `lowest_band` or worse. Who complained severely in the last
    `complaint_months` is left to those who settle complaints: an offer would be the wrong answer.
    """

    min_arpu: float = 120.0
    min_tenure_months: int = 48
    lowest_band: Literal["healthy", "pre-warning", "alert"] = "pre-warning"
    complaint_months: int = 3


def judged(known: KnownMonths, scores: Frame, month: Month, taken: Frame, rules: EligibilityRules) -> Frame:
    """Everybody who was scored in `month`, with the columns of a candidate and `reason`: `eligible`, or why not.

    `taken` holds the `customer_id` of whoever is in a running campaign, in either arm: a second campaign would
    blur the first one's effect. What is unknown makes nobody valuable. Raises ServingError when the month's
    customers are not on hand.
    """
    customers = known.table("customers", month)
    if customers is None:
        raise ServingError(f"customers: {month} is not on hand; run holdfast ingest --month {month}")
    rows = scores.join(customers.select("customer_id", *_OF_CUSTOMERS), on="customer_id", how="left")
    for name, ids in (("is_taken", taken), ("has_complained", _complained(known, month, rules.complaint_months))):
        marked = ids.select("customer_id").unique("customer_id").with_columns(nw.lit(True).alias(name))
        rows = rows.join(marked, on="customer_id", how="left")
    return rows.select(*CANDIDATE, _reason(month, rules).alias("reason"))


def _complained(known: KnownMonths, month: Month, months: int) -> Frame:
    """Who complained severely in one of the last `months`; an operator that sends no events knows of nobody."""
    found = [known.table("service_events", past) for past in months_between(month - (months - 1), month)]
    told = [events for events in found if events is not None]
    if told:
        return nw.concat(told, how="vertical").filter(nw.col("kind") == "severe_complaint").select("customer_id")
    customers = known.table("customers", month)
    assert customers is not None  # judged has looked
    return customers.select("customer_id").head(0)


def _reason(month: Month, rules: EligibilityRules) -> nw.Expr:
    at_risk = list(PERIODS[PERIODS.index(rules.lowest_band) :])
    kept_out = (
        ~(nw.col("status") == "active").fill_null(False),
        ~_is_valuable(month, rules),
        ~nw.col("band").is_in(at_risk).fill_null(False),
        nw.col("is_taken").fill_null(False),
        nw.col("has_complained").fill_null(False),
        nw.col("hall").is_null(),
    )
    reason = nw.lit(ELIGIBLE)
    for words, is_out in reversed(list(zip(REASONS, kept_out, strict=True))):
        reason = nw.when(is_out).then(nw.lit(words)).otherwise(reason)
    return reason


def _is_valuable(month: Month, rules: EligibilityRules) -> nw.Expr:
    activated = nw.col("activated_on").dt.year() * 12 + nw.col("activated_on").dt.month()
    tenure = month.year * 12 + month.month - activated
    brings = (nw.col("usual_value") >= rules.min_arpu).fill_null(False)
    return brings | (tenure >= rules.min_tenure_months).fill_null(False)
