from __future__ import annotations

import pytest

from models.category_pairs import each_tells_the_other
from tests.models.made_indicators import rows_of

PLAN = ["a", "b", "c", "d"] * 25


def test_of_the_two_ways_the_lesser_share_counts():
    """Every plan has one brand; who knows the brand alone is right about the plan for half of the customers."""
    brand = ["Red", "Red", "Blue", "Blue"] * 25
    assert each_tells_the_other(rows_of(plan=PLAN, brand=brand), ["plan", "brand"]).tolist() == [[1, 0.5], [0.5, 1]]


def test_other_names_for_the_same_say_the_same():
    names = [f"Plan {plan}" for plan in PLAN]
    assert each_tells_the_other(rows_of(plan=PLAN, name=names), ["plan", "name"])[0, 1] == 1


def test_unknown_is_a_value_but_not_of_those_who_lack_both():
    """Of 40 known customers ten lack the other, which is then as good as a value that ten of the one have."""
    one = ["a", "b"] * 20 + [None] * 60
    other = [*["x", "y"] * 15, *[None] * 70]
    assert each_tells_the_other(rows_of(one=one, other=other), ["one", "other"])[0, 1] == pytest.approx(30 / 40)


def test_of_fewer_than_ten_who_have_either_nothing_is_said():
    few = ["a", "b"] * 4 + [None] * 92
    assert each_tells_the_other(rows_of(one=few, other=few), ["one", "other"])[0, 1] == 0
