"""Population drift: how far a whole month's indicators and scores have moved from the model's reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.engine import count_cells
from features.month_ledger import Entry, MonthLedger
from models.drift_reference import LEAST_ROWS, CategoryReference, DriftReference, NumberReference

SCORE = "probability"
PRIOR = 0.5
"""Rows added to each cell on both sides (Jeffreys' prior): an empty cell gives a large PSI, not an infinite one."""

Cells = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class IndicatorDrift:
    """How far one column has moved.

    `psi` is the population stability index over all cells, of the unknown one only where its share rose: to know
    more than the reference did is no movement. `noise_unit` times a quantile of chi-square with `freedom` degrees is
    the same quantile of the PSI when nothing moved. `wasserstein` is in standard deviations of the reference, None
    for categories and where nothing is known. `unknown` and `unknown_before` are shares of rows.
    """

    indicator: str
    kind: str
    psi: float
    noise_unit: float
    freedom: int
    wasserstein: float | None
    unknown: float
    unknown_before: float
    importance: float


@dataclass(frozen=True)
class PopulationDrift:
    """A month against the reference: its rows, every indicator in name order, and the score."""

    rows: int
    indicators: tuple[IndicatorDrift, ...]
    score: IndicatorDrift

    @property
    def weighted_psi(self) -> float:
        """Mean PSI of the indicators, weighted by what the model makes of them."""
        weight = sum(one.importance for one in self.indicators)
        return sum(one.psi * one.importance for one in self.indicators) / weight if weight else 0.0

    @property
    def weighted_unknown(self) -> float:
        """Share of unknown values, weighted alike."""
        weight = sum(one.importance for one in self.indicators)
        return sum(one.unknown * one.importance for one in self.indicators) / weight if weight else 0.0


def count_month(ledger: MonthLedger, features: Entry, scores: Entry, reference: DriftReference) -> Cells:
    """Rows of the whole month in each of the reference's cells, by column, the score under `probability`.

    Bucket by bucket, and of a bucket counts only are ever in memory.
    """
    edges = {name: cells.edges for name, cells in reference.numbers.items()}
    values = {name: cells.values for name, cells in reference.categories.items()}
    score = {SCORE: reference.score.edges}
    counts: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros(1, dtype=np.int64))
    for entry, numbers, categories in ((features, edges, values), (scores, score, {})):
        warehouse = ledger.warehouse
        for bucket in warehouse.buckets_of(entry.table, entry.month, entry.version):
            files = warehouse.files(entry.table, entry.month, entry.version, bucket)
            for name, cells in count_cells(files, numbers, categories).items():
                counts[name] = counts[name] + np.asarray(cells)
    return {name: [int(count) for count in cells] for name, cells in counts.items()}


def measure(counts: Cells, reference: DriftReference) -> PopulationDrift:
    """The figures of a month from its counts."""
    indicators = [
        _drift_of_category(name, category, counts[name], reference) for name, category in reference.categories.items()
    ]
    indicators += [
        _drift_of_number(name, number, counts[name], (reference.rows, reference.customers), reference.importance)
        for name, number in reference.numbers.items()
    ]
    score = _drift_of_number(
        SCORE, reference.score, counts[SCORE], (reference.score_rows, reference.score_customers), {}
    )
    return PopulationDrift(sum(counts[SCORE]), tuple(sorted(indicators, key=lambda one: one.indicator)), score)


def _drift_of_number(
    name: str,
    cells: NumberReference,
    counts: Sequence[int],
    sampled: tuple[int, int],
    importance: Mapping[str, float],
) -> IndicatorDrift:
    return IndicatorDrift(
        name,
        "score" if name == SCORE else "number",
        *_moved(cells.shares, sampled, counts),
        wasserstein(cells, counts),
        _unknown(counts),
        cells.unknown,
        importance.get(name, 0.0),
    )


def _drift_of_category(
    name: str, cells: CategoryReference, counts: Sequence[int], reference: DriftReference
) -> IndicatorDrift:
    return IndicatorDrift(
        name,
        "category",
        *_moved(cells.shares, (reference.rows, reference.customers), counts),
        None,
        _unknown(counts),
        cells.unknown,
        reference.importance.get(name, 0.0),
    )


def _unknown(counts: Sequence[int]) -> float:
    """Share of rows without a known value; fewer than ten of them are told as none."""
    return counts[-1] / sum(counts) if counts[-1] >= LEAST_ROWS else 0.0


def _moved(shares: Sequence[float], sampled: tuple[int, int], counts: Sequence[int]) -> tuple[float, float, int]:
    """PSI with unit and degrees of freedom of its noise, against what the reference would be had it known as much."""
    rows, customers = sampled
    shares, part = _as_known_now(shares, counts)
    return psi(shares, rows, counts), *_noise(shares, customers * part, counts)


def _as_known_now(shares: Sequence[float], counts: Sequence[int]) -> tuple[Sequence[float], float]:
    """The reference's shares if it had known as much as the month, and what part of that it did know.

    The known shares grow in proportion; where the unknown share rose all stay as they are. Where the reference knew
    nothing, nothing can be told: the month's own shares, of which it knew no part.
    """
    known_before, known_now = 1 - shares[-1], 1 - counts[-1] / sum(counts)
    if known_now <= known_before:
        return shares, 1.0
    if sum(shares[:-1]) == 0:
        return [count / sum(counts) for count in counts], 0.0
    part = known_before / known_now
    return [*(share / part for share in shares[:-1]), 1 - known_now], part


def psi(shares: Sequence[float], rows: int, counts: Sequence[int]) -> float:
    """Population stability index of `counts` against `shares` of `rows` rows: sum of (q - p) ln(q / p) over cells.

    Source: Siddiqi, Credit Risk Scorecards (2006); it is the symmetrised Kullback-Leibler divergence (Jeffreys).
    """
    now = np.asarray(counts, dtype=np.float64) + PRIOR
    before = np.asarray(shares) * rows + PRIOR
    q, p = now / now.sum(), before / before.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _noise(shares: Sequence[float], customers: float, counts: Sequence[int]) -> tuple[float, int]:
    """Unit and degrees of freedom of the PSI's distribution when nothing moved: (1/n + 1/m) chi-square(cells - 1).

    Source: Yurdakul, Statistical Properties of Population Stability Index (Western Michigan University, 2018). n
    counts the reference's customers, not its rows, because rows of the same customer say little more than one.
    """
    used = sum(share > 0 or count > 0 for share, count in zip(shares, counts, strict=True))
    return 1 / max(1, customers) + 1 / max(1, sum(counts)), max(1, used - 1)


def wasserstein(cells: NumberReference, counts: Sequence[int]) -> float | None:
    """Mean distance that known values moved, in standard deviations of the reference; None where none is known.

    All rows of a cell are taken to lie at its reference mean, so a movement within a cell is not seen, and the
    standard deviation is that between cells: an approximation from below that needs counts only. The area between
    the two distribution functions, as SciPy's `wasserstein_distance` of the means weighted by cell.
    """
    before, now, means = np.asarray(cells.shares[:-1]), np.asarray(counts[:-1], dtype=np.float64), cells.means
    if not before.sum() or not now.sum():
        return None
    before, now = before / before.sum(), now / now.sum()
    centre = float(before @ np.asarray(means))
    spread = float(np.sqrt(before @ (np.asarray(means) - centre) ** 2))
    if spread == 0:
        return None
    apart = np.abs(np.cumsum(before - now))[:-1]
    return float(apart @ np.maximum(np.diff(means), 0)) / spread
