"""Life: one block's people live month by month; what an operator knows of it, and what nobody could, is handed out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from features.months import Month
from infra.simulator.accounts import Accounts, draw_accounts
from infra.simulator.chance import Array, Dice
from infra.simulator.charges import charge, pay, stop_debtors
from infra.simulator.circles import Neighbours, circle_networks
from infra.simulator.departures import decide, depart, fade, going, silent, still_kept
from infra.simulator.handsets import change_handsets
from infra.simulator.hazard import find_hazard, mood_of_the_month, outlook
from infra.simulator.inquiries import inquire
from infra.simulator.lines import NONE, Lines, on_net, picked, together
from infra.simulator.moments import LEVEL, Moment, Outlook, first_day, month_of
from infra.simulator.mood import feel, miss_friends
from infra.simulator.outreach import Answers, Contacts, contact
from infra.simulator.plan_moves import move_plans, renew
from infra.simulator.population import initial_lines, newcomers
from infra.simulator.products import change_products
from infra.simulator.re_entries import plan_returns, returning
from infra.simulator.signals import Events, noted_events, within_talk
from infra.simulator.suspensions import suspend
from infra.simulator.traffic import share_of_month, use
from infra.simulator.worlds import World

WARM_UP = 6
"""Months lived before the first one delivered, so that decisions, arrears and moods are under way in it."""


@dataclass(frozen=True)
class Block:
    """A block after some month: its lines, who holds its places, its enterprises, and how many have joined."""

    world: World
    seed: int
    number: int
    size: int
    first: Month
    lines: Lines
    neighbours: Neighbours
    accounts: Accounts
    joined: int = 0
    outlook: Outlook = LEVEL


@dataclass(frozen=True)
class LivedMonth:
    """What happened in a month; all columns go row by row with `block.lines`."""

    now: Moment
    block: Block
    usage: dict[str, Array]
    bill: dict[str, Array]
    inquiries: dict[str, Array]
    events: Events
    networks: Array
    answers: Answers


def settle_block(world: World, seed: int, number: int, size: int, first: Month) -> Block:
    """A block before its first month, which lies WARM_UP months before `first`, the first one delivered."""
    month = first - WARM_UP
    accounts = draw_accounts(number, size, first_day(month), seed, world.constants)
    now = Moment(world, seed, number, month, -WARM_UP, Dice(np.zeros(0, np.int64), seed, str(month)))
    lines = initial_lines(now, size, accounts)
    block = Block(world, seed, number, size, first, lines, Neighbours(number, size, seed, world.constants), accounts)
    find_hazard(replace(now, month=month - 1, step=now.step - 1), lines)
    return block


def live(block: Block, months: list[Month], contacts: Contacts) -> Iterator[LivedMonth]:
    """Let a block live through consecutive months; each is to be used before the next is asked for."""
    for month in months:
        lived = live_month(block, month, contacts)
        block = lived.block
        yield lived


def live_month(block: Block, month: Month, contacts: Contacts) -> LivedMonth:
    """One month: some leave, some come, all use, pay, feel and ask; then contacts act, and hazards are found anew."""
    block = _come_and_go(block, month)
    lines, now = block.lines, _moment(block, month)
    gone, leaves = silent(lines, now.number), going(lines, now.number)
    billed = ~gone & on_net(lines, now.begin)
    here = billed & (lines["closed_on"] == NONE)
    suspend(now, lines, here, leaves)
    fade(now, lines, leaves)
    share = share_of_month(now, lines, ~billed)
    networks = circle_networks(lines, block.neighbours)
    usage = use(now, lines, share, networks)
    bill = charge(now, lines, usage, billed)
    felt = feel(now, lines, bill["amount"], billed)
    inquiries = inquire(now, lines, felt, leaves, billed)
    change_products(now, lines, here)
    renew(now, lines, here)
    changed = change_handsets(now, lines, here)
    happened = {
        "handset_change": np.where(changed, lines["handset_since"], NONE),
        "plan_change": move_plans(now, lines, felt.shock, here),
    }
    pay(now, lines, bill, leaves)
    stop_debtors(now, lines, here)
    events = within_talk(noted_events(now, lines, felt, leaves & billed, happened), usage["voice_out_minutes"])
    miss_friends(now, lines, block.neighbours)
    answers = contact(now, lines, contacts)
    find_hazard(now, lines)
    return LivedMonth(now, block, usage, bill, inquiries, events, networks, answers)


def _moment(block: Block, month: Month) -> Moment:
    """The month and its luck: drawn per line and month, so that who is there or not moves nobody else."""
    dice = Dice(block.lines["line"], block.seed, str(month))
    return Moment(block.world, block.seed, block.number, month, block.first.until(month), dice, block.outlook)


def with_outlook(lived: LivedMonth) -> Block:
    """The block after the last month before the first one delivered, with what its moods will come back to."""
    return replace(lived.block, outlook=outlook(lived.now, lived.block.lines))


def _come_and_go(block: Block, month: Month) -> Block:
    """Decisions and departures, then strangers and those who come back."""
    now = _moment(block, month)
    kept = still_kept(block.lines, now.number, month_of(block.lines["closed_on"]))
    block = replace(block, lines=picked(block.lines, kept))
    lines, now = block.lines, _moment(block, month)
    decide(now, lines, mood_of_the_month(now))
    depart(now, lines)
    plan_returns(now, lines)
    block.neighbours.see(lines, now.number)
    back = returning(now, lines, block.size)
    new = newcomers(now, block.joined, block.size, block.accounts)
    block.neighbours.welcome(back)
    lines = together([lines, new, back])
    return replace(block, lines=lines, joined=block.joined + len(new["line"]))
