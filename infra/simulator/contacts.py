"""Contacts: what halls and hotline do with a campaign's tasks, how people answer, and what it changes in them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from features.months import Month
from infra.simulator.subscribers import NEVER, Array

KINDS = ("persuadable", "sure thing", "lost cause", "driven away")
"""The four kinds of people of uplift modelling (Radcliffe and Surry, 2011): only the first and the last are moved."""
OUTCOMES = ("busy", "no_answer", "reached")
ATTEMPTS, DAYS_APART = 3, 4
"""A number that does not answer is tried again some days later."""
MONTHS_SWAYED = 6
"""For how many months after being reached a person's hazard is changed."""

_Line: TypeAlias = tuple[str, ...]
_HEADER = ("number", "month", "campaign", "channel", "plan")
_SWAY = np.array([-1.6, 0.0, 0.0, 0.9])
"""On the logarithm of the hazard, by kind, at strength 1."""
_ACCEPTS = np.array([0.6, 0.4, 0.05, 0.1])
_BUSY, _NO_ANSWER, _REACHED = range(3)
_BUSY_SHARE = {"sms": 0.0}
_NO_ANSWER_SHARE = {"sms": 0.1}
_KIND, _STAYS, _DAY, _TAKES, _TALK, _FIRST_TRY = range(6)
"""What a random number is for; each attempt has one of its own after the last."""

CONTACT = np.dtype([("number", "i8"), ("month", "M8[M]"), ("campaign", "O"), ("channel", "O"), ("plan", "O")])
ANSWER = np.dtype(
    [
        *[("number", "i8"), ("campaign", "O"), ("contacted_on", "M8[D]"), ("channel", "O"), ("plan", "O")],
        *[("outcome", "i2"), ("accepted", "?"), ("talk_seconds", "i4")],
    ]
)
NO_ANSWERS = np.zeros(0, ANSWER)


@dataclass(frozen=True)
class Effect:
    """How people differ and how much a contact moves them; at strength 0 nobody is moved, whatever they answer.

    `persuadable` and `driven_away` are shares of people; the others are sure things and lost causes, half each.
    """

    strength: float = 1.0
    persuadable: float = 0.5
    driven_away: float = 0.06


NO_EFFECT = Effect(strength=0)


@dataclass(frozen=True)
class Contacts:
    """Whom the operator contacts in which month, and what contacts do."""

    rows: Array
    effect: Effect = Effect()


NOBODY = Contacts(np.zeros(0, CONTACT))


def dial(tasks: Path, numbers: Mapping[str, int | str], month: Month, campaign: str, file: Path) -> int:
    """Do as the operator's dialler does: find each task's number, call it in `month`, note it in `file`; how many.

    `tasks` is a campaign's tasks.csv, `numbers` what the resolver tells of each task_ref. Earlier contacts in
    `file` stay; those of the same campaign and month are replaced.
    """
    with tasks.open(encoding="utf-8-sig", newline="") as opened:
        called: list[_Line] = [
            (str(numbers[task["task_ref"]]), str(month), campaign, task["channel"], task["plan"])
            for task in csv.DictReader(opened)
        ]
    kept: list[_Line] = [row for row in _lines(file) if (row[1], row[2]) != (str(month), campaign)]
    with file.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written, lineterminator="\n").writerows([_HEADER, *sorted(kept + called)])
    return len(called)


def read_contacts(file: Path, effect: Effect) -> Contacts:
    """The contacts of a file that `dial` wrote; nobody when there is none yet."""
    rows = [(int(number), np.datetime64(month, "M"), *others) for number, month, *others in _lines(file)]
    return Contacts(np.array(rows, CONTACT), effect)


def _lines(file: Path) -> list[_Line]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as opened:
        return [tuple(line) for line in csv.reader(opened)][1:]


def contact(who: Array, month: np.datetime64, contacts: Contacts, seed: int) -> Array:
    """Contact this month's people; the answers, attempt by attempt. `who` is moved in place by what it does to them.

    It acts from the next month on. Every random number rests on seed, month and number alone, so that nobody
    else's life draws other numbers because of a contact, and the hidden kind of a person never changes.
    """
    called = contacts.rows[contacts.rows["month"] == month]
    order = np.argsort(who["number"])
    at = order[np.searchsorted(who["number"], called["number"], sorter=order).clip(max=len(who) - 1)]
    known = who["number"][at] == called["number"]
    called, at = called[known], at[known]
    kind = kinds(called["number"], contacts.effect, seed)
    answers, reached = _attempts(called, who["closed_on"][at], month, kind, seed)
    _move(who, at[reached], month, kind[reached], contacts.effect, seed)
    return answers


