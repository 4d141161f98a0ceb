"""Chance: random numbers that rest on who, when and what for, and on nothing else.

Nobody's luck depends on the order of an array, on the number of workers, or on what happened to somebody else:
the generator is a counter, not a stream (Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3").
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_STEP = np.uint64(0x9E3779B97F4A7C15)
MOST_EVENTS = 12
"""A count drawn by inversion ends here; rates above some five are drawn as rounded normals."""


@dataclass(frozen=True)
class Dice:
    """The luck of some ids at one time: `uniform("fault")` is always the same for the same seed, time and id."""

    ids: Array
    seed: int
    when: str

    def of(self, which: Array) -> Dice:
        """The luck of some of them alone: the same numbers as among all."""
        return replace(self, ids=self.ids[which])

    def uniform(self, purpose: str) -> Array:
        """In (0, 1), never at an end: SplitMix64 (Steele, Lea and Flood, 2014), started at a key of the rest."""
        mixed = self.ids.astype(np.uint64)
        mixed *= _STEP
        mixed += key(self.seed, self.when, purpose)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed ^= mixed >> np.uint64(shift)
            mixed *= np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
        mixed >>= np.uint64(11)
        share = mixed.astype(np.float64)
        share += 0.5
        share *= 2.0**-53
        return share

    def happens(self, purpose: str, share: Array | float) -> Array:
        """Whether it happens, where it does to `share` of people."""
        found: Array = self.uniform(purpose) < share
        return found

    def normal(self, purpose: str) -> Array:
        from scipy.special import ndtri

        drawn: Array = ndtri(self.uniform(purpose)).astype(np.float32)
        return drawn

    def factor(self, purpose: str, spread: float) -> Array:
        """A log-normal factor whose median is 1."""
        found: Array = np.exp(np.float32(spread) * self.normal(purpose))
        return found

    def exponential(self, purpose: str) -> Array:
        return -np.log(self.uniform(purpose))

    def count(self, purpose: str, rate: Array | float) -> Array:
        """A Poisson count by inversion, for rates up to about five."""
        left = self.uniform(purpose)
        rate = np.asarray(rate, np.float64)
        chance = np.broadcast_to(np.exp(-rate), left.shape).copy()
        counted = np.zeros(left.shape, np.int32)
        for number in range(1, MOST_EVENTS + 1):
            left = left - chance
            more = left > 0
            if not more.any():
                break
            counted += more
            chance = chance * rate / number
        return counted

    def choice(self, purpose: str, shares: Sequence[float] | Array) -> Array:
        """A position by `shares`, the same for all."""
        edges = np.cumsum(np.asarray(shares, np.float64))
        found: Array = np.searchsorted(edges / edges[-1], self.uniform(purpose), side="right")
        return found.astype(np.int16)

    def whole(self, purpose: str, low: int, high: int) -> Array:
        """A whole number from `low` to `high`, both included."""
        found: Array = low + (self.uniform(purpose) * (high - low + 1)).astype(np.int32)
        return found


def key(*parts: object) -> np.uint64:
    """Sixty-four bits that tell these parts from all others."""
    told = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(told, "little"))


def chance_of(*parts: object) -> float:
    """One random number in (0, 1) for what is no person: a month, an area, a dealer, a constant of a drawn world."""
    return (float(key(*parts) >> np.uint64(11)) + 0.5) * 2.0**-53
