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
    lines["income"][:] = dice.factor("income", people.income_spread)
    careless = dice.happens("careless", people.careless_share)
    lines["pays_in_time"][:] = np.where(careless, people.careless_pays, people.careful_pays)
    lines["inquires"][:] = dice.factor("inquires", people.inquiry_spread)
    lines["consents"][:] = dice.happens("consents", constants.profiles.consents_to_care)
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
    scale = np.where(big, (use.big_from * tail).clip(max=use.big_most), 1) * lines["income"] ** use.by_income
    keen = np.exp(use.keen * (lines["sensitivity"][:, 2] - 1 / len(SENSITIVITIES)))
    first = (lines["line"] == lines["person"]) | (lines["came_from"] != NONE)
    less = np.where(first, 1, use.second_number) * dice.factor("of it", use.number_spread)
    lines["minutes"][:] = np.array(use.minutes)[brand] * less * scale * person.factor("minutes", use.minutes_spread)
    lines["mb"][:] = np.array(use.mb)[brand] * less * scale**use.mb_by_scale * keen * person.factor("mb", use.mb_spread)
    lines["texts"][:] = np.array(use.texts)[brand] * less * person.factor("texts", use.texts_spread)
    lines["content"][:] = use.content * keen * dice.factor("content", use.content_spread)
    _draw_partners(lines, dice, constants)
    lines["prepaid"][lines["fraud"]] = False
    lines["dip"][:] = 1
    lines["level"][:] = 1


def _draw_partners(lines: Lines, dice: Dice, constants: Constants) -> None:
    """How much of somebody's talk is on the own network beside the closest, far away, and abroad."""
    use, (least, more) = constants.usage, constants.circle.beyond_on_net
    lines["on_net"][:] = least + more * dice.uniform("on net")
    lines["far_share"][:] = (use.far_share * dice.factor("far share", use.far_spread)).clip(max=use.far_most)
    calls = dice.happens("abroad", use.abroad_share)
    lines["abroad"][:] = np.where(calls, use.abroad_minutes * dice.exponential("abroad minutes"), 0)
    lines["abroad"][lines["fraud"]] = use.fraud_abroad
