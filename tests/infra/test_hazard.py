"""Hazard: of two otherwise equal lines, the one with a reason to go is likelier to, by as much as the world says.

Factors are those of the usual world: e to the power of its constants. In seed 1 the competitor's offer of February
2025 is in Northfield, areas 0 to 19; dealer 11 pushes new cards and dealer 12 does not.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from features.months import Month
from infra.simulator.chance import Dice
from infra.simulator.circles import Neighbours
from infra.simulator.departures import CAUSES
from infra.simulator.hazard import find_hazard
from infra.simulator.lines import NONE, PRODUCTS, Lines, new_lines
from infra.simulator.moments import Moment, first_day, month_number
from infra.simulator.mood import feel, miss_friends
from infra.simulator.places import DEALERS
from infra.simulator.worlds import read_world

JANUARY = Month(2025, 1)
TARIFF, SERVICE, _NEW_PRODUCT, DEVICE = range(4)
ALL_ALIKE = (0.25, 0.25, 0.25, 0.25)
HALF_OF_ALL = {kind: tuple(0.5 if kind == other else 0.5 / 3 for other in range(4)) for kind in range(4)}
NOT_AT_ALL = {kind: tuple(0.0 if kind == other else 1 / 3 for other in range(4)) for kind in range(4)}
QUIET, BROKEN = 10, 64
"""Areas with the fewest and the most faults in January 2025 of seed 1: none, and three lines in four."""


def begins(months_ago: int) -> int:
    """The first day of the month so many before January."""
    return first_day(JANUARY - months_ago)


def ends(months_ago: int) -> int:
    """The last day of that month."""
    return first_day(JANUARY - months_ago + 1) - 1


PLAIN: dict[str, Any] = {
    "activated": begins(36),
    "area": 50,
    "brand": 0,
    "dealer": 12,
    "expected": 40.0,
    "grievance": 0,
    "handset_since": begins(-1),
    "sensitivity": ALL_ALIKE,
}


def holding(products: int) -> list[int]:
    """Since when somebody holds each product, of which the first three tie the home."""
    return [begins(12)] * products + [NONE] * (PRODUCTS - products)


def two_lines(**told: Any) -> Lines:
    """Equal but for what is told as a list of two: the one, and the other."""
    lines = new_lines(2)
    for name, value in (PLAIN | told).items():
        lines[name][:] = value
    return lines


@cache
def january(luck: int = 0, seed: int = 1) -> Moment:
    """The month in which both lines have the same luck: that of one id."""
    return Moment(read_world("usual"), seed, 0, JANUARY, 0, Dice(np.full(2, luck), seed, str(JANUARY)))


def times_likelier(**told: Any) -> float:
    """How many times as likely as the one the other is to decide to go next month."""
    lines = two_lines(**told)
    find_hazard(january(), lines)
    one, other = lines["hazard"].tolist()
    return float(other / one)


@pytest.mark.parametrize(
    ("told", "times"),
    [
        pytest.param({"satisfaction": [0, -1]}, 2.72, id="discontent"),
        pytest.param({"friends_left": [0, 0.2]}, 1.35, id="a fifth of talk was with friends who left"),
        pytest.param({"contract_end": [NONE, ends(0)]}, 3.67, id="contract just expired"),
        pytest.param({"contract_end": [ends(-1), NONE]}, 4.06, id="no contract in force"),
        pytest.param({"contract_end": [ends(3), ends(2)]}, 3.67, id="expired three months before, not four"),
        pytest.param({"contract_end": [NONE, ends(3)]}, 1.0, id="an expiry of long ago does nothing"),
        pytest.param({"area": [50, 5]}, 1.42, id="competitor's offer in the prefecture"),
        pytest.param({"area": [50, 99]}, 1.0, id="another prefecture without it does nothing"),
        pytest.param({"handset_since": [begins(-1), begins(23)]}, 1.35, id="handset of two years"),
        pytest.param({"dealer": [12, 11], "activated": begins(5)}, 1.65, id="dealer who pushes new cards"),
        pytest.param({"dealer": [12, 11], "activated": begins(0)}, 1.0, id="no dealer pushes in the first month"),
        pytest.param({"dealer": [12, 11], "activated": begins(24)}, 1.0, id="nor after two years"),
        pytest.param({"in_user_group": [True, False]}, 3.67, id="in no closed user group"),
        pytest.param({"product_since": [holding(1), holding(0)]}, 1.57, id="no product ties the home"),
        pytest.param({"product_since": [holding(3), holding(2)]}, 1.0, id="a third one ties no more"),
        pytest.param({"activated": [begins(59), begins(2)]}, 3.89, id="three months on net rather than five years"),
        pytest.param({"brand": [0, 1]}, 1.4, id="M-Zone rather than GoTone"),
        pytest.param({"brand": [1, 2]}, 1.08, id="Easyown rather than M-Zone"),
    ],
)
def test_one_reason_more_makes_leaving_so_many_times_as_likely(told: dict[str, Any], times: float) -> None:
    assert times_likelier(**told) == pytest.approx(times, rel=0.005)


def test_who_was_sold_by_no_dealer_is_pushed_by_none() -> None:
    """Not even where the last of all dealers pushes: -1 stands for no dealer, not for the place of that one."""
    lines = two_lines(dealer=[DEALERS - 1, NONE], activated=begins(5))
    find_hazard(january(seed=6), lines)
    pushed, sold_by_none = lines["hazard"].tolist()
    assert pushed / sold_by_none == pytest.approx(1.65, rel=0.005)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        pytest.param({"area": [50, 5]}, TARIFF, id="competitor's offer"),
        pytest.param({"handset_since": [begins(-1), begins(23)]}, DEVICE, id="old device"),
    ],
)
def test_a_pull_is_as_strong_as_the_sensitivity_to_it(told: dict[str, Any], kind: int) -> None:
    usual = np.log(times_likelier(**told))
    assert np.log(times_likelier(**told, sensitivity=HALF_OF_ALL[kind])) == pytest.approx(2 * usual, rel=1e-4)
    assert times_likelier(**told, sensitivity=NOT_AT_ALL[kind]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"satisfaction": -1, "grievance": CAUSES.index("bill")}, "bill"),
        ({"satisfaction": -1, "grievance": CAUSES.index("service")}, "service"),
        ({"friends_left": 0.3}, "friends left"),
        ({"contract_end": ends(0)}, "contract expiry"),
        ({"area": 5}, "competitor's offer"),
        ({"handset_since": begins(35)}, "old device"),
        ({"dealer": 11, "activated": begins(5)}, "dealer's push"),
        ({"area": 5, "friends_left": 0.3}, "friends left"),
        ({"area": 5, "handset_since": begins(35)}, "old device"),
        ({"satisfaction": -0.2, "grievance": CAUSES.index("bill")}, "none seen"),
    ],
)
def test_the_strongest_pull_is_the_cause_that_they_would_name(told: dict[str, Any], cause: str) -> None:
    lines = two_lines(**told)
    find_hazard(january(), lines)
    assert [CAUSES[at] for at in lines["cause"]] == [cause, cause]


LAST_MONTH = month_number(JANUARY) - 1
SPOILERS: dict[str, tuple[dict[str, Any], Any, int, float, int]] = {
    "bill of two and a half times what was expected": ({}, [40, 100], 0, -0.8, TARIFF),
    "bill of twice what was expected": ({}, [40, 80], 0, -0.4, TARIFF),
    "two faults": ({"area": [QUIET, BROKEN]}, 40, 5, -0.7, SERVICE),
    "complaint badly handled": ({"complained": [NONE, LAST_MONTH]}, 40, 5, -0.7, SERVICE),
    "handset of two years": ({"handset_since": [begins(-1), begins(23)]}, 40, 0, -0.08, DEVICE),
}
"""What differs, bills, luck, what it does to satisfaction, and the sensitivity by which it does."""
OTHERS: dict[str, tuple[dict[str, Any], Any, int, float]] = {
    "ten times what was expected is felt no more": ({}, [40, 400], 0, -0.8),
    "half as much again shocks nobody": ({}, [40, 60], 0, 0.0),
    "three faults": ({"area": [QUIET, BROKEN]}, 40, 6, -1.05),
    "complaint well handled": ({"complained": [NONE, LAST_MONTH]}, 40, 6, 0.0),
    "complaint of two months ago": ({"complained": [NONE, LAST_MONTH - 1]}, 40, 5, 0.0),
    "old grievance fades": ({"satisfaction": [0, -1]}, 40, 0, -0.82),
}


def more_content(told: dict[str, Any], amounts: Any, luck: int) -> float:
    """By how much satisfaction is higher after the month in the other line than in the one."""
    lines = two_lines(**told)
    feel(january(luck), lines, np.broadcast_to(np.array(amounts, float), 2), np.ones(2, bool))
    one, other = lines["satisfaction"].tolist()
    return float(other - one)


@pytest.mark.parametrize(
    ("told", "amounts", "luck", "change"),
    [*(spoiler[:4] for spoiler in SPOILERS.values()), *OTHERS.values()],
    ids=[*SPOILERS, *OTHERS],
)
def test_what_happens_spoils_the_mood_by_so_much(told: dict[str, Any], amounts: Any, luck: int, change: float) -> None:
    assert more_content(told, amounts, luck) == pytest.approx(change, abs=1e-3)


@pytest.mark.parametrize(("told", "amounts", "luck", "change", "kind"), SPOILERS.values(), ids=SPOILERS)
def test_it_spoils_the_mood_of_the_sensitive_to_it(
    told: dict[str, Any], amounts: Any, luck: int, change: float, kind: int
) -> None:
    assert more_content(told | {"sensitivity": HALF_OF_ALL[kind]}, amounts, luck) == pytest.approx(2 * change, abs=1e-3)
    assert more_content(told | {"sensitivity": NOT_AT_ALL[kind]}, amounts, luck) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("told", "amount", "grievance"),
    [
        ({}, 100.0, "bill"),
        ({"area": BROKEN}, 40.0, "network"),
        ({"complained": LAST_MONTH}, 40.0, "service"),
        ({}, 70.0, "none seen"),
    ],
)
def test_what_spoils_the_mood_much_is_the_grievance(told: dict[str, Any], amount: float, grievance: str) -> None:
    lines = two_lines(**told)
    feel(january(luck=5), lines, np.full(2, amount), np.ones(2, bool))
    assert [CAUSES[at] for at in lines["grievance"]] == [grievance, grievance]


def test_friends_who_left_this_month_are_missed_and_then_less_and_less() -> None:
    """The second of four places left this month, the third one long ago, and the other line knows neither."""
    neighbours = Neighbours(0, 4, 1, read_world("usual").constants)
    neighbours.left[1:3] = [month_number(JANUARY), month_number(JANUARY) - 3]
    lines = two_lines()
    lines["friend"][:, :2], lines["friend_weight"][:, :2] = [[1, 2], [0, 3]], [0.2, 0.15]
    miss_friends(january(), lines, neighbours)
    assert lines["friends_left"].tolist() == pytest.approx([0.2, 0.0])
    neighbours.left[1] -= 1
    miss_friends(january(), lines, neighbours)
    assert lines["friends_left"].tolist() == pytest.approx([0.12, 0.0])
