"""Hazard: how likely somebody is to decide to go next month, from their whole state at the end of this one.

Effects add up in the logarithm: most are plain, and a few are a cause times the sensitivity to it.
"""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array, chance_of
from infra.simulator.departures import CAUSES
from infra.simulator.handsets import handset_years
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment, month_of
from infra.simulator.places import PREFECTURE_OF, PREFECTURES, pushing_dealers
from infra.simulator.products import ties_held

HIGHEST = 0.5
_TARIFF, _SERVICE, _NEW, _DEVICE = range(4)


def find_hazard(now: Moment, lines: Lines) -> None:
    """Set everybody's hazard for next month, and the cause that they would name."""
    leaving = now.constants.leaving
    pulls = _pulls(now, lines)
    logs = np.log(np.array(leaving.base))[lines["brand"]] + sum(pulls.values()) + _ties(now, lines)
    swayed = np.where(lines["swayed_until"] > now.number, lines["sway"], 0)
    lines["hazard"][:] = np.minimum(np.exp(logs + leaving.frailty * lines["frailty"] + swayed), HIGHEST)
    free = (lines["decided"] == NONE) & (lines["left"] == NONE)
    strongest, cause = np.full(len(free), leaving.named_from), np.zeros(len(free), np.int32)
    for name, pull in pulls.items():
        stronger = pull > strongest
        cause[stronger] = np.where(name == "mood", lines["grievance"], CAUSES.index(name) if name in CAUSES else 0)[
            stronger
        ]
        strongest = np.maximum(pull, strongest)
    lines["cause"][free] = cause[free]


def hazard_later(now: Moment, lines: Lines, later: int) -> Array:
    """The hazard so many months after this one as far as it is known now: terms that end, offers that move on."""
    change = _contract(now, lines, later) - _contract(now, lines, 1)
    change += (offers(now, later) - offers(now, 1))[lines["area"]] * 4 * lines["sensitivity"][:, _TARIFF]
    found: Array = np.minimum(lines["hazard"] * np.exp(change), HIGHEST)
    return found


def _contract(now: Moment, lines: Lines, later: int) -> Array:
    """What a term in force, or one that has just ended, does to the logarithm of the hazard so many months later."""
    leaving, end = now.constants.leaving, lines["contract_end"]
    months_left = month_of(end) - (now.number + later)
    ended = (end != NONE) & (months_left < 0) & (months_left >= -leaving.expiry_months)
    found: Array = leaving.expired * ended - leaving.bound * (months_left >= 0)
    return found


def _pulls(now: Moment, lines: Lines) -> dict[str, Array]:
    """What speaks for going, in logarithms of a factor, by cause."""
    leaving, sensitivity = now.constants.leaving, 4 * lines["sensitivity"]
    months = (now.end - lines["activated"]) / 30.4
    push = pushing_dealers(now.seed, now.constants.people.pushing_dealers)[lines["dealer"]] & (lines["dealer"] >= 0)
    return {
        "mood": -leaving.mood * lines["satisfaction"],
        "contract expiry": _contract(now, lines, 1),
        "competitor's offer": offers(now, 1)[lines["area"]] * sensitivity[:, _TARIFF],
        "friends left": leaving.friends * lines["friends_left"],
        "old device": leaving.device * handset_years(now, lines) * sensitivity[:, _DEVICE],
        "dealer's push": leaving.push * (push & (months > 2) & (months < 15)),
    }


def _ties(now: Moment, lines: Lines) -> Array:
    """What speaks for staying, beside being content."""
    leaving, months = now.constants.leaving, (now.end - lines["activated"]) / 30.4
    young, old = leaving.young * np.exp(-months / 9), leaving.old * months / (months + 48)
    ties = leaving.tie * np.minimum(ties_held(lines), 2)
    found: Array = young - old - leaving.user_group * lines["in_user_group"] - ties
    return found


def offers(now: Moment, later: int) -> Array:
    """By area, how strongly a competitor's offer draws people so many months later.

    One prefecture after another has it for some months, so that the whole is level; in a price war all have.
    """
    leaving, step = now.constants.leaving, now.step + later
    where = int(chance_of(now.seed, "offer", step // leaving.offer_months) * len(PREFECTURES))
    drawn: Array = np.where(where == PREFECTURE_OF, leaving.offer, 0.0)
    return drawn + leaving.offer * sum(change.strength for change in now.changes("price_war", later))


def mood_of_the_month(now: Moment) -> float:
    """A factor on all hazards that nobody could foresee; a few per cent, or no forecast could be calibrated."""
    from scipy.special import ndtri

    return float(np.exp(now.constants.leaving.unforeseen * ndtri(chance_of(now.seed, "unforeseen", now.month))))
