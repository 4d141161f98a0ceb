"""Wilson's interval: between which bounds the share lies that a count of customers speaks for."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
NORMAL_QUANTILE = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""As many standard errors lie on either side of a normal estimate; 1.96, exactly."""


def wilson(share: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    """Lower and upper end of the 95 % score interval of a share (Wilson, JASA 22, 1927), shaped as the arguments are.

    Unlike the usual one it holds its level where shares are near 0 or 1, and never leaves 0 to 1.
    """
    share, trials = np.asarray(share, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    square = NORMAL_QUANTILE**2
    middle = 2 * trials * share + square
    width = np.sqrt(square * (square + 4 * trials * share * (1 - share)))
    low, high = ((middle + side * width) / (2 * (trials + square)) for side in (-1, 1))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
