"""The readout is honest: nought comes out as nought, an effect is found, and too few is said to be too few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from serving.monitoring.uplift_readout import (
    ReadoutSettings,
    balance,
    by_brand,
    difference,
    effect,
    reach,
    value_kept,
)

SETTINGS = ReadoutSettings(min_customers=20, min_leavers=10)
EXPERIMENTS = 300


def arms(treated: tuple[int, int], withheld: tuple[int, int], **columns: Any) -> pa.Table:
    """Two arms as (customers, leavers)."""
    arm = ["treated"] * treated[0] + ["withheld"] * withheld[0]
    left = [place < leavers for customers, leavers in (treated, withheld) for place in range(customers)]
    size = len(arm)
    usual = {
        "customer_id": [f"customer-{number}" for number in range(size)],
        "involuntary": [False] * size,
        "brand": ["Red"] * size,
        "band": ["alert"] * size,
        "usual_value": [100.0] * size,
        "probability": [0.1] * size,
    }
    return pa.table({"arm": arm, "churned": left, **usual, **columns})


@pytest.mark.parametrize(
    ("kept", "of", "expected"),
    [
        # Newcombe (1998), table II, method 10: a 56/70-48/80, b 9/10-3/10, c 6/7-2/7, d 5/56-0/29, e 0/10-0/20
        ((56, 48), (70, 80), (0.2, 0.0524, 0.3339)),
        ((9, 3), (10, 10), (0.6, 0.1705, 0.8090)),
        ((6, 2), (7, 7), (0.5714, 0.0582, 0.8062)),
        ((5, 0), (56, 29), (0.0893, -0.0381, 0.1926)),
        ((0, 0), (10, 20), (0.0, -0.1611, 0.2775)),
        ((10, 0), (10, 20), (1.0, 0.6791, 1.0)),
    ],
)
def test_the_interval_is_that_of_newcombes_own_examples(
    kept: tuple[int, int], of: tuple[int, int], expected: tuple[float, float, float]
):
    assert difference(kept, of) == pytest.approx(expected, abs=0.00006)


def experiments(leaving_treated: float, leaving_withheld: float) -> list[dict[str, Any]]:
    """Many small experiments on 400 treated and 200 withheld customers, each with its own people."""
    found = []
    for seed in range(EXPERIMENTS):
        rng = np.random.default_rng(seed)
        leavers = rng.binomial(400, leaving_treated), rng.binomial(200, leaving_withheld)
        found.append(effect(arms((400, int(leavers[0])), (200, int(leavers[1]))), SETTINGS)["difference"])
    return found


def test_in_the_null_world_the_interval_holds_nought_in_95_of_100_experiments():
    holds = np.mean([found["low"] <= 0 <= found["high"] for found in experiments(0.15, 0.15)])
    assert holds == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / EXPERIMENTS))


def test_a_real_effect_is_found_and_the_interval_holds_it():
    found = experiments(0.1, 0.3)
    assert np.mean([one["low"] > 0 for one in found]) > 0.95
    holds = np.mean([one["low"] <= 0.2 <= one["high"] for one in found])
    assert holds == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / EXPERIMENTS))


def test_the_difference_is_retention_of_all_treated_minus_that_of_all_withheld():
    found = effect(arms((200, 20), (50, 10)), SETTINGS)
    assert found["arms"]["treated"] == {"customers": 200, "retention": 0.9, "closed_by_operator": 0}
    assert found["arms"]["withheld"]["retention"] == 0.8
    assert found["difference"]["value"] == 0.1


def test_who_was_closed_by_the_operator_has_not_left_by_choice_and_is_counted_beside():
    forced = [place < 12 for place in range(200)] + [place < 3 for place in range(50)]
    found = effect(arms((200, 20), (50, 10), involuntary=forced), SETTINGS)
    assert found["difference"]["value"] == 0.1
    assert [arm["closed_by_operator"] for arm in found["arms"].values()] == [12, "fewer than 10"]
    assert found["closed_by_operator"] == {
        "value": None,
        "note": "not enough data: fewer than 10 closed by the operator in an arm",
    }


def test_the_arms_are_compared_in_closings_by_the_operator_too():
    forced = [100 <= place < 140 for place in range(200)] + [False] * 200
    found = effect(arms((200, 20), (200, 20), involuntary=forced), SETTINGS)
    assert found["difference"]["value"] == 0
    assert found["closed_by_operator"]["value"] == 0.2
    assert found["closed_by_operator"]["low"] > 0.1


@pytest.mark.parametrize(
    ("treated", "withheld", "note"),
    [
        ((19, 10), (50, 10), "not enough data: fewer than 20 customers treated"),
        ((50, 10), (19, 10), "not enough data: fewer than 20 customers withheld"),
        ((50, 5), (50, 4), "not enough data: fewer than 10 leavers in both arms"),
        ((50, 9), (50, 20), "not enough data: fewer than 10 leavers, or others, treated"),
        ((50, 20), (50, 41), "not enough data: fewer than 10 leavers, or others, withheld"),
    ],
)
def test_too_few_give_no_figure_but_say_what_is_missing(treated: tuple[int, int], withheld: tuple[int, int], note: str):
    found = effect(arms(treated, withheld), SETTINGS)
    assert found["difference"] == {"value": None, "note": note}
    assert all(set(arm) == {"customers"} for arm in found["arms"].values())


def test_an_arm_of_a_few_customers_is_not_counted_out():
    found = effect(arms((9, 1), (50, 10)), SETTINGS)
    assert found["arms"] == {"treated": {"customers": "fewer than 10"}, "withheld": {"customers": 50}}


def of_brands(**arms_of: tuple[tuple[int, int], tuple[int, int]]) -> pa.Table:
    """The arms of each brand as (customers, leavers); the brand `unknown` is not known."""
    parts = []
    for brand, (treated, withheld) in arms_of.items():
        size = treated[0] + withheld[0]
        parts.append(arms(treated, withheld, brand=pa.array([None if brand == "unknown" else brand] * size, "string")))
    return pa.concat_tables(parts)


def customers_of(people: pa.Table) -> dict[str, list[Any]]:
    told = by_brand(people, SETTINGS)
    return {brand: [arm["customers"] for arm in found["arms"].values()] for brand, found in told.items()}


def test_brands_are_compared_each_for_itself():
    found = by_brand(of_brands(Red=((180, 36), (45, 18)), Blue=((30, 10), (30, 10))), SETTINGS)
    assert found["Red"]["difference"]["value"] == pytest.approx(0.2)
    assert found["Blue"]["difference"]["value"] == 0
    assert set(found["Red"]) == {"arms", "difference"}
    assert set(found["Red"]["arms"]["treated"]) == {"customers", "retention"}


def test_a_brand_too_small_to_be_told_of_is_told_of_with_the_next_smallest():
    large = {"Red": ((90, 20), (90, 20)), "Blue": ((105, 20), (105, 20))}
    assert customers_of(of_brands(**large, Green=((5, 2), (15, 2)))) == {"Blue": [105, 105], "other brands": [95, 105]}


@pytest.mark.parametrize("few", [((50, 9), (50, 20)), ((50, 20), (50, 45))])
def test_neither_is_a_brand_with_few_leavers_or_few_others(few: Any):
    large = {"Red": ((90, 20), (90, 20)), "Blue": ((105, 20), (105, 20))}
    assert set(customers_of(of_brands(**large, Green=few))) in (
        {"Blue", "other brands"},
        {"Red", "Blue", "other brands"},
    )
    assert "Green" not in customers_of(of_brands(**large, Green=few))


def test_small_brands_that_are_enough_together_leave_the_others_alone():
    small = ((8, 5), (8, 5))
    found = customers_of(of_brands(Red=((90, 20), (90, 20)), Blue=small, Green=small, Grey=small, unknown=small))
    assert found == {"Red": [90, 90], "other brands": [32, 32]}


def test_no_hidden_number_is_what_is_left_of_the_total():
    """Whatever the brands are, each number that is told is of ten or more, and they add up to the total."""
    rng = np.random.default_rng(1)
    for _ in range(100):
        sizes = {name: [int(of) for of in rng.integers(1, 60, 2)] for name in ("Red", "Blue", "Green", "unknown")}
        people = of_brands(**{name: tuple((of, int(rng.integers(0, of + 1))) for of in sizes[name]) for name in sizes})
        found = customers_of(people).values()
        assert all(isinstance(count, int) and count >= 10 for counts in found for count in counts)
        assert not found or np.sum(list(found), axis=0).tolist() == np.sum(list(sizes.values()), axis=0).tolist()


def test_where_a_single_group_is_left_brands_are_not_told_of():
    assert by_brand(of_brands(Red=((200, 20), (200, 20)), Blue=((5, 1), (5, 1))), SETTINGS) == {}


def test_value_kept_is_the_difference_in_what_is_still_paid_per_head_and_in_all():
    usual = [100.0] * 100 + [200.0] * 100 + [150.0] * 50
    found = value_kept(arms((200, 20), (50, 10), usual_value=usual), SETTINGS)
    assert found["per_head"]["value"] == pytest.approx((80 * 100 + 100 * 200) / 200 - 40 * 150 / 50)
    assert found["in_all"]["value"] == pytest.approx(200 * found["per_head"]["value"])
    assert found["per_head"]["low"] < found["per_head"]["value"] < found["per_head"]["high"]


def test_whoever_was_closed_by_the_operator_brings_nothing_any_more():
    forced = [100 <= place < 140 for place in range(200)] + [False] * 200
    found = value_kept(arms((200, 20), (200, 20), involuntary=forced), SETTINGS)
    assert found["per_head"]["value"] == pytest.approx(-20)


def test_unknown_revenue_is_left_out_of_both_arms_and_too_little_known_gives_no_figure():
    some = [None] * 100 + [100.0] * 100 + [100.0] * 50
    assert value_kept(arms((200, 0), (50, 0), usual_value=some), SETTINGS)["per_head"]["value"] == 0
    assert value_kept(arms((200, 0), (50, 0), usual_value=[None] * 235 + [1.0] * 15), SETTINGS)["value"] is None


def test_arms_that_differ_in_what_was_known_stand_out():
    alike = balance(arms((200, 0), (200, 0), probability=[0.1, 0.2] * 200))
    assert alike["differences"]["probability"] == 0
    assert alike["by_chance"] == pytest.approx(0.196)
    apart = balance(arms((200, 0), (200, 0), probability=[0.2, 0.3] * 100 + [0.1, 0.2] * 100))
    assert apart["differences"]["probability"] > 10 * apart["by_chance"]


def responses(*attempts: tuple[str, str, bool | None]) -> pa.Table:
    names = ("customer_id", "outcome", "accepted")
    columns = {name: [attempt[at] for attempt in attempts] for at, name in enumerate(names)}
    return pa.table(columns | {"talk_seconds": [60 if attempt[1] == "reached" else None for attempt in attempts]})


def test_reach_counts_people_and_not_attempts():
    people = arms((20, 0), (20, 0))
    tried = [(f"customer-{number}", "busy", None) for number in range(15)]
    reached = [(f"customer-{number}", "reached", number < 3) for number in range(12)]
    assert reach(people, responses(*tried, *reached)) == {
        "attempts": 27,
        "tried": {"value": 0.75, "of": 20},
        "reached": {"value": 0.6, "of": 20},
        "accepted_of_reached": {"value": 0.25, "of": 12},
        "talk_seconds": 720,
        "withheld_but_contacted": 0,
        "contacted_without_a_task": 0,
    }


def test_contacting_the_withheld_is_told_and_so_is_contacting_strangers():
    people = arms((20, 0), (20, 0))
    withheld = [(f"customer-{number}", "reached", True) for number in range(20, 32)]
    found = reach(people, responses(*withheld, ("stranger", "busy", None)))
    assert found["withheld_but_contacted"] == 12
    assert found["contacted_without_a_task"] == "fewer than 10"
    assert found["reached"] == {"value": 0.0, "of": 20}


def test_without_answers_nobody_was_tried():
    found = reach(arms((20, 0), (20, 0)), responses())
    assert found["tried"] == {"value": 0.0, "of": 20}
    assert found["accepted_of_reached"] == {"value": None, "note": "not enough data"}
