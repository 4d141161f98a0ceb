"""Feature table: joins what every side of the customers says into one row of indicators per customer."""

from __future__ import annotations

import narwhals as nw

from features import (
    account_ties,
    billing,
    calling_circle,
    campaign_answers,
    contacts,
    contract_terms,
    custom_indicators,
    customer_record,
    device,
    household,
    person,
    plan_fit,
    plan_periods,
    products,
    selling_dealer,
    service_events,
    survey_answers,
    usage,
)
from features.catalogue import Indicator
from features.custom_indicators import CustomName
from features.known_months import Frame, KnownMonths

SIDES = (
    customer_record,
    billing,
    usage,
    contacts,
    campaign_answers,
    service_events,
    survey_answers,
    contract_terms,
    plan_periods,
    plan_fit,
    device,
    calling_circle,
    account_ties,
    products,
    household,
    person,
    selling_dealer,
)
"""A file per table, or idea, that customers are looked at by; which of the ten angles it serves its catalogue says."""

WITHOUT_INDICATORS = {
    "organisation": "Tells of halls, managers and areas, not of customers: it splits lists and targets.",
    "campaigns": "Tells of no customer; who was contacted, and what they answered, is in responses.",
    "outcomes": "Tells who left in months to come: labels are made of it, which no feature may see.",
}
"""Tables of which no indicator is made, and why; every other one is looked at."""


def catalogue(custom: tuple[CustomName, ...]) -> tuple[Indicator, ...]:
    """Every indicator in the order of the feature table's columns; `custom` names the operator's own."""
    own = custom_indicators.catalogue(custom)
    return (*(indicator for side in SIDES for indicator in side.catalogue()), *own)


def build(known: KnownMonths, population: Frame, custom: tuple[CustomName, ...]) -> Frame:
    """The indicators of every customer of `population` as of `known.as_of`, lazily.

    Columns: customer_id, then the catalogue in its order, numbers as Float32 and categories as String, null where
    unknown. One row per customer of `population`, in no promised order. Numbers are worked out in Float64 and
    rounded last, because engines work out Float32 in different widths and would differ in the last digits.
    """
    frame = population.select("customer_id")
    built = [(side.build(known, frame), side.catalogue()) for side in SIDES]
    built.append((custom_indicators.build(known, frame, custom), custom_indicators.catalogue(custom)))
    columns: list[nw.Expr] = []
    for side, indicators in built:
        if side is not None:
            frame = frame.join(side, on="customer_id", how="left")
        columns += [_column(indicator, known=side is not None) for indicator in indicators]
    return frame.select("customer_id", *columns)


def _column(indicator: Indicator, *, known: bool) -> nw.Expr:
    dtype = nw.Float32 if indicator.kind == "number" else nw.String
    value = nw.col(indicator.name).cast(dtype) if known else nw.lit(None, dtype=dtype)
    return value.alias(indicator.name)
