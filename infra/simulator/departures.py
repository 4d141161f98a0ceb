"""Departures: who decides to go, after how long they leave, and how."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment

SILENT, CLOSED, PORTED, FORCED, FRAUD = range(5)
"""Ways to go: card left unused, notice given, number taken along, closed for arrears, closed for fraud."""
CAUSES = (
    *("none seen", "bill", "network", "service", "contract expiry", "competitor's offer", "friends left"),
    *("old device", "arrears", "dealer's push", "fraud"),
)
NO_CAUSE, ARREARS, FRAUDULENT = 0, 8, 10
MONTHS_KEPT = 2
"""For how many months after its closing a number stays on the books."""


def lead_hazards(shares: tuple[float, ...]) -> Array:
    """P(leaving now | decided k months ago and still there), by k: time to go is drawn month by month.

    Were it drawn in advance, nobody but the simulator could know the chance of leaving in a window.
    """
    parts = np.array(shares)
    left = parts[::-1].cumsum()[::-1]
    return np.where(left > 0, parts / np.where(left > 0, left, 1), 1)


def still_kept(lines: Lines, month: int, closed: Array) -> Array:
    """Those not closed, or closed so lately that the operator shows them, or about to come back."""
    kept: Array = (lines["closed_on"] == NONE) | (closed + MONTHS_KEPT >= month) | (lines["returns"] >= month)
    return kept


def decide(now: Moment, lines: Lines, unforeseen: float) -> None:
    """Let some decide to go by the hazard found at the end of last month, and choose the way they will go.

    `unforeseen` is a factor on everybody's hazard in this month.
    """
    leaving, dice = now.constants.leaving, now.dice
    free = (lines["decided"] == NONE) & (lines["left"] == NONE) & (lines["closed_on"] == NONE)
    luck = dice.uniform("decides")
    going = free & (luck < lines["hazard"] * unforeseen)
    some = now.of(going).dice
    lies = lines["prepaid"][going] & some.happens("lies", leaving.silent_share)
    ports = some.happens("ports", leaving.porting_share)
    lines["decided"][going] = now.number
    lines["exit"][going] = np.where(lies, SILENT, np.where(ports, PORTED, CLOSED))
    slowest, fastest = leaving.slowest_pace, leaving.fastest_pace
    lines["pace"][going] = fastest + (slowest - fastest) * some.uniform("pace")


def depart(now: Moment, lines: Lines) -> None:
    """Let some of the decided leave; close the numbers of who gives notice, and of those long silent."""
    hazards = lead_hazards(now.constants.leaving.lead_shares)
    here = (lines["decided"] != NONE) & (lines["left"] == NONE)
    months = (now.number - lines["decided"]).clip(0, len(hazards) - 1)
    leaves = here & (now.dice.uniform("leaves") < hazards[months])
    lines["left"][leaves] = now.number
    day = now.days("closing")
    notice = leaves & (lines["exit"] != SILENT)
    noticed = lines["left"] + now.constants.leaving.months_silent == now.number
    unused = (lines["exit"] == SILENT) & noticed & (lines["left"] != NONE)
    closes = (notice | unused) & (lines["closed_on"] == NONE)
    lines["closed_on"][closes] = day[closes]
    waits = lines["stopped_on"] > day
    lines["stopped_on"][closes & waits] = NONE
    _catch_fraud(now, lines, day)


def _catch_fraud(now: Moment, lines: Lines, day: Array) -> None:
    """Fraud is found out within some months of joining."""
    caught = lines["fraud"] & (lines["left"] == NONE) & (lines["activated"] < now.begin)
    caught &= now.dice.happens("caught", now.constants.leaving.caught)
    lines["left"][caught], lines["closed_on"][caught] = now.number, day[caught]
    lines["exit"][caught], lines["cause"][caught] = FRAUD, FRAUDULENT


def silent(lines: Lines, month: int) -> Array:
    """Who has gone without a word: no use and no bill any more."""
    gone: Array = (lines["exit"] == SILENT) & (lines["left"] != NONE) & (lines["left"] <= month)
    return gone


def going(lines: Lines, month: int) -> Array:
    """Who has decided and is still there in this month, its last days maybe excepted."""
    there = (lines["left"] == NONE) | ((lines["left"] == month) & (lines["exit"] != SILENT))
    found: Array = (lines["decided"] != NONE) & there & (lines["exit"] < FORCED)
    return found


def fade(now: Moment, lines: Lines, leaves: Array) -> None:
    """Let use fade from month to month for who is about to go; who stays after all comes back to the old level."""
    back = np.minimum(lines["level"] * now.constants.leaving.comes_back, 1)
    lines["level"][:] = np.where(leaves, lines["level"] * lines["pace"], back)
