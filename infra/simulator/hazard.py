"""Hazard: how likely somebody is to decide to go next month, from their whole state at the end of this one.

Effects add up in the logarithm: most are plain, and a few are a cause times the sensitivity to it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from infra.simulator.chance import Array, chance_of
from infra.simulator.departures import CAUSES
from infra.simulator.handsets import handset_years
from infra.simulator.lines import NONE, Lines, picked
from infra.simulator.moments import OUTLOOK_MONTHS, Moment, Outlook, month_of
from infra.simulator.places import PREFECTURE_OF, PREFECTURES, pushing_dealers
from infra.simulator.products import ties_held

_TARIFF, _SERVICE, _NEW, _DEVICE = range(4)


def find_hazard(now: Moment, lines: Lines) -> None:
    """Set everybody's hazard for next month, and the cause that they would name."""
    leaving = now.constants.leaving
    pulls = {**_passing(now, lines), **_foreseen(now, lines, 1)}
    logs = np.log(np.array(leaving.base))[lines["brand"]] + sum(pulls.values()) + _ties(now, lines, 1)
    logs += leaving.frailty * lines["frailty"] + _swayed(now, lines, 1)
    lines["hazard"][:] = np.minimum(np.exp(logs), leaving.highest)
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
    """The hazard so many months after this one, as far as it can be known at its end.

    Known are terms that end, offers that move on, tenure and age. Moods and losses of friends come back to what is
    usual, and nobody knows what will spoil them anew; on average it is what made them as they were to begin with.
    """
    change = _swayed(now, lines, later) - _swayed(now, lines, 1)
    change += _ties(now, lines, later) - _ties(now, lines, 1)
    before = _foreseen(now, lines, 1)
    change += sum(pull - before[name] for name, pull in _foreseen(now, lines, later).items())
    change += _eased(now, lines, later) + now.outlook.made_up[later - 1]
    found: Array = np.minimum(lines["hazard"] * np.exp(change), now.constants.leaving.highest)
    return found


def outlook(now: Moment, lines: Lines) -> Outlook:
    """What moods come back to in this block, and what new grievances add to the sum of its hazards while old ones fade.

    It is found before the first month delivered and kept: a contact with one customer must not change what is
    true of another.
    """
    here = picked(lines, (lines["decided"] == NONE) & (lines["left"] == NONE) & (lines["closed_on"] == NONE))
    weights = np.linalg.lstsq(_grieved_by(now, here), here["satisfaction"], rcond=None)[0]
    usual = Outlook(tuple(weights.tolist()), float(here["friends_left"].mean()))
    hazard, then = here["hazard"].astype(np.float64), replace(now, outlook=usual)
    eased = [hazard @ np.exp(_eased(then, here, later)) for later in range(1, OUTLOOK_MONTHS + 1)]
    return replace(usual, made_up=tuple(float(np.log(hazard.sum() / total)) for total in eased))


def _grieved_by(now: Moment, lines: Lines) -> Array:
    """What somebody's lasting mood rests on: the four sensitivities, and an old handset by the liking for new ones."""
    handset = handset_years(now, lines) * lines["sensitivity"][:, _DEVICE]
    return np.column_stack((lines["sensitivity"].astype(np.float64), handset))


def _eased(now: Moment, lines: Lines, later: int) -> Array:
    """What time alone does to the logarithm of the hazard until that month's: grievances and losses fade."""
    mood, leaving, usual = now.constants.mood, now.constants.leaving, now.outlook
    forgotten, missed = 1 - mood.memory ** (later - 1), 1 - mood.misses ** (later - 1)
    grievance = lines["satisfaction"] - _grieved_by(now, lines) @ np.array(usual.satisfaction)
    eased = leaving.mood * forgotten * grievance
    found: Array = eased - leaving.friends * missed * (lines["friends_left"] - usual.friends_left)
    return found


def _swayed(now: Moment, lines: Lines, later: int) -> Array:
    """What a contact still does so many months later."""
    return np.where(lines["swayed_until"] >= now.number + later, lines["sway"], 0)


def _contract(now: Moment, lines: Lines, later: int) -> Array:
    """What a term in force, or one that has just ended, does to the logarithm of the hazard so many months later."""
    leaving, end = now.constants.leaving, lines["contract_end"]
    months_left = month_of(end) - (now.number + later)
    ended = (end != NONE) & (months_left < 0) & (months_left >= -leaving.expiry_months)
    found: Array = leaving.expired * ended - leaving.bound * (months_left >= 0)
    return found


def _passing(now: Moment, lines: Lines) -> dict[str, Array]:
    """What speaks for going and fades by itself, in logarithms of a factor, by cause."""
    leaving = now.constants.leaving
    return {"mood": -leaving.mood * lines["satisfaction"], "friends left": leaving.friends * lines["friends_left"]}


def _foreseen(now: Moment, lines: Lines, later: int) -> dict[str, Array]:
    """What speaks for going so many months later and is known now, in logarithms of a factor, by cause."""
    leaving, sensitivity = now.constants.leaving, 4 * lines["sensitivity"]
    months, (after, before) = _months_on_net(now, lines, later), leaving.push_months
    push = pushing_dealers(now.seed, now.constants.people.pushing_dealers)[lines["dealer"]] & (lines["dealer"] >= 0)
    return {
        "contract expiry": _contract(now, lines, later),
        "competitor's offer": offers(now, later)[lines["area"]] * sensitivity[:, _TARIFF],
        "old device": leaving.device * handset_years(now, lines, later - 1) * sensitivity[:, _DEVICE],
        "dealer's push": leaving.push * (push & (months > after) & (months < before)),
    }


def _months_on_net(now: Moment, lines: Lines, later: int) -> Array:
    """At the end of the month before the one that is so many later."""
    months: Array = (now.end - lines["activated"]) / 30.4 + (later - 1)
    return months


def _ties(now: Moment, lines: Lines, later: int) -> Array:
    """What speaks for staying so many months later, beside being content."""
    leaving, months = now.constants.leaving, _months_on_net(now, lines, later)
    young = leaving.young * np.exp(-months / leaving.young_months)
    old = leaving.old * months / (months + leaving.old_months)
    ties = leaving.tie * np.minimum(ties_held(lines), leaving.ties_most)
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
