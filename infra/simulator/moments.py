"""Moments: one month of one block: its days, its luck, its prices, and what is scheduled for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from features.months import Month
from infra.simulator.chance import Array, Dice
from infra.simulator.tariff import Tariff, tariff_in
from infra.simulator.world_sections import Change, Constants
from infra.simulator.worlds import World

STAYING = ("tariff_reform", "app_hall")
"""Kinds of scheduled changes that last from their month on."""
_EPOCH = np.datetime64(0, "D")


OUTLOOK_MONTHS = 4
"""The furthest month whose hazard anybody asks for: a window of three months after a gap of one."""


@dataclass(frozen=True)
class Outlook:
    """What satisfaction and the loss of friends come back to, as means of a block before its first month delivered.

    `satisfaction` holds weights of what it rests on (`hazard.py`): who has much to be hurt by is hurt again.
    `made_up`: what grievances to come add to the logarithm of the hazard next month, in two months, and so on.
    """

    satisfaction: tuple[float, ...] = (0.0,) * 5
    friends_left: float = 0.0
    made_up: tuple[float, ...] = (0.0,) * OUTLOOK_MONTHS


LEVEL = Outlook()
"""Of months that nobody looks beyond: before the first one delivered."""


@dataclass(frozen=True)
class Moment:
    """`step` counts months from the first one delivered; before it, it is negative and nothing is scheduled."""

    world: World
    seed: int
    block: int
    month: Month
    step: int
    dice: Dice
    outlook: Outlook = LEVEL

    @property
    def constants(self) -> Constants:
        return self.world.constants

    @property
    def number(self) -> int:
        return month_number(self.month)

    @cached_property
    def begin(self) -> int:
        return first_day(self.month)

    @cached_property
    def end(self) -> int:
        """The day after its last."""
        return first_day(self.month + 1)

    @cached_property
    def tariff(self) -> Tariff:
        return tariff_in(self.world, self.step)

    def of(self, which: Array) -> Moment:
        """The same month with the luck of some lines alone."""
        return replace(self, dice=self.dice.of(which))

    def days(self, purpose: str) -> Array:
        """A day per line, from the 2nd to the 28th, so that what ends the day before ends in the month too."""
        return self.begin + self.dice.whole(purpose, 1, 27)

    def changes(self, kind: str, later: int = 0) -> list[Change]:
        """The scheduled changes of that kind that act so many months later; a new app hall stays."""
        step = self.step + later
        of_kind = (change for change in self.world.changes if change.kind == kind and change.month <= step)
        return [change for change in of_kind if kind in STAYING or step < change.month + change.months]

    def change(self, kind: str) -> float:
        """How strongly scheduled changes of that kind act now; 0 when there is none."""
        return sum(change.strength for change in self.changes(kind))


def month_number(month: Month) -> int:
    return month.year * 12 + month.month - 1


def first_day(month: Month) -> int:
    """Days from 1970-01-01 to the month's first."""
    return int((np.datetime64(str(month), "D") - _EPOCH).astype(int))


def month_of(days: Array) -> Array:
    """The month number of days, NONE for none."""
    months = days.astype("M8[D]").astype("M8[M]").astype(np.int32) + 1970 * 12
    return np.where(days < 0, -1, months)