def kinds(numbers: Array, effect: Effect, seed: int) -> Array:
    """What kind of person holds each number, as a position in KINDS; hidden, and the same in every month."""
    rest = (1 - effect.persuadable - effect.driven_away) / 2
    edges = np.cumsum([effect.persuadable, rest, rest])
    found: Array = np.searchsorted(edges, _chance(numbers, np.datetime64(0, "M"), _KIND, seed), side="right")
    return found


def _attempts(called: Array, closed_on: Array, month: np.datetime64, kind: Array, seed: int) -> tuple[Array, Array]:
    """Every attempt that was made, and who was reached in the end."""
    numbers, reached, made = called["number"], np.zeros(len(called), bool), []
    first = month.astype("M8[D]") + (5 + 10 * _chance(numbers, month, _DAY, seed)).astype("m8[D]")
    takes = _chance(numbers, month, _TAKES, seed) < _ACCEPTS[kind]
    talk = (20 + 280 * _chance(numbers, month, _TALK, seed)).astype(int)
    for attempt in range(ATTEMPTS):
        day = first + attempt * DAYS_APART
        outcome = _outcome(called["channel"], _chance(numbers, month, _FIRST_TRY + attempt, seed))
        outcome[closed_on <= day] = _NO_ANSWER
        now = ~reached & (outcome == _REACHED)
        answer = np.zeros(len(called), ANSWER)
        for field in ("number", "campaign", "channel", "plan"):
            answer[field] = called[field]
        answer["contacted_on"], answer["outcome"] = day, outcome
        answer["accepted"], answer["talk_seconds"] = now & takes, np.where(now, talk, 0)
        made.append(answer[~reached])
        reached = reached | now
    answers = np.concatenate(made)
    return answers[np.lexsort((answers["contacted_on"], answers["number"]))], reached


def _outcome(channel: Array, chance: Array) -> Array:
    busy = np.array([_BUSY_SHARE.get(name, 0.1) for name in channel])
    no_answer = np.array([_NO_ANSWER_SHARE.get(name, 0.3) for name in channel])
    return np.select([chance < busy, chance < busy + no_answer], [_BUSY, _NO_ANSWER], _REACHED)


def _move(  # noqa: PLR0913 - who, when, how much: all of one contact
    who: Array, at: Array, month: np.datetime64, kind: Array, effect: Effect, seed: int
) -> None:
    """Change the hazard of those who were reached; a persuadable who had decided to go may think again."""
    moved = (_SWAY[kind] != 0) & (effect.strength > 0) & ~(who["leaves"][at] <= month)
    at, kind = at[moved], kind[moved]
    who["sway"][at] = effect.strength * _SWAY[kind]
    who["swayed_until"][at] = month + MONTHS_SWAYED
    going = ~np.isnat(who["leaves"][at])
    thinks_again = _chance(who["number"][at], month, _STAYS, seed) < 1 - np.exp(-1.2 * effect.strength)
    stays = at[going & (KINDS.index("persuadable") == kind) & thinks_again]
    who["decided"][stays] = who["leaves"][stays] = NEVER


def _chance(numbers: Array, month: np.datetime64, purpose: int, seed: int) -> Array:
    """A random number in [0, 1) per phone number that rests on nothing but its arguments.

    SplitMix64's mixing function (Steele, Lea and Flood, 2014), which spreads neighbouring counters well.
    """
    mixed = numbers.astype(np.uint64)
    for part in (seed, int(month.astype(int)), purpose):
        mixed = _mix(mixed + np.uint64(part * 0x9E3779B97F4A7C15 % 2**64))
    share: Array = (mixed >> np.uint64(11)).astype(float) / 2.0**53
    return share


def _mix(values: Array) -> Array:
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        values = (values ^ (values >> np.uint64(shift))) * np.uint64(factor)
    mixed: Array = values ^ (values >> np.uint64(31))
    return mixed
