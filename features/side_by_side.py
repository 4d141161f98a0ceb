"""Side by side: the months of one table next to each other, one row per customer, a column per measure and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import narwhals as nw

from features.known_months import Frame, KnownMonths
from features.on_the_books import on_the_books, with_months_on_the_books


@dataclass(frozen=True)
class MonthlyColumns:
    """What to take from a table with a row per customer: expressions by name, and of how many months ago.

    `lists`: the table lists what happened, so a customer without a row in a delivered month had nothing: zero. Of the
    months before somebody was a customer it says nothing.
    """

    table: str
    columns: Mapping[str, nw.Expr]
    ago: Sequence[int]
    lists: bool = False
    dtype: type[nw.Float64 | nw.String] = nw.Float64


def side_by_side(known: KnownMonths, population: Frame, wanted: MonthlyColumns) -> Frame | None:
    """Column `<name>__<months ago>` per expression and month, one row per customer of `population`.

    None where no month was delivered. A month that was not delivered, and a customer without a row in a month
    (unless the table lists what happened and they were on the books), give null: nobody knows what they spent, which
    is not zero.
    """
    months = {ago: known.table(wanted.table, known.as_of - ago) for ago in wanted.ago}
    if all(month is None for month in months.values()):
        return None
    frame = population.select("customer_id")
    if wanted.lists:
        frame = with_months_on_the_books(frame, known, max(wanted.ago) + 1)
    for ago, month in months.items():
        frame = _with_month(frame, month, wanted, ago)
    return frame


def _with_month(frame: Frame, month: Frame | None, wanted: MonthlyColumns, ago: int) -> Frame:
    names = [f"{name}__{ago}" for name in wanted.columns]
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=wanted.dtype).alias(name) for name in names)
    # Money is stored as Decimal; Float64 holds it to the cent and is the width in which all engines agree.
    taken = [column.cast(wanted.dtype).alias(name) for column, name in zip(wanted.columns.values(), names, strict=True)]
    if not wanted.lists:
        return frame.join(month.select("customer_id", *taken), on="customer_id", how="left")
    row = f"row__{ago}"
    joined = frame.join(month.select("customer_id", *taken, nw.lit(1).alias(row)), on="customer_id", how="left")
    nothing = nw.col(row).is_null() & on_the_books(ago)
    return joined.with_columns(nw.when(nothing).then(nw.lit(0.0)).otherwise(nw.col(name)).alias(name) for name in names)


def total(terms: Sequence[nw.Expr]) -> nw.Expr:
    """The sum, added up in the order given so that every engine gets the same bits; null as soon as a term is."""
    return reduce(add, terms)


def mean_of_known(months: Sequence[nw.Expr]) -> nw.Expr:
    """The mean of the months that are known; null when none is."""
    known = [(~month.is_null()).cast(nw.Int8) for month in months]
    return total([month.fill_null(0.0) for month in months]) / count_or_null(total(known))


def sum_of_known(terms: Sequence[nw.Expr]) -> nw.Expr:
    """The sum of the terms that are known; null when none is."""
    if len(terms) == 1:
        return terms[0]
    unknown = nw.all_horizontal(*[term.is_null() for term in terms], ignore_nulls=False)
    return nw.when(~unknown).then(total([term.fill_null(0) for term in terms]))


def count_or_null(count: nw.Expr) -> nw.Expr:
    """A count to divide by: engines disagree on dividing by zero, so that it becomes unknown."""
    return nw.when(count > 0).then(count).cast(nw.Float64)


NOTHING = 1e-6
"""Sums nearer to zero than this are zero: money is exact to a ten-thousandth, the rest is rounding."""


def sum_or_null(amount: nw.Expr) -> nw.Expr:
    """A sum to divide by, unknown where it is zero but for rounding."""
    return nw.when(amount.abs() > NOTHING).then(amount)


def months_since_last(months: Sequence[nw.Expr]) -> nw.Expr:
    """How many months ago something was last above zero, of counts by months ago; null when it was in none.

    The search goes back from the latest month and ends at one that is unknown: null too.
    """
    since = nw.lit(None, dtype=nw.Float64)
    for ago, count in reversed(list(enumerate(months))):
        since = nw.when(count > 0).then(nw.lit(float(ago))).otherwise(nw.when(count <= 0).then(since))
    return since
