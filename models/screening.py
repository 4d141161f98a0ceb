"""Screening: which indicators a model learns from, because the others hardly vary or say what another one says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from models.business_list import BusinessList
from models.indicator_month import Floats, IndicatorMonth

FILE = "screening.json"
CONSTANT, REDUNDANT = "nearly constant", "redundant"


@dataclass(frozen=True)
class ScreeningSettings:
    """When an indicator is dropped; the thresholds were chosen on AUC out of time (decisions.md).

    `train_on` says whether a training leaves the dropped ones out, or takes all indicators as if nobody had screened.
    `max_commonest_share` is the share of customers with the same value, unknown included, from which an indicator is
    nearly constant. Two are redundant from `max_correlation` of their ranks, if not more than `max_known_apart` of
    the customers are known to one of them alone: unknown says something too. `max_rows` bounds each month's sample.
    `business_file` names a TOML file like the shipped one, which says what business people prefer and keep.
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
    """An indicator that was dropped and why; a redundant one is represented by a kept one that it correlates with.

    `commonest_share` and `correlation` are those of the month that spoke most for keeping it.
    """

    name: str
    reason: str
    commonest_share: float
    represented_by: str = ""
    correlation: float | None = None


@dataclass(frozen=True)
class Screening:
    """The result as data: what is kept, in catalogue order, what is dropped and why, and from what that follows."""

    as_of: str
    feature_set: str
    months: tuple[str, ...]
    customers: tuple[int, ...]
    kept: tuple[str, ...]
    dropped: tuple[Dropped, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def represented_by(self, name: str) -> list[Dropped]:
        """The redundant indicators for which a kept one stands."""
        return [one for one in self.dropped if one.represented_by == name]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Screening:
        held = json.loads(text)
        lists = {key: tuple(held[key]) for key in ("months", "customers", "kept")}
        return cls(**{**held, **lists, "dropped": tuple(Dropped(**one) for one in held["dropped"])})


@dataclass(frozen=True)
class _Worst:
    """Of every figure the month that speaks most for keeping: the most varying, the least correlated, the most apart.

    What was of use in one of the months may be again. In the first months all windows hold the same few values, and
    a mean over the months would take them for one another.
    """

    commonest: Floats
    known: Floats
    correlation: Floats
    apart: Floats


def screen(
    months: Sequence[IndicatorMonth], settings: ScreeningSettings, business: BusinessList
) -> tuple[tuple[str, ...], tuple[Dropped, ...]]:
    """Kept indicators in catalogue order, and the dropped ones: whatever was so in every one of the months.

    The indicators are taken in the order of preference (the business list's, then who is known of more customers,
    then the catalogue's), and each is kept unless one that is kept already says the same. So whoever is dropped
    correlates with the very one that represents it, and not only with one that correlates with that one in turn.
    """
    names, worst = months[0].names, _worst(months)
    constant = {
        name: Dropped(name, CONSTANT, float(share))
        for name, share in zip(names, worst.commonest, strict=True)
        if share >= (1 if name in business.keep else settings.max_commonest_share)
    }
    places = [place for place, name in enumerate(names) if name not in constant]
    order = sorted(places, key=lambda at: (business.place(names[at]), -worst.known[at], at))
    redundant = _redundant(months[0], worst, settings, order)
    dropped = constant | redundant
    return (
        tuple(name for name in names if name not in dropped),
        tuple(dropped[name] for name in names if name in dropped),
    )


def _worst(months: Sequence[IndicatorMonth]) -> _Worst:
    correlations = np.stack([month.correlation for month in months])
    says = np.stack([month.both_vary for month in months])
    weakest = np.where(says, np.abs(correlations), np.inf).argmin(axis=0)
    return _Worst(
        np.min([month.commonest for month in months], axis=0),
        np.mean([month.known for month in months], axis=0),
        np.take_along_axis(correlations, weakest[None], axis=0)[0],
        np.where(says, [month.apart for month in months], 0.0).max(axis=0),
    )


def _redundant(
    month: IndicatorMonth, worst: _Worst, settings: ScreeningSettings, order: Sequence[int]
) -> dict[str, Dropped]:
    """Those that say what one before them in the order says already."""
    among = {place: number for number, place in enumerate(month.numbers)}
    strength = np.where(worst.apart <= settings.max_known_apart, np.abs(worst.correlation), 0.0)
    kept: list[int] = []
    dropped: dict[str, Dropped] = {}
    for here in [among[place] for place in order if place in among]:
        by = max(kept, key=lambda other: strength[here, other], default=None)
        if by is None or strength[here, by] < settings.max_correlation:
            kept.append(here)
            continue
        name, stands = (month.names[month.numbers[number]] for number in (here, by))
        share = float(worst.commonest[month.numbers[here]])
        dropped[name] = Dropped(name, REDUNDANT, share, stands, float(worst.correlation[here, by]))
    return dropped
