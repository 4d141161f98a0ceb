"""Screening stability: whether other months would have kept the same indicators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.business_list import BusinessList
from models.indicator_month import DIGITS, IndicatorMonth
from models.screening import ScreeningSettings, screen


@dataclass(frozen=True)
class Stability:
    """What each month alone would keep: how many, how like the month before and the result; and by indicator."""

    months: tuple[dict[str, Any], ...]
    months_kept: dict[str, int]

    @property
    def mean_jaccard(self) -> float | None:
        """Mean likeness of neighbouring months; None of a single one."""
        held = [month["like the month before"] for month in self.months[1:]]
        return round(float(np.mean(held)), DIGITS) if held else None


def stability(
    months: Sequence[IndicatorMonth], settings: ScreeningSettings, business: BusinessList, kept: Sequence[str]
) -> Stability:
    """Every month screened as if it were the only one. Likeness is Jaccard's: kept in both over kept in either."""
    alone = [screen([month], settings, business)[0] for month in months]
    before = [None, *alone[:-1]]
    told = tuple(
        {
            "month": str(month.month),
            "customers": month.customers,
            "kept": len(here),
            "like the month before": None if earlier is None else jaccard(here, earlier),
            "like the result": jaccard(here, kept),
        }
        for month, here, earlier in zip(months, alone, before, strict=True)
    )
    return Stability(told, {name: sum(name in here for here in alone) for name in months[0].names})


def jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """1 for the same sets, 0 for sets without anything in common."""
    either = set(one) | set(other)
    return round(len(set(one) & set(other)) / len(either), DIGITS) if either else 1.0
