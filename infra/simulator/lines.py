"""Lines: the numbers of one block, column by column, and what is known or hidden of each.

A block holds up to 65,536 initial numbers and whoever joins or comes back later. Its people know, live and
work with one another and with nobody in another block, so that a block lives alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from infra.simulator.chance import Array

Lines: TypeAlias = dict[str, Array]
"""All columns of FIELDS, row by row."""

BLOCK = 65_536
NONE = -1
"""In a column of ids, positions, days or months: not, or not yet."""
FRIENDS, CHANNELS, PRODUCTS = 6, 5, 8
SENSITIVITIES = ("tariff", "service", "new product", "device")

_IDS = ("line", "person", "document", "came_from", "imei")
_SMALL = (
    *("place", "area", "dealer", "birth_year", "brand", "plan", "former_plan", "contract_kind", "unpaid_months"),
    *("price_band", "handset_brand", "exit", "cause", "grievance", "stop_kind", "account", "role"),
)
_DAYS = (
    *("activated", "plan_since", "former_plan_since", "contract_start", "contract_end", "closed_on"),
    *("stopped_on", "stop_ended", "handset_since"),
)
_MONTHS = ("decided", "left", "returns", "swayed_until", "complained")
_SHARES = (
    *("minutes", "mb", "texts", "on_net", "far_share", "abroad", "content", "income", "frailty", "reactance"),
    *("pays_in_time", "inquires", "pace", "agreed"),
    *("expected", "satisfaction", "friends_left", "fatigue", "sway", "dip", "level"),
    *("arrears", "balance", "points", "hazard"),
)
_FLAGS = ("holds_place", "prepaid", "fraud", "second_sim", "consents", "in_user_group")
_WIDE: dict[str, tuple[str, int, float]] = {
    "sensitivity": ("f4", len(SENSITIVITIES), 0),
    "channel_taste": ("f4", CHANNELS, 0),
    "friend": ("i4", FRIENDS, NONE),
    "friend_number": ("i8", FRIENDS, NONE),
    "friend_network": ("i1", FRIENDS, 0),
    "friend_weight": ("f4", FRIENDS, 0),
    "product_since": ("i4", PRODUCTS, NONE),
    "product_until": ("i4", PRODUCTS, NONE),
}
FIELDS: dict[str, tuple[str, int, float]] = {
    **dict.fromkeys(_IDS, ("i8", 1, NONE)),
    **dict.fromkeys((*_SMALL, *_DAYS, *_MONTHS), ("i4", 1, NONE)),
    **dict.fromkeys(_SHARES, ("f4", 1, 0)),
    **dict.fromkeys(_FLAGS, ("?", 1, 0)),
    **{name: _WIDE[name] for name in _WIDE},
}
"""Each column's type, width and value while nothing is known. Days count from 1970-01-01, months from year 0."""


def new_lines(size: int) -> Lines:
    return {
        name: np.full((size, width) if width > 1 else size, fill, kind) for name, (kind, width, fill) in FIELDS.items()
    }


def picked(lines: Lines, which: Array) -> Lines:
    return {name: column[which] for name, column in lines.items()}


def together(parts: Sequence[Lines]) -> Lines:
    return {name: np.concatenate([part[name] for part in parts]) for name in FIELDS}


def line_id(block: int, count: Array | int, generation: Array | int = 0) -> Array:
    """The id of a block's `count`-th number, or of the one with which its holder came back for the n-th time.

    It rests on nobody else's life: were ids counted up among those who come back, one person's staying would
    change everybody's luck.
    """
    return np.asarray((np.int64(block) << 22) + (np.int64(1) << 19) * np.asarray(generation, np.int64) + count)


def generation_of(line: Array) -> Array:
    generation: Array = (line >> 19) & 7
    return generation


LAST_GENERATION = 7


def phone_number(line: Array) -> Array:
    """The eleven digits of a line: a prime step round 7e9 numbers keeps them unique; mobiles begin with 13 to 19."""
    number: Array = 13_000_000_000 + line * 1_299_709 % 7_000_000_000
    return number


def on_net(lines: Lines, begin: int) -> Array:
    """Whether a number was anybody's on any day since `begin`."""
    closed = lines["closed_on"]
    found: Array = (closed == NONE) | (closed >= begin)
    return found
