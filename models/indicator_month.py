"""Indicator month: what one month shows of each indicator: how much it varies, and which others it goes with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.catalogue import Indicator
from features.months import Month
from models.small_cells import SMALL_CELL

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_IN_COMMON = 50
"""Customers of whom both indicators are known, below which nothing is said about a pair."""
DIGITS = 6
"""Figures are rounded before they meet a threshold, so that the last bit of a sum decides nothing."""


@dataclass(frozen=True)
class IndicatorMonth:
    """Figures of one month by indicator, in the order of `names`; `numbers` are the places of those that are numbers.

    `commonest` is the share of customers with the commonest value, unknown being a value too; `known` the share of
    whom it is known. `correlation` (numbers, numbers) is Spearman's on the customers of whom both are known, 0 where
    nothing can be said, and `apart` the share of customers of whom only one of the two is known.
    """

    month: Month
    customers: int
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    commonest: Floats
    known: Floats
    correlation: Floats
    apart: Floats

    @property
    def both_vary(self) -> Flags:
        """Of which pairs the month says anything: where neither is the same for all customers, or unknown of all."""
        varying = self.commonest[list(self.numbers)] < 1
        return varying[:, None] & varying[None, :]


def indicator_month(month: Month, rows: pa.Table, indicators: Sequence[Indicator]) -> IndicatorMonth:
    """The figures of a month's feature rows, one row per customer."""
    counted = [_counted(rows, indicator.name) for indicator in indicators]
    numbers = tuple(place for place, indicator in enumerate(indicators) if indicator.kind == "number")
    ranks = rank_matrix(rows, [indicators[place].name for place in numbers])
    correlation, apart = rank_correlations(ranks)
    shares = np.array(counted, dtype=np.float64).reshape(len(indicators), 2)
    shares = _without_small_rests(shares, rows.num_rows) / max(rows.num_rows, 1)
    return IndicatorMonth(
        month,
        rows.num_rows,
        tuple(indicator.name for indicator in indicators),
        numbers,
        shares[:, 0].round(DIGITS),
        shares[:, 1].round(DIGITS),
        correlation,
        apart,
    )


def mean_correlation(months: Sequence[IndicatorMonth], names: Sequence[str]) -> Floats:
    """Correlation of the named numbers, each pair's mean over the months that say anything of it; 1 with itself."""
    held = [months[0].names[place] for place in months[0].numbers]
    places = np.ix_(*[[held.index(name) for name in names]] * 2)
    said = np.sum([month.both_vary[places] for month in months], axis=0)
    mean = np.sum([np.where(month.both_vary, month.correlation, 0.0)[places] for month in months], axis=0)
    mean = mean / np.maximum(said, 1)
    np.fill_diagonal(mean, 1.0)
    return np.asarray(mean)


def _counted(rows: pa.Table, column: str) -> tuple[int, int]:
    """How many customers hold the commonest value, and of how many it is known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = rows.column(column).combine_chunks()
    if pa.types.is_floating(values.type):
        values = pc.add(values, pa.scalar(0.0, values.type))  # minus zero is zero
    counts = pc.value_counts(values).field("counts")
    return pc.max(counts).as_py() or 0, len(values) - values.null_count


def _without_small_rests(counts: Floats, rows: int) -> Floats:
    """Fewer than ten customers who differ are as good as none: nothing is learned from them, and nothing told."""
    counts = np.where(rows - counts < SMALL_CELL, rows, counts)
    return np.where(counts < SMALL_CELL, 0.0, counts)


def rank_matrix(rows: pa.Table, columns: Sequence[str]) -> Floats:
    """Each column's ranks among its known values, spread evenly over (-0.5, 0.5), equals sharing a rank; NaN unknown.

    Ranks, because bills and minutes have long tails: a correlation of the amounts would be that of few customers.
    """
    matrix = np.full((rows.num_rows, len(columns)), np.nan, order="F")
    for place, column in enumerate(columns):
        values = rows.column(column).to_numpy()
        here = ~np.isnan(values)
        if here.any():
            _, places, counts = np.unique(values[here], return_inverse=True, return_counts=True)
            middles = np.cumsum(counts) - counts / 2
            matrix[here, place] = middles[places] / here.sum() - 0.5
    return matrix


def rank_correlations(ranks: Floats) -> tuple[Floats, Floats]:
    """Correlation of every pair of columns where both are known, and the share of rows where only one is.

    The ranks are those among all known values, not drawn anew for each pair: with two hundred indicators there are
    twenty thousand pairs, and four products of matrices tell of all of them. One thread, because sums of several
    threads differ in the last bits.
    """
    from threadpoolctl import threadpool_limits

    known = (~np.isnan(ranks)).astype(np.float64)
    values = np.nan_to_num(ranks)
    with threadpool_limits(1):
        both = known.T @ known
        sums, squares, products = values.T @ known, (values**2).T @ known, values.T @ values
    least = np.maximum(both, 1.0)
    covariance = products - sums * sums.T / least
    variance = np.maximum(squares - sums**2 / least, 0.0)
    spread = np.sqrt(variance * variance.T)
    told = (both >= LEAST_IN_COMMON) & (spread > 1e-9)
    correlation = np.where(told, covariance / np.where(told, spread, 1.0), 0.0)
    alone = np.diag(both)
    apart = (alone[:, None] + alone[None, :] - 2 * both) / max(len(ranks), 1)
    return np.clip(correlation, -1, 1).round(DIGITS), apart.round(DIGITS)
