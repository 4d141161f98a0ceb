"""Circles: with whom somebody talks most, so that one who leaves is missed by others.

Places of a block form communities of 32. Friend number k of place p is place p XOR r, where r rests on community
and k: friendship is mutual without a list of friends. A friend who is no customer has a number of their own.
"""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array, Dice
from infra.simulator.departures import FORCED, PORTED
from infra.simulator.lines import FRIENDS, NONE, Lines, line_id, phone_number
from infra.simulator.world_sections import Circle, Constants

COMMUNITY = 32
NETWORKS = ("own", "competitor_1", "competitor_2", "other")
OWN, FIRST_RIVAL, SECOND_RIVAL, OTHER = range(4)
_OUTSIDE = np.array([0, 10_100_000_000, 10_200_000_000, 10_300_000_000])
"""Where the made-up numbers of each network begin: none begins like a mobile number of the operator."""
_STRAY_OWN = 20_000_000_000
"""The same of people on the own network whom the simulator does not know."""
MONTHS_MISSED = 6
"""For how long a friend who left is called elsewhere: longer than leavers take to come back, and as long as the
months lived before the first one delivered, so that in it as many circles have lost somebody as ever after."""


def draw_circles(lines: Lines, block: int, size: int, seed: int, constants: Constants) -> None:
    """Find everybody's friends by place; somebody back on a new number keeps most of them."""
    circle = constants.circle
    person, line = Dice(lines["person"], seed, "ever"), Dice(lines["line"], seed, "ever")
    community = (np.int64(block) << 22) + lines["place"] // COMMUNITY
    total = np.zeros(len(lines["line"]), np.float32)
    for slot in range(FRIENDS):
        offset = Dice(community, seed, "ever").whole(f"friend {slot}", 1, COMMUNITY - 1)
        place = lines["place"] ^ offset
        both = np.minimum(place, lines["place"]).astype(np.int64) * 65_536 + np.maximum(place, lines["place"])
        inside = Dice(both + (np.int64(block) << 40), seed, "ever").happens("friends", circle.inside_share)
        kept = (lines["came_from"] == NONE) | line.happens(f"keeps friend {slot}", constants.re_entry.circle_overlap)
        known = inside & kept & (place < size)
        lines["friend"][:, slot] = np.where(known, place, NONE)
        stranger = np.where(kept, person.uniform(f"outside {slot}"), line.uniform(f"outside {slot}"))
        _outside(lines, slot, stranger, circle)
        weight = circle.weight_from + person.uniform(f"weight {slot}")
        lines["friend_weight"][:, slot] = weight * circle.weight_falls**slot
        total += lines["friend_weight"][:, slot]
    lines["friend_weight"][:] = circle.covered * lines["friend_weight"] / total[:, None]


def _outside(lines: Lines, slot: int, chance: Array, circle: Circle) -> None:
    """A number on another network, or on the own one in another block; both from one chance."""
    shares = np.cumsum(circle.outside_networks)
    network = np.searchsorted(shares / shares[-1], chance, side="right")
    lines["friend_network"][:, slot] = network
    stray = (chance * 1e12).astype(np.int64) % 99_999_989
    lines["friend_number"][:, slot] = np.where(network == OWN, _STRAY_OWN, _OUTSIDE[network]) + stray


class Neighbours:
    """Who holds each place of a block now: whether on net, under which number, and where they went."""

    def __init__(self, block: int, size: int, seed: int, constants: Constants) -> None:
        self.number = phone_number(line_id(block, np.arange(size)))
        self.network = np.zeros(size, np.int8)
        self.left = np.full(size, NONE, np.int32)
        ids = Dice(line_id(block, np.arange(size)), seed, "ever")
        share = ids.uniform("which rival")
        self.rival = np.where(share < constants.circle.first_rival, FIRST_RIVAL, SECOND_RIVAL).astype(np.int8)
        self.rival_number = _OUTSIDE[self.rival] + 100_000_000 + (share * 1e12).astype(np.int64) % 99_999_989

    def see(self, lines: Lines, month: int) -> None:
        """Notice who left; their friends call them on another network from then on, and after a while somebody else.

        Who is closed for arrears goes on a month's last day, and is missed in the next one.
        """
        self._forget(month)
        forced = lines["exit"] == FORCED
        gone, ported = lines["holds_place"] & (lines["left"] == month - forced), lines["exit"] == PORTED
        place = lines["place"][gone]
        self.network[place], self.left[place] = self.rival[place], month
        moved = place[~ported[gone]]
        self.number[moved] = self.rival_number[moved]

    def _forget(self, month: int) -> None:
        """Friends who have been gone for long are talked to no more; an acquaintance on the own network takes over."""
        over = (self.left != NONE) & (self.left + MONTHS_MISSED <= month)
        self.network[over], self.left[over] = OWN, NONE
        self.number[over] = _STRAY_OWN + 100_000_000 + self.rival_number[over] % 100_000_000

    def welcome(self, lines: Lines) -> None:
        """Notice who came back."""
        place = lines["place"][lines["holds_place"]]
        self.network[place], self.left[place] = OWN, NONE
        self.number[place] = phone_number(lines["line"][lines["holds_place"]])


def circle_networks(lines: Lines, neighbours: Neighbours) -> Array:
    """On which network each friend is now."""
    friend = lines["friend"]
    found: Array = np.where(friend == NONE, lines["friend_network"], neighbours.network[friend])
    return found


def friends_gone(lines: Lines, neighbours: Neighbours, month: int) -> Array:
    """How much of somebody's talk was with friends who left in `month`, as a share."""
    left = (lines["friend"] != NONE) & (neighbours.left[lines["friend"]] == month)
    gone: Array = (left * lines["friend_weight"]).sum(axis=1)
    return gone


def circle_of_stranger(person: Array, size: int, seed: int) -> Array:
    """The place whose friends a newcomer shares: they know its friends, who do not count them as theirs."""
    place = (Dice(person, seed, "ever").uniform("place") * size).astype(np.int32)
    return place.clip(max=size - 1)
