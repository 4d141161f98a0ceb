"""Household: who else lives there with how many numbers, and how many numbers the person behind this one holds."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Indicator
from features.known_months import Frame, KnownMonths
from features.side_by_side import MonthlyColumns, side_by_side

TABLE = "households"
BEFORE = 3


def catalogue() -> tuple[Indicator, ...]:
    change = "By how much the number of the household's numbers rose in three months."
    return (
        _indicator("household_numbers", "count", "Number of the household's numbers with the operator."),
        _indicator("household_persons", "count", "Number of persons in the household, as far as known."),
        _indicator("household_change_3", "count", change, BEFORE + 1),
    )


def _indicator(name: str, unit: str, meaning: str, window: int = 1) -> Indicator:
    return Indicator(name, "products and life cycle", unit, meaning, window, TABLE)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month was delivered of those that it looks at.

    A customer without a row is one whose household is not known.
    """
    columns = {"numbers": nw.col("numbers"), "persons": nw.col("persons")}
    frame = side_by_side(known, population, MonthlyColumns(TABLE, columns, (0, BEFORE)))
    if frame is None:
        return None
    return frame.select(
        "customer_id",
        nw.col("numbers__0").alias("household_numbers"),
        nw.col("persons__0").alias("household_persons"),
        (nw.col("numbers__0") - nw.col(f"numbers__{BEFORE}")).alias("household_change_3"),
    )
