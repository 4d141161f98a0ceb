"""What contacts do, and to whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from infra.simulator.chance import Dice
from infra.simulator.moments import Moment
from infra.simulator.month_of_block import MonthOfBlock
from infra.simulator.outreach import CONTACT, Contacts, fits
from infra.simulator.worlds import FOLDER, read_world
from serving.care_plans import read_rules
from tests.infra.lived_operator import FIRST, beginning, day, leavers, lived, rows

CUSTOMERS, MONTHS = 6_000, 6
CARE_PLANS = Path(__file__).parents[2] / "infra" / "settings" / "care_plans.toml"


def third_of_all(months: list[MonthOfBlock]) -> list[str]:
    here = pl.DataFrame(months[0].truth).filter(pl.col("left").is_null())
    return sorted(here["customer_id"])[::3]


def contacts(numbers: list[str], plan: str = "family network", channel: str = "hotline", step: int = 1) -> Contacts:
    month = np.datetime64(str(FIRST + step), "M")
    return Contacts(np.array([(int(number), month, "spring care", channel, plan) for number in numbers], CONTACT))


@pytest.fixture(scope="module")
def untouched() -> list[MonthOfBlock]:
    return lived(beginning(customers=CUSTOMERS), MONTHS)


@pytest.fixture(scope="module")
def contacted(untouched) -> list[MonthOfBlock]:
    return lived(beginning(customers=CUSTOMERS), MONTHS, contacts(third_of_all(untouched)))


def left_later(months: list[MonthOfBlock]) -> set[str]:
    return set(leavers(months).filter(pl.col("month") > day(1))["customer_id"])


def test_contacts_keep_some_of_the_contacted(untouched, contacted) -> None:
    called = set(third_of_all(untouched))
    before, after = len(left_later(untouched) & called), len(left_later(contacted) & called)
    assert 0.55 < after / before < 0.95


def test_both_outcomes_of_each_contact_are_told(contacted) -> None:
    told = rows(contacted, "truth").filter(pl.col("p_leave_given_contact").is_not_null())
    assert told["month"].unique().to_list() == [day(1)]
    change = told["p_leave_given_contact"] - told["p_leave_without_contact"]
    assert change.mean() < -0.005
    # Some are driven away, and most are hardly moved.
    assert 0.02 < (change > 0).mean() < 0.15
    assert (change.abs() < 0.005).mean() > 0.3


def test_a_contact_changes_nobody_else() -> None:
    """But for friends, who miss whom they would otherwise have lost: in this world nobody does."""
    usual = read_world("usual")
    leaving = replace(usual.constants.leaving, friends=0.0)
    who = beginning(replace(usual, constants=replace(usual.constants, leaving=leaving)), customers=3_000)
    quiet = lived(who, MONTHS)
    called = third_of_all(quiet)
    touched = lived(who, MONTHS, contacts(called))
    persons = pl.DataFrame(quiet[0].truth).filter(pl.col("customer_id").is_in(called))["person"].to_list()
    columns = ["customer_id", "month", "satisfaction", "decided", "left", "p_leave_1"]
    before, after = (
        rows(months, "truth").filter(~pl.col("person").is_in(persons)).select(columns).sort("customer_id", "month")
        for months in (quiet, touched)
    )
    assert before.equals(after)
    assert len(left_later(quiet) - left_later(touched)) > 5


def test_the_months_before_a_contact_come_out_as_they_were(untouched, contacted) -> None:
    assert all(contacted[0].tables[name].equals(untouched[0].tables[name]) for name in untouched[0].tables)


def test_a_dialled_number_is_tried_until_reached_and_answers_are_told(contacted) -> None:
    answers = rows(contacted, "responses").sort("customer_id", "contacted_on")
    tries = answers.group_by("customer_id").agg(pl.col("outcome"), pl.col("accepted"))
    for outcomes in tries["outcome"]:
        assert 1 <= len(outcomes) <= 3
        assert "reached" not in outcomes.to_list()[:-1]
    reached = answers.filter(pl.col("outcome") == "reached")
    assert reached["accepted"].null_count() == reached["talk_seconds"].null_count() == 0
    assert 0.1 < reached["accepted"].mean() < 0.5
    assert (
        answers.filter(pl.col("outcome") != "reached")["talk_seconds"].null_count() == answers.height - reached.height
    )


def test_a_plan_that_fits_keeps_more(untouched) -> None:
    numbers = third_of_all(untouched)
    change = {}
    for plan in ("family network", "prepay for handset"):
        months = lived(beginning(customers=CUSTOMERS), 2, contacts(numbers, plan))
        truth = pl.DataFrame(months[1].truth).filter(pl.col("p_leave_given_contact").is_not_null())
        tariff = truth.filter(pl.col("sensitivity_tariff") > 0.6)
        change[plan] = (tariff["p_leave_given_contact"] - tariff["p_leave_without_contact"]).mean()
    assert change["family network"] < 1.5 * change["prepay for handset"] < 0


def test_who_is_answered_by_the_offer_takes_it_more_often(contacted: list[MonthOfBlock]) -> None:
    """The family network answers tariff sensitivity: those with little, some and much of it take it more and more."""
    reached = rows(contacted, "responses").filter(pl.col("outcome") == "reached")
    truth = rows(contacted, "truth").select("customer_id", "month", "sensitivity_tariff")
    band = sum((pl.col("sensitivity_tariff") > edge).cast(pl.Int8) for edge in (0.15, 0.45))
    by_band = reached.join(truth, ["customer_id", "month"]).group_by(band=band).agg(pl.col("accepted").mean(), pl.len())
    little, some, much = by_band.sort("band")["accepted"].to_list()
    assert (by_band["len"] > 300).all()
    assert some > little + 0.03
    assert much > some + 0.1


def test_each_plan_answers_its_own_sensitivity_and_an_unknown_one_all_alike() -> None:
    plans = np.array(
        ["family network", "personal care", "usage care", "free trial", "prepay for handset", "unheard of"]
    )
    assert fits(first_month(), plans).tolist() == [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [0.25, 0.25, 0.25, 0.25],
    ]


def first_month() -> Moment:
    return Moment(read_world("usual"), 1, 0, FIRST, 0, Dice(np.arange(1), 1, str(FIRST)))


@pytest.mark.parametrize("world", sorted(file.stem for file in FOLDER.glob("*.toml")))
def test_the_care_plans_that_campaigns_offer_are_known_to_every_world(world: str) -> None:
    """A plan under another name would answer all sensitivities alike, and no campaign could fit anybody."""
    effects = read_world(world).constants.effects
    known = {*effects.tariff_plans, *effects.service_plans, *effects.new_product_plans, *effects.device_plans}
    offered = {rule.plan for rule in read_rules(CARE_PLANS)}
    assert len(offered) == 4
    assert offered <= known


def test_where_contacts_have_no_effect_nobody_lives_otherwise(untouched) -> None:
    who = beginning("no_contact_effect", customers=2_000)
    quiet = lived(who, 4)
    called = lived(who, 4, contacts(third_of_all(quiet)))
    same = [column for column in quiet[0].truth.column_names if not column.endswith("contact")]
    assert rows(quiet, "truth").select(same).equals(rows(called, "truth").select(same))
    assert rows(called, "responses").height > 500


def test_the_same_effect_for_all_is_the_same_factor() -> None:
    who = beginning("same_effect", customers=3_000)
    quiet = lived(who, 2)
    called = lived(who, 2, contacts(third_of_all(quiet)))
    both = pl.DataFrame(quiet[1].truth).join(pl.DataFrame(called[1].truth), "customer_id", suffix="_called")
    reached = pl.DataFrame(called[1].tables["responses"]).filter(pl.col("outcome") == "reached")
    moved = both.join(reached.select("customer_id").unique(), "customer_id")
    factor = (moved["hazard_called"] / moved["hazard"]).filter(moved["hazard"] < 0.4)
    assert factor.to_numpy() == pytest.approx(np.exp(-0.6), rel=1e-3)


def test_a_second_contact_soon_after_tires_few_and_takes_nothing_from_the_others() -> None:
    who = beginning(customers=3_000)
    called = third_of_all(lived(who, 2))
    twice = Contacts(np.concatenate([contacts(called, step=1).rows, contacts(called, step=2).rows]))
    truth = rows(lived(who, 3, twice), "truth").filter(pl.col("p_leave_given_contact").is_not_null())
    change = truth.with_columns(change=pl.col("p_leave_given_contact") - pl.col("p_leave_without_contact"))
    first, second = (change.filter(pl.col("month") == day(step)) for step in (1, 2))
    helped = first.filter(pl.col("change") < 0).join(second, on="customer_id", suffix="_second")
    assert helped.height > 500
    assert 0.05 < (helped["change_second"] > 1e-9).mean() < 0.2


def test_a_channel_that_nobody_knows_is_liked_as_much_as_any(untouched) -> None:
    numbers = third_of_all(untouched)
    moved = {}
    for channel in ("wap", "app", "letter", "hall"):
        truth = pl.DataFrame(lived(beginning(customers=CUSTOMERS), 2, contacts(numbers, channel=channel))[1].truth)
        moved[channel] = truth["p_leave_given_contact"].to_list()
    assert moved["wap"] == moved["app"] != moved["hall"] != moved["letter"]
