"""Handsets: in which device each card lies, how old it is, and when it is changed."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.lines import Lines
from infra.simulator.moments import Moment

HANDSET_BRANDS = ("Aurora", "Beacon", "Cedar", "Dorado", "Ember", "Fjord", "Granite", "Harbour")
PRICE_BANDS = ("low", "middle", "high", "flagship")
_BAND_EDGES = (-0.5, 0.6, 1.5)
"""Of income and liking for devices together, in standard deviations."""


def draw_handsets(now: Moment, lines: Lines, dice: Dice) -> None:
    """The handset that somebody brings along, half way through its usual life on average."""
    _choose(lines, dice, "first")
    lines["imei"][:] = lines["line"] * 64
    age = now.constants.devices.months_used * 30 * 1.6 * dice.uniform("handset age")
    lines["handset_since"][:] = np.maximum(lines["activated"], now.begin - age)


def change_handsets(now: Moment, lines: Lines, here: Array) -> Array:
    """Who changes the handset, and on which day; those who like devices do so more often."""
    device = now.constants.devices
    keen = np.exp(device.keen * (lines["sensitivity"][:, 3] - 0.25))
    changes = here & now.dice.happens("handset", keen * np.exp(-0.5 * device.keen * 0.1) / device.months_used)
    changes &= lines["handset_since"] < now.begin
    day = now.days("handset day")
    some = {name: lines[name][changes] for name in ("income", "sensitivity", "price_band", "handset_brand")}
    _choose(some, now.dice.of(changes), "next")
    for name in ("price_band", "handset_brand"):
        lines[name][changes] = some[name]
    lines["imei"][changes] = (lines["line"] * 64)[changes] + (now.number % 60) + 1
    lines["handset_since"][changes] = day[changes]
    return changes


def _choose(lines: Lines, dice: Dice, which: str) -> None:
    liking = np.log(lines["income"]) / 0.45 + 3 * (lines["sensitivity"][:, 3] - 0.25) + dice.normal(f"{which} price")
    lines["price_band"][:] = np.searchsorted(_BAND_EDGES, 0.7 * liking)
    lines["handset_brand"][:] = dice.choice(f"{which} brand", (5, 4, 3, 3, 2, 2, 1, 1))


def handset_years(now: Moment, lines: Lines, later: int = 0) -> Array:
    """Years in use at the month's end, or so many months later if it is kept, from 0 to 4."""
    years: Array = ((now.end - lines["handset_since"]) / 365 + later / 12).clip(0, 4)
    return years
