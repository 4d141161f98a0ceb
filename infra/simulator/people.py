"""People: what somebody is like, whichever number they hold: sensitivities, tastes, income, habits."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.lines import CHANNELS, NONE, SENSITIVITIES, Lines
from infra.simulator.world_sections import Constants

CHANNEL_NAMES = ("hall", "hotline", "sms", "web", "app")
OCCUPATIONS = ("worker", "farmer", "clerk", "student", "trader", "teacher", "engineer", "retired", "driver")
INTERESTS = ("football", "fishing", "cooking", "music", "travel", "chess", "reading", "basketball")
RELATIONS = ("parent of a student", "cares for parents", "newly married", "grandparent")
ETHNICITIES = ("Han", "Uyghur", "Kazakh", "Hui", "other")

PERSONAL = ("sensitivity", "channel_taste", "birth_year")
"""What is of the person, though it leans on the brand with which they came."""


def draw_people(lines: Lines, seed: int, constants: Constants) -> None:
    """Fill in what is of the person; on a new number, PERSONAL is to be taken over from the former one."""
    dice, people = Dice(lines["person"], seed, "ever"), constants.people
    _sensitivities(lines, dice, constants)
    for name in ("frailty", "reactance"):
        lines[name][:] = dice.normal(name)
    lines["income"][:] = dice.factor("income", 0.45)
    careless = dice.happens("careless", people.careless_share)
    lines["pays_in_time"][:] = np.where(careless, people.careless_pays, people.careful_pays)
    lines["inquires"][:] = dice.factor("inquires", people.inquiry_spread)
    lines["consents"][:] = dice.happens("consents", 0.7)
    lean = np.log(np.array(people.channel_shares))
    for channel in range(CHANNELS):
        lines["channel_taste"][:, channel] = lean[channel] + people.channel_spread * dice.normal(f"channel {channel}")
    lines["channel_taste"][:] = _shares(lines["channel_taste"])


def _sensitivities(lines: Lines, dice: Dice, constants: Constants) -> None:
    """A mixture of the four that sums to 1 (domain, section 1): most people have one that stands out."""
    spread = constants.people.sensitivity_spread
    for kind, name in enumerate(SENSITIVITIES):
        lean = np.array([lean[kind] for lean in constants.people.sensitivity_lean])[lines["brand"]]
        lines["sensitivity"][:, kind] = lean + spread * dice.normal(f"sensitivity to {name}")
    lines["sensitivity"][:] = _shares(lines["sensitivity"])


def _shares(logs: Array) -> Array:
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def draw_habits(lines: Lines, seed: int, constants: Constants) -> None:
    """How much somebody uses a number: log-normal, and for a few far more, so that bills have a heavy tail."""
    dice, use, brand = Dice(lines["line"], seed, "ever"), constants.usage, lines["brand"]
    person = Dice(lines["person"], seed, "ever")
    big = person.happens("big spender", np.array(use.big_share)[brand])
    tail = (1 - person.uniform("how big")) ** (-1 / use.big_tail)
    scale = np.where(big, (use.big_from * tail).clip(max=use.big_most), 1) * lines["income"] ** 0.3
    keen = np.exp(1.5 * (lines["sensitivity"][:, 2] - 0.25))
    less = np.where((lines["line"] == lines["person"]) | (lines["came_from"] != NONE), 1, 0.4) * dice.factor(
        "of it", 0.2
    )
    lines["minutes"][:] = np.array(use.minutes)[brand] * less * scale * person.factor("minutes", use.minutes_spread)
    lines["mb"][:] = np.array(use.mb)[brand] * less * scale**0.7 * keen * person.factor("mb", use.mb_spread)
    lines["texts"][:] = np.array(use.texts)[brand] * less * person.factor("texts", 0.9)
    lines["on_net"][:] = 0.45 + 0.4 * dice.uniform("on net")
    lines["far_share"][:] = (0.08 * dice.factor("far share", 0.9)).clip(max=0.6)
    lines["abroad"][:] = np.where(dice.happens("abroad", 0.05), 0.04 * dice.exponential("abroad minutes"), 0)
    lines["content"][:] = use.content * keen * dice.factor("content", 0.8)
    abuse = lines["fraud"]
    lines["abroad"][abuse], lines["prepaid"][abuse] = 0.5, False
    lines["dip"][:] = 1
    lines["level"][:] = 1
