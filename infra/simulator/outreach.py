"""Outreach: what a campaign's contacts come to: attempts, answers, and a change in those who are reached.

Nobody is a persuadable by birth. What a contact does rests on how well the plan fits the person's sensitivities,
the channel their taste, and how often they were called lately; some people do not bear being called. Sure things,
lost causes, persuadables and customers driven away (Radcliffe and Surry, 2011) come of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.departures import silent
from infra.simulator.hazard import find_hazard
from infra.simulator.lines import CHANNELS, NONE, SENSITIVITIES, Lines, on_net, phone_number, picked
from infra.simulator.moments import Moment
from infra.simulator.people import CHANNEL_NAMES
from infra.simulator.truth import chance_of_leaving
from infra.simulator.world_sections import Effects

OUTCOMES = ("busy", "no_answer", "reached")
BUSY, NO_ANSWER, REACHED = range(3)
WINDOW = 3
"""Months after the contact over which both potential outcomes are told."""

CONTACT = np.dtype([("number", "i8"), ("month", "M8[M]"), ("campaign", "O"), ("channel", "O"), ("plan", "O")])


@dataclass(frozen=True)
class Contacts:
    """Whom the operator contacts in which month, as an array of CONTACT; one per number and month."""

    rows: Array


NOBODY = Contacts(np.zeros(0, CONTACT))


class Answers(NamedTuple):
    """Attempts of a month, column by column, and what being contacted means for each contacted line.

    `at` are positions of attempts; `contacted` those of lines, with P(leave within WINDOW months) `without`
    and `given` the contact.
    """

    rows: Array
    day: Array
    outcome: Array
    accepted: Array
    seconds: Array
    at: Array
    contacted: Array
    without: Array
    given: Array


def contact(now: Moment, lines: Lines, contacts: Contacts) -> Answers:
    """Contact this month's people; it acts from the next month on, on them alone."""
    lines["fatigue"] *= np.float32(now.constants.effects.fatigue_memory)
    called, at = _found(now, lines, contacts)
    dice = now.dice.of(at)
    sway = sway_of(now, lines, at, called["plan"], called["channel"])
    answers, reached = _attempts(now, lines, at, called, dice)
    answers = answers._replace(accepted=answers.accepted & _accepts(now, sway, dice)[answers.at])
    kept = (1 - np.exp(now.constants.effects.thinks_again * sway.clip(max=0))) * reached
    kept *= (lines["decided"][at] != NONE) & (lines["left"][at] == NONE)
    without = _chance(now, lines, at)
    _sway(now, lines, at[reached], sway[reached])
    moved, stays = _chance(now, lines, at), picked(lines, at)
    stays["decided"][:] = NONE
    given = (1 - kept) * moved + kept * _chance(now, stays, np.arange(len(at)))
    thinks_again = at[dice.happens("thinks again", kept)]
    lines["decided"][thinks_again] = lines["exit"][thinks_again] = NONE
    return answers._replace(at=at[answers.at], contacted=at, without=without, given=given)


def _chance(now: Moment, lines: Lines, at: Array) -> Array:
    """P(leaving by choice within WINDOW months) of some, from the state in which they are now."""
    some = picked(lines, at)
    find_hazard(now.of(at), some)
    return chance_of_leaving(now, some, (0, WINDOW))


def _found(now: Moment, lines: Lines, contacts: Contacts) -> tuple[Array, Array]:
    """This month's contacts whose number somebody here still has, and the positions of those lines."""
    rows = contacts.rows[contacts.rows["month"] == np.datetime64(str(now.month), "M")]
    numbers = phone_number(lines["line"])
    order = np.argsort(numbers)
    at = order[np.searchsorted(numbers, rows["number"], sorter=order).clip(max=len(numbers) - 1)]
    known = (numbers[at] == rows["number"]) & on_net(picked(lines, at), now.begin)
    return rows[known], at[known]


