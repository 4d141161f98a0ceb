"""Scheduled changes: each is seen in its column, in its month, and not before."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import polars as pl
import pytest

from infra.simulator.world_sections import Change
from infra.simulator.worlds import World, read_world
from tests.infra.lived_operator import beginning, day, lived, rows

TABLES = ("usage", "bills", "contacts", "plans", "truth")


def changed(change: Change, table: str, column: str) -> list[float]:
    """The mean of a column in four months of a world in which `change` comes in the third, over that without it."""
    world = replace(read_world("usual"), changes=(change,))
    return [
        with_it / without
        for with_it, without in zip(means(world, table, column), means(read_world("usual"), table, column), strict=True)
    ]


def means(world: World, table: str, column: str) -> list[float]:
    months = months_of(world.changes)[table]
    return months.group_by("month").agg(pl.col(column).mean()).sort("month")[column].to_list()


@cache
def months_of(changes: tuple[Change, ...]) -> dict[str, pl.DataFrame]:
    months = lived(beginning(replace(read_world("usual"), changes=changes), customers=3_000), months=4)
    return {name: rows(months, name) for name in TABLES}


def test_in_a_season_people_use_less() -> None:
    minutes = changed(Change("season", month=2, strength=-0.25), "usage", "voice_out_minutes")
    assert minutes == pytest.approx([1, 1, 0.75, 1], abs=0.01)


def test_a_tariff_reform_changes_fees_and_what_is_included_and_stays() -> None:
    reform = Change("tariff_reform", month=2)
    assert changed(reform, "plans", "fee") == pytest.approx([1, 1, 1.15, 1.15], abs=1e-4)
    assert changed(reform, "plans", "included_minutes") == pytest.approx([1, 1, 1.1, 1.1])
    assert changed(reform, "bills", "plan_fee")[2:] == pytest.approx([1.13, 1.13], abs=0.03)
    assert changed(reform, "bills", "overage")[2:] == pytest.approx([0.65, 0.65], abs=0.1)


def test_a_new_app_hall_draws_contacts_from_elsewhere_and_stays() -> None:
    opening = Change("app_hall", month=2)
    app, hotline = (changed(opening, "contacts", f"{name}_contacts") for name in ("app", "hotline"))
    assert app[:2] == hotline[:2] == [1, 1]
    assert min(app[2:]) > 2
    assert max(hotline[2:]) < 0.6


def test_a_price_war_brings_discounts_queries_and_leaving() -> None:
    war = Change("price_war", month=2, months=1, strength=1.5)
    discount, queries = changed(war, "bills", "discount"), changed(war, "contacts", "portability_queries")
    assert discount[2] > 2
    assert discount[3] == pytest.approx(1, abs=0.1)
    assert queries[2] > 1.5
    # The hazard told at the end of a month is that of the month to come.
    assert changed(war, "truth", "hazard")[:2] == pytest.approx([1, 1.8], abs=0.4)


@pytest.mark.parametrize("strength", [1024.0, 0.0])
def test_a_data_error_strikes_one_column_in_one_month(strength: float) -> None:
    error = Change("data_error", month=2, strength=strength, table="usage", column="data_mb")
    if strength:
        assert changed(error, "usage", "data_mb") == pytest.approx([1, 1, 1024, 1])
    else:
        usage = months_of((error,))["usage"]
        without = usage.group_by("month").agg(pl.col("data_mb").null_count()).sort("month")["data_mb"].to_list()
        assert without == [0, 0, usage.filter(pl.col("month") == day(2)).height, 0]
