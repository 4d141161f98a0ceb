"""Curves: what a ranking finds at every cut and how probabilities come true, in cells too large to show a person."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Scored
from models.small_cells import SMALL_CELL
from models.wilson import wilson

Floats = NDArray[np.float64]

CUTS = 200
RELIABILITY_CUTS = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Finer towards the highest scores, where nearly all leavers and all listed customers are."""
SCORE_CELLS = 30


@dataclass(frozen=True)
class Curve:
    """What the rows with the highest scores hold, at cuts from none to all of them; every array has shape (cuts,).

    `share` of the rows is taken, `found` of the leavers and `alarmed` of the stayers are among them; `precision` is
    the share of leavers among the taken, `cut` the lowest score taken, NaN where nothing is.
    """

    share: Floats
    found: Floats
    alarmed: Floats
    precision: Floats
    cut: Floats

    @property
    def lift(self) -> Floats:
        """Times as many leavers as the same number of customers picked blindly would hold."""
        with np.errstate(invalid="ignore"):  # nothing is taken at the first cut
            return np.asarray(self.found / self.share)


@dataclass(frozen=True)
class Reliability:
    """Foretold and observed share of leavers of groups of rows with similar probabilities, shape (groups,).

    `low` and `high` are Wilson's 95 % interval (1927) with as many trials as the group has customers, since the
    months of one customer are no independent evidence.
    """

    foretold: Floats
    observed: Floats
    low: Floats
    high: Floats
    customers: NDArray[np.int64]


@dataclass(frozen=True)
class ScoreCells:
    """How many rows have probabilities from `edges[i]` to `edges[i + 1]`; NaN where it is fewer than ten customers."""

    edges: Floats
    rows: Floats


def curve(scored: Scored, name: str) -> Curve:
    """The curve of one score; each step takes at least ten customers more, and tied rows count in equal parts."""
    score = scored.scores[name]
    order = np.argsort(-score, kind="stable")
    score, left, rows = score[order], scored.churned[order].astype(np.float64), len(score)
    positions = np.unique(np.linspace(0, rows, _steps(scored, CUTS) + 1).round().astype(np.int64))
    edges = np.concatenate([[0], np.flatnonzero(np.diff(score)) + 1, [rows]])
    leavers = np.interp(positions, edges, np.concatenate([[0.0], np.cumsum(left)])[edges])
    cut = np.concatenate([[np.nan], score])[positions]
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing is taken at the first cut
        precision = leavers / positions
    stayers = rows - left.sum()
    return Curve(positions / rows, leavers / left.sum(), (positions - leavers) / stayers, precision, cut)


def _steps(scored: Scored, wanted: int) -> int:
    """As many steps as wanted, or fewer, so that each takes ten customers even where all of a customer's rows tie."""
    most_rows = int(np.unique(scored.customer, return_counts=True)[1].max())
    return max(1, min(wanted, len(scored.churned) // (SMALL_CELL * most_rows)))


def reliability(scored: Scored, name: str) -> Reliability:
    """Groups of rows by rising probability, those of fewer than ten customers left out."""
    order = np.argsort(scored.scores[name], kind="stable")
    edges = np.unique((np.array(RELIABILITY_CUTS) * len(order)).round().astype(np.int64))
    groups = [order[first:last] for first, last in itertools.pairwise(edges)]
    counts = [len(np.unique(scored.customer[rows])) for rows in groups]
    large = [(rows, count) for rows, count in zip(groups, counts, strict=True) if count >= SMALL_CELL]
    customers = np.array([count for _, count in large], dtype=np.int64)
    observed = np.array([scored.churned[rows].mean() for rows, _ in large])
    low, high = wilson(observed, customers)
    foretold = np.array([scored.scores[name][rows].mean() for rows, _ in large])
    return Reliability(foretold, observed, low, high, customers)


def score_cells(scored: Scored, name: str) -> ScoreCells:
    """Rows by probability, in cells of equal width on a logarithmic scale."""
    score = np.clip(scored.scores[name], 1e-6, 1.0)
    edges = np.geomspace(score.min() * 0.999, score.max() * 1.001, SCORE_CELLS + 1)
    cell = np.searchsorted(edges, score, side="right") - 1
    customers = _distinct(cell, scored.customer)
    rows = np.bincount(cell, minlength=SCORE_CELLS).astype(np.float64)
    return ScoreCells(edges, np.where(customers >= SMALL_CELL, rows, np.nan))


def _distinct(cell: NDArray[np.int64], customer: NDArray[Any]) -> NDArray[np.int64]:
    codes = np.unique(customer, return_inverse=True)[1]
    pairs = np.unique(np.stack([cell, codes]), axis=1)
    return np.bincount(pairs[0], minlength=SCORE_CELLS)