def sway_of(now: Moment, lines: Lines, at: Array, plans: Array, channels: Array) -> Array:
    """What being reached changes in the logarithm of each one's hazard: below zero for who is kept by it."""
    made = now.constants.effects
    match = 4 * (lines["sensitivity"][at] * fits(now, plans)).sum(axis=1)
    liked = (CHANNELS * _taste(lines, at, channels) - 1).clip(max=made.liked_most)
    keeps = made.keeps + made.keeps_by_match * (match - 1) + made.keeps_by_channel * liked
    annoyed = lines["reactance"][at] > made.annoyed_above
    drives = made.drives * annoyed + made.drives_by_fatigue * lines["fatigue"][at]
    sway: Array = made.strength * (drives - keeps.clip(0) * ~annoyed)
    return sway


def _taste(lines: Lines, at: Array, channels: Array) -> Array:
    """The share of each one's taste that the channel has; of one that nobody knows, a channel's mean share."""
    place = {name: column for column, name in enumerate(CHANNEL_NAMES)} | {"wap": CHANNEL_NAMES.index("app")}
    column = np.array([place.get(str(name).lower(), NONE) for name in channels], int)
    taste: Array = np.where(column == NONE, 1 / CHANNELS, lines["channel_taste"][at, column])
    return taste


def fits(now: Moment, plans: Array) -> Array:
    """How well each care plan answers each sensitivity, in shares; an unknown plan answers all alike."""
    made = now.constants.effects
    kinds = [made.tariff_plans, made.service_plans, made.new_product_plans, made.device_plans]
    rows = [[float(plan in kind) for kind in kinds] for plan in plans]
    found = np.array(rows).reshape(len(plans), len(SENSITIVITIES))
    return np.where(found.any(axis=1, keepdims=True), found, 1 / len(SENSITIVITIES))


def _attempts(now: Moment, lines: Lines, at: Array, called: Array, dice: Dice) -> tuple[Answers, Array]:
    """Every attempt that was made, by position among the called, and who was reached in the end."""
    rule, closed = now.constants.effects, lines["closed_on"][at]
    (soonest, over), (least, more) = rule.first_day, rule.talk_seconds
    first = now.begin + soonest + (over * dice.uniform("first try")).astype(np.int32)
    seconds = (least + more * dice.uniform("talk")).astype(np.int32)
    reached, made = np.zeros(len(at), bool), []
    for attempt in range(rule.attempts):
        day = first + attempt * rule.days_apart
        outcome = _outcome(rule, called["channel"], dice.uniform(f"attempt {attempt}"))
        outcome[((closed != NONE) & (closed <= day)) | silent(picked(lines, at), now.number)] = NO_ANSWER
        tried, reached = np.flatnonzero(~reached), reached | (outcome == REACHED)
        made.append((tried, day[tried], outcome[tried]))
    who, day, outcome = (np.concatenate(parts) for parts in zip(*made, strict=True))
    heard, order = outcome == REACHED, np.lexsort((day, who))
    nothing = np.zeros(0)
    talk = np.where(heard, seconds[who], NONE)[order]
    who, day, outcome, heard = who[order], day[order], outcome[order], heard[order]
    return Answers(called[who], day, outcome, heard, talk, who, nothing, nothing, nothing), reached


def _outcome(rule: Effects, channel: Array, chance: Array) -> Array:
    """A message is never busy, and seldom without answer."""
    message = channel == "sms"
    busy, no_answer = np.where(message, 0, rule.busy), np.where(message, rule.unread, rule.no_answer)
    return np.select([chance < busy, chance < busy + no_answer], [BUSY, NO_ANSWER], REACHED)


def _accepts(now: Moment, sway: Array, dice: Dice) -> Array:
    """Who likes the plan takes it more often; taking it and staying for it are not the same."""
    made = now.constants.effects
    return dice.happens("accepts", (made.accepts * np.exp(-sway)).clip(made.accepts_least, made.accepts_most))


def _sway(now: Moment, lines: Lines, at: Array, sway: Array) -> None:
    """Change the hazard of those who were reached, for some months.

    A contact that keeps somebody less than one still at work prolongs that one; who is driven away forgets it.
    """
    lines["fatigue"][at] += 1
    at_work = np.where(lines["swayed_until"][at] > now.number, lines["sway"][at], 0)
    lines["sway"][at] = np.where(sway > 0, sway, np.minimum(sway, at_work))
    lines["swayed_until"][at] = now.number + now.constants.effects.months
