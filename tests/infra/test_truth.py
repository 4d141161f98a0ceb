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
from infra.simulator.month_of_block import MonthOfBlock
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
    assert undecided == pytest.approx(0.1 * 0.75 * (1 / 3) + 0.9 * 0.1 * 0.25, rel=1e-3)
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


@pytest.mark.parametrize("horizon", [1, 3])
def test_who_is_likelier_to_leave_leaves_more_often(horizon: int) -> None:
    """In every band of chance, and nearly so among the discontent, whose moods come back to the usual meanwhile."""
    judged, chance = with_outcome(usual(customers=20_000, months=8), horizon), pl.col(f"p_leave_{horizon}")
    band = sum((chance > edge).cast(pl.Int8) for edge in (0.01, 0.05, 0.15))
    groups = judged.with_columns(band=band + 10 * (pl.col("satisfaction") < -1).cast(pl.Int8))
    told = groups.group_by("band").agg(seen=pl.col("leaves").sum(), said=chance.sum()).filter(pl.col("seen") > 100)
    assert told.height >= 4
    for seen, said in told.select("seen", "said").iter_rows():
        assert seen == pytest.approx(said, abs=max(0.15 * said, 4 * said**0.5))


def test_a_grievance_fades_and_the_chance_with_it() -> None:
    """Of two with the same hazard next month, who is discontent now will be less likely to go in the months after."""
    lines = three_lines()
    lines["decided"][:], lines["satisfaction"][:] = -1, [-1.5, 0.0, 1.0]
    chances = chance_of_leaving(now_with((1.0,)), lines, (1, 4))
    assert chances[0] < chances[1] < chances[2]


def with_outcome(months: list[MonthOfBlock], horizon: int) -> pl.DataFrame:
    """Everybody still there at the end of a month whose window is over, and whether they left by choice in it."""
    left = leavers(months).select("customer_id", gone="month")
    scored = rows(months, "truth").filter((pl.col("month") <= day(6 - horizon)) & pl.col("left").is_null())
    later = (pl.col("gone").dt.year() - pl.col("month").dt.year()) * 12 + pl.col("gone").dt.month().cast(pl.Int32)
    later = later - pl.col("month").dt.month().cast(pl.Int32)
    leaves = later.is_between(2, 1 + horizon).fill_null(False)
    return scored.join(left, on="customer_id", how="left").with_columns(leaves=leaves)
