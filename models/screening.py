"""Screening: which indicators a model learns from, because the others hardly vary or say what another one says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from models.business_list import BusinessList
from models.indicator_month import Floats, IndicatorMonth, mean_known

FILE = "screening.json"
UNKNOWN, CONSTANT, REDUNDANT = "known of nobody", "nearly constant", "redundant"

DECIDED = 0.995
"""Of two categories one will do when each decides the other for this share of the customers. Who differs is then as
rare as whoever has another value of one that is nearly constant."""


@dataclass(frozen=True)
class ScreeningSettings:
    """When an indicator is dropped; the thresholds were chosen on AUC out of time (decisions.md).

    `train_on` says whether a training leaves the dropped ones out, or takes all indicators as if nobody had screened.
    `max_commonest_share` is the share of customers with the same value, unknown included, from which an indicator is
    nearly constant. Two numbers are redundant from `max_correlation` of their ranks, if of the customers of whom either
    is known not more than `max_known_apart` are known to one alone: unknown says something too. Two categories are,
    where each decides the other, see `DECIDED`. `max_rows` bounds each month's sample. `business_file` names a TOML
    file like the shipped one, which says what business people prefer and keep.
    """

    train_on: Literal["kept", "all"] = "kept"
    max_commonest_share: float = 0.995
    max_correlation: float = 0.95
    max_known_apart: float = 0.02
    max_rows: int = 20_000
    max_factors: int = 12
    min_loading: float = 0.4
    business_file: str = ""
    seed: int = 13


@dataclass(frozen=True)
class Dropped:
    """An indicator that was dropped and why; a redundant one is represented by a kept one that says the same.

    `commonest_share` and `correlation` are those of the month that spoke most for keeping it; of two categories
    `correlation` is the share of customers for whom each decides the other.
    """

    name: str
    reason: str
    commonest_share: float
    represented_by: str = ""
    correlation: float | None = None


@dataclass(frozen=True)
class Screening:
    """The result as data: what is kept, in catalogue order, what is dropped and why, and from what that follows.

    `not_judged` are those of the kept of which none of the months could tell, because their window was not on hand
    in any: left out, they would stay out unnoticed when it fills.
    """

    as_of: str
    feature_set: str
    months: tuple[str, ...]
    customers: tuple[int, ...]
    kept: tuple[str, ...]
    dropped: tuple[Dropped, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    not_judged: tuple[str, ...] = ()

    def represented_by(self, name: str) -> list[Dropped]:
        """The redundant indicators for which a kept one stands."""
        return [one for one in self.dropped if one.represented_by == name]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Screening:
        held = json.loads(text)
        lists = {key: tuple(held.get(key, ())) for key in ("months", "customers", "kept", "not_judged")}
        return cls(**{**held, **lists, "dropped": tuple(Dropped(**one) for one in held["dropped"])})


@dataclass(frozen=True)
class _Alike:
    """How like each other indicators of one kind are, and from where on one of two will do.

    `likeness` (places, places) is that of the month that speaks most for keeping both, of those months that say
    anything: what was of use in one of the months may be again. 0 where none says anything.
    """

    places: tuple[int, ...]
    likeness: Floats
    least: float


def not_judged(months: Sequence[IndicatorMonth]) -> tuple[str, ...]:
    """The indicators of which none of the months can tell, in catalogue order: they are kept until one can."""
    tell = np.any([month.can_tell for month in months], axis=0)
    return tuple(name for name, told in zip(months[0].names, tell, strict=True) if not told)


def screen(
    months: Sequence[IndicatorMonth], settings: ScreeningSettings, business: BusinessList
) -> tuple[tuple[str, ...], tuple[Dropped, ...]]:
    """Kept indicators in catalogue order, and the dropped ones: whatever was so in every month that can tell.

    The indicators are taken in the order of preference (the business list's, then who is known of more customers,
    then the catalogue's), and each is kept unless one that is kept already says the same. So whoever is dropped
    correlates with the very one that represents it, and not only with one that correlates with that one in turn.
    """
    # Of all months, those that cannot tell included: of two that say the same the one with the longer history stays.
    known = np.mean([month.known for month in months], axis=0)
    names, commonest = months[0].names, least_commonest(months)
    hardly_vary = _hardly_vary(months, settings, business)
    places = [place for place, name in enumerate(names) if name not in hardly_vary]
    order = sorted(places, key=lambda at: (business.place(names[at]), -known[at], at))
    redundant = [
        Dropped(names[at], REDUNDANT, float(commonest[at]), names[by], float(likeness))
        for alike in (_numbers_alike(months, settings), _categories_alike(months))
        for at, by, likeness in _redundant(alike, order)
    ]
    dropped = hardly_vary | {one.name: one for one in redundant}
    return (
        tuple(name for name in names if name not in dropped),
        tuple(dropped[name] for name in names if name in dropped),
    )


def least_commonest(months: Sequence[IndicatorMonth]) -> Floats:
    """The commonest value's share in the month in which each indicator varied most; 0 where none of them can tell."""
    tell = np.array([month.can_tell for month in months])
    least = np.where(tell, [month.commonest for month in months], 1.0).min(axis=0)
    return np.where(tell.any(axis=0), least, 0.0)


def _hardly_vary(
    months: Sequence[IndicatorMonth], settings: ScreeningSettings, business: BusinessList
) -> dict[str, Dropped]:
    return {
        name: Dropped(name, CONSTANT if known > 0 else UNKNOWN, float(share))
        for name, share, known in zip(months[0].names, least_commonest(months), mean_known(months), strict=True)
        if share >= (1 if name in business.keep else settings.max_commonest_share)
    }


def _numbers_alike(months: Sequence[IndicatorMonth], settings: ScreeningSettings) -> _Alike:
    """By the weakest correlation, 0 where in a month more than so many customers are known to one of them alone.

    In the first months all windows hold the same few values, and a mean over the months would take them for one
    another.
    """
    numbers = months[0].numbers
    correlations = np.stack([month.correlation for month in months])
    says = np.stack([month.both_vary(numbers) for month in months])
    weakest = np.where(says, np.abs(correlations), np.inf).argmin(axis=0)
    correlation = np.take_along_axis(correlations, weakest[None], axis=0)[0]
    apart = np.where(says, [month.apart for month in months], 0.0).max(axis=0)
    alike = says.any(axis=0) & (apart <= settings.max_known_apart)
    return _Alike(numbers, np.where(alike, correlation, 0.0), settings.max_correlation)


def _categories_alike(months: Sequence[IndicatorMonth]) -> _Alike:
    """By the least share of customers for whom each of the two decides the other."""
    categories = months[0].categories
    says = np.stack([month.both_vary(categories) for month in months])
    decided = np.where(says, [month.decided for month in months], 1.0).min(axis=0)
    return _Alike(categories, np.where(says.any(axis=0), decided, 0.0), DECIDED)


def _redundant(alike: _Alike, order: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    """Places of those that say what a kept one before them in the order says already, of that one, and how like."""
    among = {place: number for number, place in enumerate(alike.places)}
    strength = np.abs(alike.likeness)
    kept: list[int] = []
    for here in [among[place] for place in order if place in among]:
        by = max(kept, key=lambda other: strength[here, other], default=None)
        if by is None or strength[here, by] < alike.least:
            kept.append(here)
        else:
            yield alike.places[here], alike.places[by], alike.likeness[here, by]
