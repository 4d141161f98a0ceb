"""Handsets: in which device each card lies, how old it is, and when it is changed."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.lines import SENSITIVITIES, Lines
from infra.simulator.moments import Moment

HANDSET_BRANDS = ("Aurora", "Beacon", "Cedar", "Dorado", "Ember", "Fjord", "Granite", "Harbour")
PRICE_BANDS = ("low", "middle", "high", "flagship")
_MEAN = 1 / len(SENSITIVITIES)


def draw_handsets(now: Moment, lines: Lines, dice: Dice) -> None:
    """The handset that somebody brings along, most of the way through its usual life on average."""
    made = now.constants.devices
    _choose(now, lines, dice, "first")
    lines["imei"][:] = lines["line"] * 64
    age = made.months_used * 30 * made.brought_age * dice.uniform("handset age")
    lines["handset_since"][:] = np.maximum(lines["activated"], now.begin - age)


def change_handsets(now: Moment, lines: Lines, here: Array) -> Array:
    """Who changes the handset, and on which day; those who like devices do so more often."""
    device = now.constants.devices
    keen = np.exp(device.keen * (lines["sensitivity"][:, 3] - _MEAN))
    # Less by about what the spread of sensitivities adds to the mean of a log-normal factor.
    changes = here & now.dice.happens("handset", keen * np.exp(-0.5 * device.keen * 0.1) / device.months_used)
    changes &= lines["handset_since"] < now.begin
    day = now.days("handset day")
    some = {name: lines[name][changes] for name in ("income", "sensitivity", "price_band", "handset_brand")}
    _choose(now, some, now.dice.of(changes), "next")
    for name in ("price_band", "handset_brand"):
        lines[name][changes] = some[name]
    lines["imei"][changes] = (lines["line"] * 64)[changes] + (now.number % 60) + 1
    lines["handset_since"][changes] = day[changes]
    return changes


def _choose(now: Moment, lines: Lines, dice: Dice, which: str) -> None:
    """A price by income, liking and chance; the two spreads of one each come to about one and a half, hence 0.7."""
    made, income = now.constants.devices, np.log(lines["income"]) / now.constants.people.income_spread
    liking = income + made.liking * (lines["sensitivity"][:, 3] - _MEAN) + dice.normal(f"{which} price")
    lines["price_band"][:] = np.searchsorted(made.price_edges, 0.7 * liking)
    lines["handset_brand"][:] = dice.choice(f"{which} brand", made.brand_shares)


def handset_years(now: Moment, lines: Lines, later: int = 0) -> Array:
    """Years in use at the month's end, or so many months later if it is kept; beyond some all are alike."""
    most = now.constants.devices.years_most
    years: Array = ((now.end - lines["handset_since"]) / 365 + later / 12).clip(0, most)
    return years
