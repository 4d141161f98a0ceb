"""Indicator month: what one month shows of each indicator: how much it varies, and which others it goes with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.catalogue import Indicator
from features.months import Month
from models.category_pairs import each_tells_the_other
from models.look_back import looks_back
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

    `can_tell` is false of an indicator whose window was not on hand: it is unknown of everybody then, or the same as
    one of a shorter window, and neither says anything about it. `commonest` is the share of customers with the
    commonest value, unknown being a value too; `known` the share of whom it is known. `correlation` and `apart`
    (numbers, numbers) see `rank_correlations`, `decided` (categories, categories) see `each_tells_the_other`.
    """

    month: Month
    customers: int
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    can_tell: Flags
    commonest: Floats
    known: Floats
    correlation: Floats
    apart: Floats
    decided: Floats

    @property
    def categories(self) -> tuple[int, ...]:
        """The places of those that are no numbers."""
        return tuple(place for place in range(len(self.names)) if place not in self.numbers)

    def both_vary(self, places: Sequence[int]) -> Flags:
        """Of which pairs the month says anything: it can tell of both, and neither is the same for all customers."""
        varying = (self.can_tell & (self.commonest < 1))[list(places)]
        return varying[:, None] & varying[None, :]


OnHand = Mapping[str, Collection[Month]]
"""The months of each table that were on hand at a month's close."""


def indicator_month(month: Month, rows: pa.Table, indicators: Sequence[Indicator], on_hand: OnHand) -> IndicatorMonth:
    """The figures of a month's feature rows, one row per customer; `on_hand` decides of what the month can tell."""
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
        np.array([window_on_hand(month, indicator, on_hand) for indicator in indicators], dtype=np.bool_),
        shares[:, 0].round(DIGITS),
        shares[:, 1].round(DIGITS),
        correlation,
        apart,
        each_tells_the_other(rows, [one.name for one in indicators if one.kind == "category"]).round(DIGITS),
    )


def window_on_hand(month: Month, indicator: Indicator, on_hand: OnHand) -> bool:
    """Whether all tables that the indicator is made of were on hand over its whole window."""
    tables = (indicator.table, *indicator.beside)
    return all(looks_back(month, on_hand.get(table, ()), indicator.window) for table in tables)


def mean_known(months: Sequence[IndicatorMonth]) -> Floats:
    """Of which share of the customers each indicator is known, the mean over the months that can tell; 0 without."""
    tell = np.array([month.can_tell for month in months])
    shares = np.where(tell, [month.known for month in months], 0.0).sum(axis=0) / np.maximum(tell.sum(axis=0), 1)
    return np.asarray(shares)


def mean_correlation(months: Sequence[IndicatorMonth], names: Sequence[str]) -> Floats:
    """Correlation of the named numbers, each pair's mean over the months that say anything of it; 1 with itself."""
    held = [months[0].names[place] for place in months[0].numbers]
    places = np.ix_(*[[held.index(name) for name in names]] * 2)
    says = [month.both_vary(month.numbers)[places] for month in months]
    told = [np.where(said, month.correlation[places], 0.0) for said, month in zip(says, months, strict=True)]
    mean = np.sum(told, axis=0) / np.maximum(np.sum(says, axis=0), 1)
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
    """Correlation of every pair of columns where both are known, and of the rows where either is, the share of one.

    The correlation is 0 where nothing can be said. The share is of those who have either: nearly everybody lacks
    both of two that few have, which makes these no more alike. The ranks are those among all known values, not drawn
    anew for each pair: with two hundred indicators there are twenty thousand pairs, and four products of matrices
    tell of all of them. One thread, because sums of several threads differ in the last bits.
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
    either = alone[:, None] + alone[None, :] - both
    apart = (either - both) / np.maximum(either, 1.0)
    return np.clip(correlation, -1, 1).round(DIGITS), apart.round(DIGITS)
