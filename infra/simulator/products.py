"""Products: what people hold beside their plan, from broadband to ring-back tones, by taste."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.lines import NONE, SENSITIVITIES, Lines
from infra.simulator.moments import Moment
from infra.simulator.world_sections import Products

PRODUCT_NAMES = (
    *("fixed line", "broadband", "family network", "ring-back tone"),
    *("mobile newspaper", "mobile mailbox", "music", "navigation"),
)
PRODUCT_FAMILIES = (
    *("fixed_line", "broadband", "family_network", "value_added"),
    *("value_added", "value_added", "application", "application"),
)
TYING = np.array([True, True, True, False, False, False, False, False])
"""Products that tie a household to the operator."""


def product_shares(lines: Lines, made: Products) -> Array:
    """How likely somebody is to hold each product: homes by income, the others by liking for what is new."""
    keen = np.exp(made.keen * (lines["sensitivity"][:, 2] - 1 / len(SENSITIVITIES)))
    ties = lines["income"] ** made.by_income
    shares: Array = np.array(made.shares) * np.where(TYING, ties[:, None], keen[:, None])
    return shares.clip(max=0.9)  # a share of 1 would be taken up at once, for ever


def draw_products(now: Moment, lines: Lines, dice: Dice, initial: Array) -> None:
    """What is held to begin with; a newcomer takes fewer on the first day."""
    made = now.constants.products
    shares = product_shares(lines, made) * np.where(initial, made.held_before, made.held_at_once)[:, None]
    on_net = (now.begin - lines["activated"]).clip(min=0)
    for product in range(len(PRODUCT_NAMES)):
        holds = dice.happens(f"holds {product}", shares[:, product])
        since = lines["activated"] + (on_net * dice.uniform(f"since {product}")).astype(np.int32)
        lines["product_since"][:, product] = np.where(holds, since, NONE)


def change_products(now: Moment, lines: Lines, here: Array) -> None:
    """Let some take and some give up products; what was given up last month is forgotten."""
    over = (lines["product_until"] != NONE) & (lines["product_until"] < now.begin)
    lines["product_since"][over] = lines["product_until"][over] = NONE
    made = now.constants.products
    shares = product_shares(lines, made)
    day = now.days("product day")
    for product in range(len(PRODUCT_NAMES)):
        since, until = lines["product_since"][:, product], lines["product_until"][:, product]
        luck = now.dice.uniform(f"product {product}")
        takes = here & (since == NONE) & (luck < made.turnover * shares[:, product] / (1 - shares[:, product]))
        drops = here & (since != NONE) & (until == NONE) & (since < now.begin) & (luck < made.turnover)
        since[takes], until[drops] = day[takes], day[drops]


def ties_held(lines: Lines) -> Array:
    """How many products tie somebody's home."""
    held = (lines["product_since"] != NONE) & (lines["product_until"] == NONE)
    ties: Array = held[:, TYING].sum(axis=1)
    return ties


def product_fees(lines: Lines, fees: tuple[float, ...]) -> Array:
    """What somebody's products cost in a month together."""
    whole: Array = (lines["product_since"] != NONE) @ np.array(fees, np.float32)
    return whole
