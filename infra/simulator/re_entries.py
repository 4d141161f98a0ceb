"""Re-entries: leavers who come back on a new number, with much that gives them away."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.circles import draw_circles
from infra.simulator.departures import FORCED, FRAUD
from infra.simulator.lines import LAST_GENERATION, NONE, Lines, generation_of, new_lines, picked
from infra.simulator.moments import Moment
from infra.simulator.places import AREAS, pushing_dealers
from infra.simulator.population import settle

_KEPT = (
    *("person", "document", "place", "holds_place", "area", "account", "role", "in_user_group"),
    *("imei", "price_band", "handset_brand", "handset_since"),
)


def plan_returns(now: Moment, lines: Lines) -> None:
    """Of this month's leavers, fix who comes back and when: more of those whose dealer pushes."""
    back = now.constants.re_entry
    forced = lines["exit"] == FORCED
    left = (lines["left"] == now.number - forced) & (lines["returns"] == NONE)
    left &= (lines["exit"] != FRAUD) & (generation_of(lines["line"]) < LAST_GENERATION)
    comes = left & now.dice.happens("comes back", np.where(_pushed(now, lines), back.share_pushed, back.share))
    wait = now.dice.choice("comes back after", back.months_shares)
    lines["returns"][comes] = (now.number + wait)[comes]


def _pushed(now: Moment, lines: Lines) -> Array:
    """Whose dealer talks them into a new card."""
    pushes = pushing_dealers(now.seed, now.constants.people.pushing_dealers)
    pushed: Array = pushes[lines["dealer"]] & (lines["dealer"] >= 0)
    return pushed


def returning(now: Moment, lines: Lines, size: int) -> Lines:
    """The new lines of those who come back this month; in the month of leaving itself where they wait for none."""
    former = picked(lines, np.flatnonzero(lines["returns"] == now.number))
    new = new_lines(len(former["line"]))
    new["line"][:] = former["line"] + (1 << 19)
    new["came_from"][:] = former["line"]
    for name in _KEPT:
        new[name][:] = former[name]
    lines["holds_place"][lines["returns"] == now.number] = False
    dice = Dice(new["line"], now.seed, "ever")
    _change_what_shows(now, new, dice)
    handset = {name: new[name].copy() for name in ("imei", "price_band", "handset_brand", "handset_since")}
    back = now.constants.re_entry
    other = dice.happens("other brand", back.other_brand)
    new["brand"][:] = np.where(other, dice.choice("brand", back.brand_shares), former["brand"])
    settle(now, new, former)
    same = dice.happens("same handset", back.same_handset)
    for name, column in handset.items():
        new[name][same] = column[same]
    new["handset_since"][same] = new["activated"][same]
    loyal = _pushed(now, former) & dice.happens("same dealer", back.same_dealer)
    new["dealer"][loyal] = former["dealer"][loyal]
    new["fraud"][:] = False
    draw_circles(new, now.block, size, now.seed, now.constants)
    return new


def _change_what_shows(now: Moment, new: Lines, dice: Dice) -> None:
    """Some come back under a relative's document, and a few have moved."""
    back = now.constants.re_entry
    other = ~dice.happens("same document", back.same_document)
    new["document"][other] = new["line"][other] + (1 << 60)
    moved = ~dice.happens("same area", back.same_area)
    new["area"][moved] = (AREAS * dice.uniform("new area"))[moved]
