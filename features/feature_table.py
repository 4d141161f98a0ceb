"""Feature table: joins the angles into one row of indicators per customer, and nothing else."""

from __future__ import annotations

import narwhals as nw

from features import billing, custom_indicators, customer_record, plan_periods, service_events, usage
from features.catalogue import Indicator
from features.custom_indicators import CustomName
from features.known_months import Frame, KnownMonths

ANGLES = (customer_record, billing, usage, plan_periods, service_events)


def catalogue(custom: tuple[CustomName, ...]) -> tuple[Indicator, ...]:
    """Every indicator in the order of the feature table's columns; `custom` names the operator's own."""
    own = custom_indicators.catalogue(custom)
    return (*(indicator for angle in ANGLES for indicator in angle.catalogue()), *own)


def build(known: KnownMonths, population: Frame, custom: tuple[CustomName, ...]) -> Frame:
    """The indicators of every customer of `population` as of `known.as_of`, lazily.

    Columns: customer_id, then the catalogue in its order, numbers as Float32 and categories as String, null where
    unknown. One row per customer of `population`, in no promised order. Numbers are worked out in Float64 and
    rounded last, because engines work out Float32 in different widths and would differ in the last digits.
    """
    frame = population.select("customer_id")
    built = [(angle.build(known, frame), angle.catalogue()) for angle in ANGLES]
    built.append((custom_indicators.build(known, frame, custom), custom_indicators.catalogue(custom)))
    columns: list[nw.Expr] = []
    for angle, indicators in built:
        if angle is not None:
            frame = frame.join(angle, on="customer_id", how="left")
        columns += [_column(indicator, known=angle is not None) for indicator in indicators]
    return frame.select("customer_id", *columns)


def _column(indicator: Indicator, *, known: bool) -> nw.Expr:
    dtype = nw.Float32 if indicator.kind == "number" else nw.String
    value = nw.col(indicator.name).cast(dtype) if known else nw.lit(None, dtype=dtype)
    return value.alias(indicator.name)
