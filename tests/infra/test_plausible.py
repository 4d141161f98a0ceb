"""What a simulated operator looks like from outside, and the world without a signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.sources import load_source
from flows.settings import SOURCES
from infra.benchmarks.single_indicators import TOO_TELLING, alone, everybody_scored
from infra.benchmarks.truth_tables import TruthTables
from infra.simulator import plausible
from infra.simulator.operator import Beginning
from infra.simulator.plausible import Tally, checks, main, report, vip_shares
from infra.simulator.plausible import lived as told_of
from infra.simulator.worlds import draw_world, read_world
from tests.infra.lived_operator import FIRST, beginning, day, leavers, lived, rows, usual


@pytest.fixture(scope="module")
def tally() -> Tally:
    seen = Tally()
    for month in usual(customers=20_000, months=11):
        seen.see(month)
    return seen


def failed(tally: Tally) -> list[str]:
    return [check.name for check in checks(tally) if not check.holds]


def test_the_usual_world_is_plausible(tally: Tally) -> None:
    assert failed(tally) == []


@pytest.mark.parametrize("seed", [31, 33, 35])
def test_drawn_worlds_are_plausible(seed: int) -> None:
    """Of 20,000 customers: of 7,000 in world 33 one member of a user group left in 6 months, which might be none."""
    drawn = draw_world(read_world("usual"), seed)
    assert failed(told_of(Beginning(drawn, 20_000, seed, plausible.FIRST), months=8)) == []


def test_members_of_a_closed_user_group_and_old_customers_leave_less(tally: Tally) -> None:
    assert tally.churn("closed user group") < 0.4 * tally.churn("no user group")
    tenures = [tally.churn(f"{months} months") for months in ("0 to 6", "6 to 24", "24 to 60", "60 to 1000")]
    assert tenures[0] > tenures[2] > tenures[3]
    assert tally.churn("prepaid") > 1.5 * tally.churn("postpaid")


def test_without_a_signal_no_group_leaves_less() -> None:
    """Members leave as often as the others, so that what is measured in other worlds is the world's and not ours."""
    told = told_of(Beginning(read_world("no_signal"), 20_000, 1, plausible.FIRST), months=8)
    assert failed(told) == [
        "prepaid churn over postpaid",
        "closed user group's churn over the others'",
        "churn under 6 months over that after 60",
        "leaving by force over by choice",
    ]
    values = {check.name: check.value for check in checks(told)}
    assert values["closed user group's churn over the others'"] == pytest.approx(1, abs=0.25)
    assert values["churn under 6 months over that after 60"] == pytest.approx(1, abs=0.2)


def test_the_report_tells_groups_and_checks(tally: Tally) -> None:
    told = report(tally)
    assert "churn a month, GoTone" in told
    assert "not plausible" not in told


def test_a_vip_card_is_given_from_its_threshold_on_by_the_mean_bill() -> None:
    bills = {"665.99": [665.99], "666": [666], "1499.99": [1499.99], "1500": [1500], "3000": [2000, 4000]}
    bills |= {"3000.01": [3000.01], "by the month alone": [3100, 0]}
    rows = [(name, float(amount)) for name, amounts in bills.items() for amount in amounts]
    names, amounts = zip(*rows, strict=True)
    told = Tally(bills=[pa.table({"customer_id": names, "amount": amounts})])
    shares = {check.name: check.value * len(bills) for check in vip_shares(told.arpu())}
    assert shares == pytest.approx(
        {
            "VIP silver, ARPU from 666 to 1500 yuan": 2,
            "VIP gold, ARPU from 1500 to 3000 yuan": 3,
            "VIP diamond, ARPU above 3000 yuan": 1,
        }
    )


@pytest.mark.parametrize(
    ("bent", "tiers"),
    [
        (lambda amounts: pc.min_element_wise(amounts, 600.0), ["silver", "gold"]),
        (lambda amounts: pc.multiply(amounts, 4.0), ["silver", "gold", "diamond"]),
    ],
    ids=["nobody pays more than 600 yuan", "all pay four times as much"],
)
def test_each_tier_can_be_missed(tally: Tally, bent: Callable[[pa.Array], pa.Array], tiers: list[str]) -> None:
    bills = [month.set_column(1, "amount", bent(month["amount"])) for month in tally.bills]
    assert [name.split()[1].strip(",") for name in failed(replace(tally, bills=bills))] == tiers


def test_the_program_fails_where_something_is_not_plausible(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no_re_entry", "--customers", "1500", "--months", "3"]) == 1
    assert "re-entries over leavers" in capsys.readouterr().out


def test_the_program_draws_its_world_by_seed(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for drawn in ([], ["--draw", "7"], ["--draw", "7"], ["--draw", "8"]):
        main(["--customers", "1000", "--months", "3", *drawn])
        told.append(capsys.readouterr().out)
    assert told[1] == told[2]
    assert len(set(told)) == 3


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["nowhere"], "world 'nowhere' is not there; give a TOML file"),
        (["--customers", "999"], "--customers 999: groups would be empty; give at least 1000"),
        (["--months", "2"], "--months 2: leavers are told two months before; give at least 3"),
    ],
)
def test_what_cannot_be_lived_in_is_refused(
    arguments: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert remedy in capsys.readouterr().err


def test_the_largest_sensitivity_stands_out() -> None:
    names = [f"sensitivity_{name}" for name in ("tariff", "service", "new_product", "device")]
    mixture = rows(usual(), "truth").select(names).to_numpy()
    assert mixture.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert 0.5 < mixture.max(axis=1).mean() < 0.7


def test_without_a_signal_all_have_the_same_chance() -> None:
    months = lived(beginning("no_signal", customers=3_000), months=6)
    truth = rows(months, "truth").filter(pl.col("left").is_null())
    assert truth["p_leave_1"].unique().round(6).to_list() == [0.0196]
    assert truth["decided"].null_count() == truth.height
    left = leavers(months).filter(pl.col("month") > day(0)).height
    assert left / truth.height == pytest.approx(0.02, abs=0.004)
    assert set(rows(months, "truth")["cause"]) == {"none seen"}


def test_a_drawn_world_without_a_signal_has_none_either() -> None:
    world = draw_world(read_world("no_signal"), seed=21)
    truth = rows(lived(beginning(world, customers=1_000), months=3), "truth").filter(pl.col("left").is_null())
    assert truth.group_by("month").agg(pl.col("hazard", "p_leave_3").n_unique()).drop("month").rows() == [(1, 1)] * 3


def test_bills_have_a_heavy_tail() -> None:
    amounts = rows(usual(customers=20_000, months=11), "bills")["amount"].to_numpy()
    amounts = np.sort(amounts[amounts > 0])[::-1]
    top = len(amounts) // 100
    # Hill's estimate of the tail's exponent over the top per cent: below 3, variance is hardly finite.
    assert 1 / np.log(amounts[:top] / amounts[top]).mean() < 3


def test_no_single_indicator_gives_leavers_away(tmp_path: Path) -> None:
    """The best of them tells some, or there would be nothing to learn, and none tells all."""
    tables = TruthTables(tmp_path)
    for month in usual(customers=20_000, months=11):
        tables(month)
    told = everybody_scored(tables, FIRST + 5, load_source("simulated_operator", SOURCES).churn)
    assert 250 < told.left[1].sum() < told.left[3].sum() < 1_600
    for horizon, left in told.left.items():
        best = alone(told.indicators, left)[0]
        assert 0.60 < best.auc < TOO_TELLING, (horizon, best)
