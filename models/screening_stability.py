"""Screening stability: whether other months would have kept the same indicators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.business_list import BusinessList
from models.indicator_month import DIGITS, IndicatorMonth
from models.screening import ScreeningSettings, screen


@dataclass(frozen=True)
class Stability:
    """What each month alone would keep of what it can tell of: how many, how like the month before and the result.

    By indicator, how many months can tell of it, and how many of these alone would keep it. `whole_from` is the
    first month that can tell of all that any of them can; None when no month can.
    """

    months: tuple[dict[str, Any], ...]
    months_kept: dict[str, int]
    months_judged: dict[str, int]
    whole_from: str | None

    @property
    def mean_jaccard(self) -> float | None:
        """Mean likeness of neighbouring months; None of a single one."""
        held = [month["like the month before"] for month in self.months[1:]]
        return round(float(np.mean(held)), DIGITS) if held else None


def stability(
    months: Sequence[IndicatorMonth], settings: ScreeningSettings, business: BusinessList, kept: Sequence[str]
) -> Stability:
    """Every month screened as if it were the only one.

    Likeness is Jaccard's, kept in both over kept in either, of the indicators of which both months can tell: a
    window that fills would else look like a result that wavers.
    """
    judged = [_judged(month) for month in months]
    alone = [set(screen([month], settings, business)[0]) & told for month, told in zip(months, judged, strict=True)]
    told = tuple(
        {
            "month": str(month.month),
            "customers": month.customers,
            "judged": len(judged[at]),
            "kept": len(alone[at]),
            "like the month before": jaccard(alone[at] & judged[at - 1], alone[at - 1] & judged[at]) if at else None,
            "like the result": jaccard(alone[at], judged[at] & set(kept)),
        }
        for at, month in enumerate(months)
    )
    names, ever = months[0].names, set().union(*judged)
    return Stability(
        told,
        {name: sum(name in here for here in alone) for name in names},
        {name: sum(name in here for here in judged) for name in names},
        next((str(month.month) for month, here in zip(months, judged, strict=True) if here == ever), None),
    )


def _judged(month: IndicatorMonth) -> set[str]:
    """The indicators of which a month can tell."""
    return {name for name, told in zip(month.names, month.can_tell, strict=True) if told}


def jaccard(one: Collection[str], other: Collection[str]) -> float:
    """1 for the same sets, 0 for sets without anything in common."""
    either = set(one) | set(other)
    return round(len(set(one) & set(other)) / len(either), DIGITS) if either else 1.0
