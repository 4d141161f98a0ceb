"""Plan moves: who changes the tariff plan or signs again for a term, and when."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment
from infra.simulator.population import contract_kinds, month_start


def move_plans(now: Moment, lines: Lines, shock: Array, here: Array) -> Array:
    """Let some move to a plan that fits better, more often after a bill shock; the day of each move, or NONE."""
    made = now.constants.billing
    settled = here & (lines["decided"] == NONE) & (lines["plan_since"] < now.begin)
    luck = now.dice.happens("moves plan", made.moves + made.moves_after_shock * shock)
    some = settled & luck
    dice = now.dice.of(some)
    factors = [dice.factor(f"thought {what} now", made.misfit_later * made.misfit) for what in ("minutes", "mb")]
    minutes, mb = (lines[name][some] * factor for name, factor in zip(("minutes", "mb"), factors, strict=True))
    wanted = now.tariff.best(lines["brand"][some], minutes, mb)
    moves = np.flatnonzero(some)[wanted != lines["plan"][some]]
    lines["former_plan"][moves], lines["former_plan_since"][moves] = lines["plan"][moves], lines["plan_since"][moves]
    lines["plan"][moves] = wanted[wanted != lines["plan"][some]]
    day = now.days("plan day")
    lines["plan_since"][moves] = day[moves]
    moved = np.full(len(here), NONE)
    moved[moves] = day[moves]
    return moved


def renew(now: Moment, lines: Lines, here: Array) -> None:
    """Let some sign for another term once the old one is over, or for a first one."""
    made = now.constants.contracts
    free = here & (lines["decided"] == NONE) & (lines["contract_end"] < now.begin) & (lines["activated"] < now.begin)
    bound_before = lines["contract_end"] != NONE
    signs = free & now.dice.happens("renews", np.where(bound_before, made.renews, made.signs_later))
    dice = now.dice.of(signs)
    term = np.array(made.terms)[dice.choice("term", made.term_shares)]
    lines["contract_start"][signs] = now.days("signing")[signs]
    lines["contract_end"][signs] = month_start(now, term + 1) - 1
    kinds = dice.choice("contract kind", made.kind_shares)
    lines["contract_kind"][signs] = contract_kinds({"account": lines["account"][signs]}, kinds)
    lines["agreed"][signs] = lines["expected"][signs]
