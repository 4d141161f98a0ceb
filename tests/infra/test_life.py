"""Life: what people do goes together, month by month and table by table."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from infra.simulator.month_of_block import MonthOfBlock
from infra.simulator.population import CONTRACT_KINDS, contract_kinds
from infra.simulator.signals import KINDS, Events, within_talk
from tests.infra.lived_operator import day, rows, usual

STOPS = ("suspension", "voluntary_suspension", "suspension_to_keep_number", "arrears_stop")


@pytest.fixture(scope="module")
def months() -> list[MonthOfBlock]:
    return usual(customers=20_000, months=8)


def test_a_stop_for_arrears_is_noted_in_its_month_and_ends_when_the_debt_is_paid(months) -> None:
    events = rows(months, "service_events")
    stops = events.filter(pl.col("kind") == "arrears_stop")
    begun = stops.filter(pl.col("started_on") >= pl.col("month"))
    again = stops.filter(pl.col("started_on") < pl.col("month")).select("customer_id", "started_on").unique()
    delivered_before = again.filter(pl.col("started_on") >= day(0))
    assert begun.height > 50
    assert delivered_before.join(begun, on=["customer_id", "started_on"], how="anti").height == 0
    paid = stops.filter(pl.col("ended_on").is_not_null()).select("customer_id", began="ended_on")
    back = events.filter(pl.col("kind") == "reactivation").select("customer_id", began="started_on")
    assert paid.join(back, on=["customer_id", "began"], how="semi").height > 10


def test_who_is_suspended_at_the_end_of_a_month_has_a_stop_in_it(months) -> None:
    suspended = rows(months, "customers").filter(pl.col("status") == "suspended")
    stopped = rows(months, "service_events").filter(pl.col("kind").is_in(STOPS))
    assert suspended.height > 100
    assert suspended.join(stopped, on=["customer_id", "month"], how="anti").height == 0


def test_a_person_lives_in_one_home_and_a_home_lies_in_one_place(months) -> None:
    homes = rows(months, "households").join(rows(months, "customer_profile"), on=["customer_id", "month"])
    of_two_numbers = homes.filter(pl.col("numbers_held") == 2).group_by("document_hash", "month")
    assert of_two_numbers.agg(pl.col("household_id").n_unique())["household_id"].max() == 1
    places = homes.join(rows(months, "customers"), on=["customer_id", "month"])
    spread = places.group_by("household_id", "month").agg(pl.col("area").n_unique(), pl.len())
    # But for those who moved when they came back.
    assert (spread.filter(pl.col("len") > 1)["area"] > 1).mean() < 0.02


def test_numbers_that_were_closed_hold_nothing_at_the_end_of_the_month(months) -> None:
    closed = rows(months, "customers").filter(~pl.col("status").is_in(["active", "suspended"]))
    for table in ("devices", "households", "customer_profile", "account_members"):
        assert closed.join(rows(months, table), on=["customer_id", "month"], how="semi").height == 0, table


def test_circles_lose_and_find_friends_at_the_same_rate(months) -> None:
    """A quiet operator has no trend, or monitoring would be judged on one."""
    circle = rows(months, "calling_circle").group_by("month", "network").agg(pl.col("minutes").sum())
    shares = circle.with_columns(share=pl.col("minutes") / pl.col("minutes").sum().over("month"))
    own = shares.filter(pl.col("network") == "own").sort("month")["share"]
    assert own[-1] == pytest.approx(own[0], abs=0.01)


def test_friends_of_who_is_closed_for_arrears_call_them_elsewhere(months) -> None:
    closed = rows(months, "customers").filter(pl.col("status") == "closed_arrears").group_by("customer_id")
    since = closed.agg(closed=pl.col("month").min())
    called = rows(months, "calling_circle").join(since, left_on="contact_id", right_on="customer_id")
    assert called.filter(pl.col("month") <= pl.col("closed")).height > 50
    assert called.filter((pl.col("month") > pl.col("closed")) & (pl.col("network") == "own")).height == 0


def test_who_pays_in_advance_pays_nothing_late(months) -> None:
    bills = rows(months, "bills").join(rows(months, "customers"), on=["customer_id", "month"])
    delays = bills.group_by("payment_type").agg(pl.col("payment_delay_days").is_null().mean())
    assert dict(delays.iter_rows()) == {"prepaid": 1.0, "postpaid": 0.0}


def test_parts_of_the_traffic_are_no_more_than_the_whole(months) -> None:
    usage = rows(months, "usage")
    parts = pl.sum_horizontal("local_minutes", "long_distance_minutes", "international_minutes")
    assert usage.select((parts - pl.col("voice_out_minutes")).max()).item() <= 0.2
    calls = rows(months, "service_events").filter(pl.col("kind") == "competitor_call")
    talked = calls.join(usage, on=["customer_id", "month"])
    assert talked.height == calls.height
    assert talked.select((pl.col("seconds") - 60 * pl.col("voice_out_minutes")).max()).item() <= 3


def test_a_call_is_no_longer_than_all_talk_and_nobody_calls_who_did_not_talk() -> None:
    call, fault = KINDS.index("competitor_call"), KINDS.index("network_fault")
    at, kinds, days = np.array([0, 1, 2, 2]), np.array([call, call, call, fault]), np.zeros(4, int)
    events = within_talk(Events(at, kinds, days, days, np.array([90, 90, 90, -1])), np.array([10.0, 1.0, 0.0]))
    assert events.at.tolist() == [0, 1, 2]
    assert events.seconds.tolist() == [90, 60, -1]


def test_only_members_of_an_enterprise_sign_its_contracts(months) -> None:
    enterprise, handset = CONTRACT_KINDS.index("enterprise"), CONTRACT_KINDS.index("handset")
    lines = {"account": np.array([-1, 3, -1])}
    assert contract_kinds(lines, np.array([enterprise, enterprise, handset])).tolist() == [0, enterprise, handset]
    open_numbers = rows(months, "devices").select("customer_id", "month")
    signed = (
        rows(months, "contracts").filter(pl.col("kind") == "enterprise").join(open_numbers, ["customer_id", "month"])
    )
    assert signed.height > 100
    assert signed.join(rows(months, "account_members"), on=["customer_id", "month"], how="anti").height == 0
