"""Masked numbers: which customer of a month it is, as far as a list or a task may tell."""

from __future__ import annotations

import narwhals as nw

from features.known_months import Frame

COLUMN = "masked_number"


def with_masked_number(customers: Frame) -> Frame:
    """The rows of `customers` with the column, null in a month that was delivered before the contract had it."""
    if COLUMN in customers.collect_schema().names():
        return customers
    return customers.with_columns(nw.lit(None, dtype=nw.String).alias(COLUMN))
