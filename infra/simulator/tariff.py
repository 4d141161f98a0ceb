"""Tariff: the plans on sale, what use costs on each of them, and which one somebody would choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.places import BRANDS
from infra.simulator.world_sections import Plan, TariffLevel
from infra.simulator.worlds import World


@dataclass(frozen=True)
class Tariff:
    """The catalogue column by column; amounts in yuan a month, a minute, a megabyte."""

    plans: tuple[Plan, ...]
    brand: Array
    fee: Array
    minutes: Array
    mb: Array
    texts: Array
    minute_price: Array
    mb_price: Array

    def cost(self, plan: Array, minutes: Array, mb: Array) -> Array:
        """Fee and overage of so much use on a plan."""
        over = (minutes - self.minutes[plan]).clip(0) * self.minute_price[plan]
        cost: Array = self.fee[plan] + over + (mb - self.mb[plan]).clip(0) * self.mb_price[plan]
        return cost

    def best(self, brand: Array, minutes: Array, mb: Array) -> Array:
        """The cheapest plan of the brand for so much use."""
        best = np.zeros(len(brand), np.int32)
        least = np.full(len(brand), np.inf)
        for plan in range(len(self.plans)):
            cost = self.cost(np.full(1, plan), minutes, mb)
            better = (self.brand[plan] == brand) & (cost < least)
            best[better], least[better] = plan, cost[better]
        return best


def tariff_in(world: World, step: int) -> Tariff:
    """The catalogue so many months after the first one; a reform lasts from its month on."""
    plans, tariff = world.plans, world.constants.tariff
    fees = np.array([plan.fee for plan in plans]) * tariff.fee_level
    columns = {
        name: np.array([getattr(plan, name) for plan in plans], float)
        for name in ("minutes", "mb", "texts", "minute_price", "mb_price")
    }
    made = Tariff(plans, np.array([BRANDS.index(plan.brand) for plan in plans]), fees, **columns)
    made = replace(
        made, minute_price=made.minute_price * tariff.price_level, mb_price=made.mb_price * tariff.price_level
    )
    for change in world.changes:
        if change.kind == "tariff_reform" and step >= change.month:
            made = _reformed(made, tariff, change.strength)
    return made


def _reformed(tariff: Tariff, by: TariffLevel, strength: float) -> Tariff:
    """Higher fees with more included, and cheaper beyond: a reform in favour of those who use much."""
    return replace(
        tariff,
        fee=(tariff.fee * (1 + by.reform_fee * strength)).round(1),
        minutes=tariff.minutes * (1 + by.reform_minutes * strength),
        mb=tariff.mb * (1 + by.reform_mb * strength),
        minute_price=(tariff.minute_price * (1 - by.reform_minute_price * strength)).round(3),
        mb_price=(tariff.mb_price * (1 - by.reform_mb_price * strength)).round(4),
    )
