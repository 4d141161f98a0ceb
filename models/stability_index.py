"""Stability index: how far the cells of a column have moved from what they were, and how far chance moves them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PRIOR = 0.5
"""Rows added to each cell on both sides (Jeffreys' prior): an empty cell gives a large PSI, not an infinite one."""


def moved(shares: Sequence[float], sampled: tuple[int, int], counts: Sequence[int]) -> tuple[float, float, int]:
    """PSI of `counts` against `shares` had these known as much, with unit and degrees of freedom of its noise.

    The last cell is the unknown one. `sampled` are the rows and customers that the shares are of. The unit times a
    quantile of chi-square with these degrees of freedom is the same quantile of the PSI when nothing moved.
    """
    rows, customers = sampled
    shares, part = _as_known_now(shares, counts)
    return psi(shares, rows, counts), *_noise(shares, customers * part, counts)


def share_elsewhere(shares: Sequence[float], counts: Sequence[int]) -> float:
    """The least share of customers who must have changed their cell, had as much been known as now.

    Half the sum of |q - p| over cells, the total variation distance.
    """
    before, _ = _as_known_now(shares, counts)
    return float(np.abs(np.asarray(counts) / sum(counts) - np.asarray(before)).sum() / 2)


def _as_known_now(shares: Sequence[float], counts: Sequence[int]) -> tuple[Sequence[float], float]:
    """The shares if as much had been known as now, and what part of that was known.

    The known shares grow in proportion; where the unknown share rose all stay as they are. Where nothing was
    known, nothing can be told: the counts' own shares, of which no part was known.
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
    counts customers, not rows, because rows of the same customer say little more than one.
    """
    used = sum(share > 0 or count > 0 for share, count in zip(shares, counts, strict=True))
    return 1 / max(1, customers) + 1 / max(1, sum(counts)), max(1, used - 1)
