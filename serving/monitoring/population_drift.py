"""Population drift: how far a whole month's indicators and scores have moved from the model's reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.month_ledger import Entry, MonthLedger
from models.drift_reference import LEAST_ROWS, CategoryReference, DriftReference, NumberReference
from models.stability_index import moved
from models.usual_movement import Cells, Movement, count_entry, count_features, since

SCORE = "probability"


@dataclass(frozen=True)
class Jump:
    """How far a column moved since the month before, and the largest PSI that is usual between months."""

    moved: Movement
    usual: float


@dataclass(frozen=True)
class IndicatorDrift:
    """How far one column has moved.

    `psi` is the population stability index over all cells, of the unknown one only where its share rose: to know
    more than the reference did is no movement. `noise_unit` times a quantile of chi-square with `freedom` degrees is
    the same quantile of the PSI when nothing moved. `wasserstein` is in standard deviations of the reference, None
    for categories and where nothing is known. `unknown` and `unknown_before` are shares of rows. `jump` is None for
    the score, and where the month before or what is usual is not on hand.
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
    jump: Jump | None = None


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
    score = count_entry(ledger, scores, ({SCORE: reference.score.edges}, {}))
    return {**count_features(ledger, features, reference), **score}


def measure(counts: Cells, reference: DriftReference, before: Cells | None = None) -> PopulationDrift:
    """The figures of a month from its counts, and how far it moved since the month `before` from those of that."""
    indicators = [
        _drift_of_category(name, category, counts[name], reference) for name, category in reference.categories.items()
    ]
    indicators += [
        _drift_of_number(name, number, counts[name], (reference.rows, reference.customers), reference.importance)
        for name, number in reference.numbers.items()
    ]
    if before is not None:
        indicators = [_with_jump(one, before, counts, reference) for one in indicators]
    score = _drift_of_number(
        SCORE, reference.score, counts[SCORE], (reference.score_rows, reference.score_customers), {}
    )
    return PopulationDrift(sum(counts[SCORE]), tuple(sorted(indicators, key=lambda one: one.indicator)), score)


def _with_jump(one: IndicatorDrift, before: Cells, counts: Cells, reference: DriftReference) -> IndicatorDrift:
    name = one.indicator
    if name not in reference.usual:
        return one
    return replace(one, jump=Jump(since(before[name], counts[name]), reference.usual[name]))


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
        *moved(cells.shares, sampled, counts),
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
        *moved(cells.shares, (reference.rows, reference.customers), counts),
        None,
        _unknown(counts),
        cells.unknown,
        reference.importance.get(name, 0.0),
    )


def _unknown(counts: Sequence[int]) -> float:
    """Share of rows without a known value; fewer than ten of them are told as none."""
    return counts[-1] / sum(counts) if counts[-1] >= LEAST_ROWS else 0.0


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
