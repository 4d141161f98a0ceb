"""Subscribers: who the small operator's customers are, as one array, and how new ones are drawn."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.random import Generator

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
NEVER = np.datetime64("NaT")

BRANDS = ("GoTone", "M-Zone", "Easyown")
PREFECTURES = ("Northfield", "Eastport", "Southlake", "Westhill", "Midvale")
AREAS, AREAS_PER_COUNTY, AREAS_PER_PREFECTURE, DEALERS = 100, 5, 20, 30
PLAN_FEES = np.array([[5800, 8800, 15800], [1800, 2800, 4800], [500, 1000, 2000]])
"""Fen a month, by brand and plan, cheapest first; what each plan includes is below."""
PLAN_MINUTES = np.array([[220, 420, 1000], [100, 220, 500], [60, 140, 320]])
PLAN_MB = np.array([[800, 1800, 4500], [1200, 2800, 7000], [150, 600, 1800]])

_BRAND_SHARE = (0.3, 0.3, 0.4)
_PREPAID_SHARE = np.array([0.1, 0.7, 0.95])
_USUAL_MINUTES = np.array([360.0, 180.0, 120.0])
_USUAL_MB = np.array([1_000.0, 2_000.0, 350.0])
_MEAN_DAYS_ON_NET = np.array([1_800.0, 600.0, 800.0])

SUBSCRIBER = np.dtype(
    [
        # on the operator's books
        *[(name, "i8") for name in ("number", "arrears")],
        *[(name, "i2") for name in ("area", "dealer", "birth_year", "brand", "plan", "former_plan", "unpaid_months")],
        *[(name, "M8[D]") for name in ("activated", "plan_since", "former_plan_since", "contract_end", "closed_on")],
        *[(name, "M8[D]") for name in ("stopped_on", "stop_ended")],
        *[(name, "?") for name in ("prepaid", "stopped_for_arrears")],
        # what they are like, seen only through what they do
        *[(name, "f8") for name in ("minutes", "mb", "on_net", "pays", "expected_bill", "dip")],
        # hidden: why, when and how they leave
        *[(name, "f8") for name in ("bill_grievance", "service_grievance", "hazard", "fading")],
        *[(name, "M8[M]") for name in ("decided", "leaves")],
        # hidden: what a campaign's contact has changed in the logarithm of the hazard, and until when
        *[("sway", "f8"), ("swayed_until", "M8[M]")],
        *[(name, "i2") for name in ("cause", "exit")],
    ]
)
"""One record per subscriber. Money is in fen, habits are a month's; a date is NaT until it happens."""


def days_in(month: np.datetime64, size: int, rng: Generator) -> Array:
    """Random days of `month`, from the 2nd to the 28th, so that what ends the day before ends in the month too."""
    days: Array = month.astype("M8[D]") + rng.integers(1, 28, size).astype("m8[D]")
    return days


def draw(size: int, first: int, month: np.datetime64, rng: Generator, *, newcomers: bool) -> Array:
    """`size` subscribers, counted from `first`, who join in `month` or, when not `newcomers`, joined before it."""
    who = np.zeros(size, SUBSCRIBER)
    for field in SUBSCRIBER.names or ():
        if SUBSCRIBER[field].kind == "M":
            who[field] = NEVER
    # A prime step round 7e9 numbers keeps them unique; 13… to 19… is how mobile numbers begin.
    who["number"] = 13_000_000_000 + (first + np.arange(size)) * 1_299_709 % 7_000_000_000
    who["brand"] = brand = rng.choice(len(BRANDS), size, p=_BRAND_SHARE)
    who["prepaid"] = rng.random(size) < _PREPAID_SHARE[brand]
    who["area"] = rng.integers(AREAS, size=size)
    who["dealer"] = rng.integers(-5, DEALERS, size)
    who["birth_year"] = np.where(rng.random(size) < 0.85, rng.integers(1945, 2006, size), 0)
    before = rng.exponential(_MEAN_DAYS_ON_NET[brand]).clip(31, 6_000).astype("m8[D]")
    who["activated"] = who["plan_since"] = days_in(month, size, rng) - (0 if newcomers else before)
    signs = rng.random(size) < np.where(who["prepaid"], 0.2, 0.5)
    ends = (month + rng.integers(11, 24, size) - (0 if newcomers else rng.integers(11, size=size))).astype("M8[M]")
    who["contract_end"] = np.where(signs, ends.astype("M8[D]") - 1, NEVER)
    _choose_habits(who, rng)
    return who


def _choose_habits(who: Array, rng: Generator) -> None:
    """Heavy-tailed habits, and a plan that fits them only roughly: misfit is what makes bills a surprise."""
    size, brand = len(who), who["brand"]
    who["minutes"] = _USUAL_MINUTES[brand] * rng.lognormal(0, 0.6, size)
    who["mb"] = _USUAL_MB[brand] * rng.lognormal(0, 0.8, size)
    who["on_net"] = rng.beta(5, 3, size)
    who["pays"] = np.where(rng.random(size) < 0.07, 0.4, 0.985)
    who["dip"] = who["fading"] = 1
    thought = who["minutes"] * rng.lognormal(0, 0.4, size)
    who["plan"] = (thought[:, None] > PLAN_MINUTES[brand, :2]).sum(axis=1)
    who["expected_bill"] = PLAN_FEES[brand, who["plan"]] * 1.2
