"""Slots go to those with most at stake, hall by hall, before anybody thinks of arms."""

from __future__ import annotations

import narwhals as nw
import polars as pl
import pytest

from serving import ServingError
from serving.allocation import CampaignSettings, allocated
from tests.drawn import table

CANDIDATES = """
    customer_id  hall   value_at_risk  probability
    eve          North  5              0.1
    dan          North  9              0.1
    cyd          North  9              0.2
    bob          North  -              0.9
    abe          North  5              0.1
    fay          South  1              0.1
"""


def ranked(slots: int, candidates: pl.DataFrame | None = None) -> list[tuple[str, str, int]]:
    rows = table(CANDIDATES, value_at_risk=pl.Float64) if candidates is None else candidates
    found = allocated(nw.from_native(rows, eager_only=True), slots)
    return list(found.select("hall", "customer_id", "rank").iter_rows())  # type: ignore[arg-type]


def test_a_halls_slots_go_by_value_at_risk_then_probability_then_id_and_unknown_value_is_last():
    assert ranked(4) == [
        ("North", "cyd", 1),
        ("North", "dan", 2),
        ("North", "abe", 3),
        ("North", "eve", 4),
        ("South", "fay", 1),
    ]
    assert ("North", "bob", 5) in ranked(5)


@pytest.mark.parametrize("cut", range(1, 6))
def test_going_through_the_population_part_by_part_gives_the_same(cut: int):
    rows = table(CANDIDATES, value_at_risk=pl.Float64)
    best = allocated(nw.from_native(rows[:cut], eager_only=True), 2).drop("rank").to_native()
    assert ranked(2, pl.concat([best, rows[cut:]])) == ranked(2)


@pytest.mark.parametrize(
    ("capacity", "share", "slots"), [(40, 0.2, 50), (41, 0.2, 51), (40, 0.5, 80), (71, 0.29, 100), (10, 0.01, 10)]
)
def test_slots_are_the_capacity_and_room_for_the_withheld(capacity: int, share: float, slots: int):
    assert CampaignSettings(hall_capacity=capacity, holdout_share=share).slots == slots


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_campaign_without_one_of_its_arms_is_refused(share: float):
    with pytest.raises(ServingError, match=r"holdout share .* set \[campaign\] holdout_share"):
        CampaignSettings(holdout_share=share).check()


def test_a_campaign_without_capacity_is_refused():
    with pytest.raises(ServingError, match=r"hall capacity 0 is not positive"):
        CampaignSettings(hall_capacity=0).check()
