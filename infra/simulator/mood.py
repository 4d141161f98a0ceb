"""Mood: hidden satisfaction, what spoils it, and the surveys that ask for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from infra.simulator.chance import Array, chance_of
from infra.simulator.circles import Neighbours, friends_gone
from infra.simulator.departures import CAUSES
from infra.simulator.handsets import handset_years
from infra.simulator.lines import Lines
from infra.simulator.moments import Moment
from infra.simulator.places import AREAS

_TARIFF, _SERVICE, _NEW, _DEVICE = range(4)
TOPICS = ("overall", "network", "tariff", "service")


@dataclass(frozen=True)
class Felt:
    """What people notice in a month: faults counted, and by how much the bill exceeds what they expected."""

    faults: Array
    shock: Array


def feel(now: Moment, lines: Lines, amount: Array, billed: Array) -> Felt:
    """Let the month's bill and faults act on satisfaction; it recovers month by month."""
    mood, sensitivity = now.constants.mood, 4 * lines["sensitivity"]
    felt = _felt(now, lines, amount, billed)
    spoils = _spoils(now, lines, felt)
    lines["satisfaction"][:] = (
        mood.memory * lines["satisfaction"]
        + mood.noise * now.dice.normal("mood")
        + mood.recovery
        - sum(spoils)
        - mood.device * (handset_years(now, lines) - mood.device_usual) * sensitivity[:, _DEVICE]
    )
    for name, spoilt in zip(("bill", "network", "service"), spoils, strict=True):
        lines["grievance"][spoilt > mood.grieves_from] = CAUSES.index(name)
    used = billed & (lines["activated"] < now.begin)
    lines["expected"][used] += now.constants.billing.adapts * (amount - lines["expected"])[used]
    return felt


def _felt(now: Moment, lines: Lines, amount: Array, billed: Array) -> Felt:
    """Faults by area, and the shock of the bill: none below a multiple of the expected one, full at one more."""
    faults = np.where(billed, now.dice.count("faults", _fault_rates(now)[lines["area"]]), 0)
    beyond = amount / lines["expected"].clip(min=1) - now.constants.mood.shock_from
    return Felt(faults, np.where(billed, beyond.clip(0, 1), 0))


def _spoils(now: Moment, lines: Lines, felt: Felt) -> tuple[Array, Array, Array]:
    """What bill, network and service take from satisfaction, each by the sensitivity to it."""
    mood, sensitivity = now.constants.mood, 4 * lines["sensitivity"]
    complained = lines["complained"] == now.number - 1
    badly = complained & now.dice.happens("badly handled", mood.badly_handled)
    return (
        mood.shock * felt.shock * sensitivity[:, _TARIFF],
        mood.fault * np.minimum(felt.faults, mood.faults_felt) * sensitivity[:, _SERVICE],
        mood.service * badly * sensitivity[:, _SERVICE],
    )


def miss_friends(now: Moment, lines: Lines, neighbours: Neighbours) -> None:
    """Remember for some months the friends who left."""
    kept = now.constants.mood.misses * lines["friends_left"]
    lines["friends_left"][:] = kept + friends_gone(lines, neighbours, now.number)


def _fault_rates(now: Moment) -> Array:
    """Faults per line by area: few in most, many where something is broken in this month."""
    broken = np.array([chance_of(now.seed, "faults", now.month, area) for area in range(AREAS)])
    mood = now.constants.mood
    rates: Array = mood.fault_rate * (-np.log(broken)) ** mood.fault_power / math.gamma(1 + mood.fault_power)
    return rates.clip(0, mood.fault_most)


def survey(now: Moment, lines: Lines, here: Array) -> tuple[Array, Array, Array, Array]:
    """Ask a few how content they are: positions, days, topics and scores from 0 to 10 of the answers."""
    made = now.constants.mood
    asked = np.flatnonzero(here & now.dice.happens("surveyed", made.survey_share))
    dice = now.dice.of(asked)
    second = dice.choice("topic", (1, 1, 1)) + 1
    day = now.days("survey")[asked]
    tells = made.survey_mean + made.survey_slope * lines["satisfaction"][asked]
    scores = [(tells + made.survey_noise * dice.normal(f"answer {number}")).round().clip(0, 10) for number in (0, 1)]
    both = np.concatenate
    return both((asked, asked)), both((day, day)), both((np.zeros_like(second), second)), both(scores)
