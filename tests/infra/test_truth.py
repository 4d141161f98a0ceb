"""The hidden truth: chances that add up by hand, and that come true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from infra.simulator.chance import Dice
from infra.simulator.departures import lead_hazards
from infra.simulator.lines import Lines, new_lines
from infra.simulator.moments import Moment, month_number
from infra.simulator.truth import chance_of_leaving
from infra.simulator.worlds import read_world
from tests.infra.lived_operator import FIRST, day, leavers, rows, usual

SHARES = (0.25, 0.25, 0.25, 0.25)


def now_with(lead_shares: tuple[float, ...]) -> Moment:
    world = read_world("usual")
    leaving = replace(world.constants.leaving, lead_shares=lead_shares)
    world = replace(world, constants=replace(world.constants, leaving=leaving))
    return Moment(world, 1, 0, FIRST, 0, Dice(np.arange(3), 1, str(FIRST)))


def three_lines() -> Lines:
    """One who has decided nothing, one who decided this month, one two months ago; nobody is bound or lured."""
    lines = new_lines(3)
    lines["hazard"][:] = 0.1
    lines["decided"][:] = [-1, month_number(FIRST), month_number(FIRST - 2)]
    return lines


def test_a_lead_drawn_month_by_month_has_the_shares_of_one_drawn_in_advance() -> None:
    assert lead_hazards(SHARES).tolist() == [0.25, 1 / 3, 0.5, 1.0]
    assert lead_hazards((1.0, 0.0)).tolist() == [1.0, 1.0]


def test_chances_of_leaving_in_the_month_after_the_gap() -> None:
    undecided, this_month, earlier = chance_of_leaving(now_with(SHARES), three_lines(), (1, 2))
    # Decides next month, stays for it and goes in the second, or decides in the second and goes at once.
    assert undecided == pytest.approx(0.1 * 0.75 * (1 / 3) + 0.9 * 0.1 * 0.25)
    assert this_month == pytest.approx((1 - 1 / 3) * 0.5)
    # Has one month left at most, which is the gap.
    assert earlier == pytest.approx(0.0)


def test_who_has_left_leaves_no_more() -> None:
    lines = three_lines()
    lines["left"][:] = month_number(FIRST)
    assert chance_of_leaving(now_with(SHARES), lines, (0, 3)).tolist() == [0.0, 0.0, 0.0]


def test_as_many_leave_as_their_true_chances_add_up_to() -> None:
    months = usual(customers=20_000, months=8)
    expected = rows(months, "truth").filter(pl.col("month") <= day(5))["p_leave_1"].sum()
    observed = leavers(months).filter(pl.col("month") >= day(2)).height
    # About 2,400 leavers, so that one in fifty is the standard error.
    assert observed / expected == pytest.approx(1, abs=0.07)


def test_who_is_likelier_to_leave_leaves_more_often() -> None:
    months = usual(customers=20_000, months=8)
    left = leavers(months).with_columns(scored=pl.col("month").dt.offset_by("-2mo"), gone=pl.lit(1))
    scored = rows(months, "truth").filter((pl.col("month") <= day(5)) & pl.col("left").is_null())
    judged = scored.join(
        left.select("customer_id", month="scored", gone="gone"), on=["customer_id", "month"], how="left"
    )
    band = sum((pl.col("p_leave_1") > edge).cast(pl.Int8) for edge in (0.01, 0.05, 0.15))
    by_chance = judged.with_columns(band=band)
    told = by_chance.group_by("band").agg(seen=pl.col("gone").fill_null(0).mean(), said=pl.col("p_leave_1").mean())
    for seen, said in told.select("seen", "said").iter_rows():
        assert seen == pytest.approx(said, rel=0.15)
