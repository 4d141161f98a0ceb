"""Made indicators: a month's feature rows as columns of numbers and words, and what one month shows of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from features.catalogue import Indicator
from features.months import Month, months_between
from models.indicator_month import IndicatorMonth, indicator_month

JANUARY = Month(2025, 1)


def indicator(name: str, unit: str = "minutes", category: bool = False, window: int = 1) -> Indicator:
    return Indicator(name, "usage", unit, f"What {name} means.", window, "usage", "category" if category else "number")


def rows_of(**columns: Sequence[float | str | None]) -> pa.Table:
    """Numbers as Float32 and words as they are; None is unknown."""
    return pa.table(
        {
            name: pa.array(values, pa.string() if isinstance(values[0], str) else pa.float32())
            for name, values in columns.items()
        }
    )


def month_of(month: Month = JANUARY, **columns: Sequence[float | str | None]) -> IndicatorMonth:
    """What the month shows of these columns, in their order; the first month on hand is JANUARY.

    `bill_of_3` looks at three months, a name that says no number at one.
    """
    held = [
        indicator(name, category=isinstance(values[0], str), window=int(name.partition("_of_")[2] or 1))
        for name, values in columns.items()
    ]
    return indicator_month(month, rows_of(**columns), held, {"usage": list(months_between(JANUARY, month))})


def noise(seed: int, customers: int = 200) -> list[float]:
    drawn: list[float] = np.random.default_rng(seed).uniform(size=customers).tolist()
    return drawn
