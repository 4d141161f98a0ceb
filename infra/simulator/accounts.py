"""Accounts: the enterprises of a block, and who of its people belongs to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.lines import NONE, line_id
from infra.simulator.places import AREAS, CITIES, MANAGERS
from infra.simulator.world_sections import Constants

INDUSTRIES = ("government", "finance", "power", "transport", "media", "education", "trade", "building", "catering")
ROLES = ("member", "key_contact", "it_lead", "leader")
CLASSES = ("A", "B", "C")
_LARGEST = 2_000
"""More accounts than any block has."""


@dataclass(frozen=True)
class Accounts:
    """A block's enterprises in the order of the places that their members hold, from `first` on."""

    name: list[str]
    industry: Array
    rank: Array
    phones: Array
    first: Array
    members: Array
    area: Array
    since: Array
    user_group: Array

    def cities(self) -> list[str]:
        return [CITIES[area] for area in self.area]

    def managers(self) -> list[str]:
        return [f"Account {MANAGERS[area].lower()}" for area in self.area]


def draw_accounts(block: int, size: int, begin: int, seed: int, constants: Constants) -> Accounts:
    """Enterprises until the share of members is reached; a place belongs to at most one."""
    made, dice = constants.accounts, Dice(line_id(block, np.arange(_LARGEST)), seed, "account")
    rank = dice.choice("class", made.class_shares)
    low, high = np.array(made.phones)[rank].T
    phones = low + ((high - low) * dice.uniform("phones") ** made.phones_skew).astype(np.int64)
    covered = made.coverage_from + 2 * (1 - made.coverage_from) * dice.uniform("coverage")
    members = np.maximum((phones * made.coverage * covered).astype(np.int64), 1)
    first = np.cumsum(members) - members
    kept = first + members <= made.member_share * size
    area = (dice.uniform("area") * AREAS).astype(np.int32)
    since = begin - dice.whole("since", *made.days_since)
    user_group = dice.happens("user group", np.array(made.user_group_shares)[rank])
    names = [f"Enterprise {block}-{number}" for number in range(int(kept.sum()))]
    industry = dice.choice("industry", np.ones(len(INDUSTRIES)))
    columns = (industry, rank, phones, first, members, area, since, user_group)
    return Accounts(names, *(column[: len(names)] for column in columns))


def account_of(place: Array, accounts: Accounts) -> Array:
    """The position of the account to which each place belongs; NONE for most."""
    if not accounts.name:
        return np.full(len(place), NONE, np.int32)
    at = np.searchsorted(accounts.first, place, side="right") - 1
    within = (at >= 0) & (place < accounts.first[at] + accounts.members[at])
    return np.where(within, at, NONE).astype(np.int32)
