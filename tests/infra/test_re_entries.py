from __future__ import annotations

import polars as pl
import pytest

from infra.simulator.month_of_block import MonthOfBlock
from tests.infra.lived_operator import beginning, day, leavers, lived, rows, usual

PUSHING = [f"Dealer {number}" for number in (0, 11, 16, 17, 22, 43, 46, 49, 57)]
"""Who talk their customers into a new card, in seed 1: nine of sixty."""


@pytest.fixture(scope="module")
def months() -> list[MonthOfBlock]:
    return usual(customers=20_000, months=8)


@pytest.fixture(scope="module")
def came_back(months: list[MonthOfBlock]) -> pl.DataFrame:
    """Who came back within the months, with the month of joining."""
    back = rows(months, "truth").filter(pl.col("former_customer_id").is_not_null())
    joined = rows(months, "customers").filter(pl.col("activated_on") >= day(0)).select("customer_id").unique()
    return back.sort("month").unique("customer_id", keep="first").join(joined, "customer_id")


def test_a_fifth_of_leavers_comes_back_within_three_months(months, came_back) -> None:
    left = leavers(months).filter(pl.col("month") <= day(4))
    back = left.select("customer_id", left_in="month").join(
        came_back, left_on="customer_id", right_on="former_customer_id"
    )
    # A sixth of all, and half of those whose dealer pushes.
    assert back.height / left.height == pytest.approx(0.21, abs=0.05)
    waited = back.select(((pl.col("month") - pl.col("left_in")).dt.total_days() / 30.4).round().alias("waited"))
    assert sorted(waited["waited"].unique()) == [0, 1, 2, 3]


def test_dealers_who_push_new_cards_have_more_than_twice_the_re_entries(
    months: list[MonthOfBlock], came_back: pl.DataFrame
) -> None:
    """Both of whom they lose and of whom they sell to, by which an operator can find them."""
    sold_by = rows(months, "customers").select("customer_id", "month", "activated_on", "dealer")
    sold_by = sold_by.with_columns(pushed=pl.col("dealer").is_in(PUSHING).fill_null(False))
    lost = leavers(months).filter(pl.col("month") <= day(4)).join(sold_by, ["customer_id", "month"])
    comes_back = pl.col("customer_id").is_in(came_back["former_customer_id"].to_list())
    sold = sold_by.filter(pl.col("activated_on") >= pl.col("month"))
    came = pl.col("customer_id").is_in(came_back["customer_id"].to_list())
    for people, share in ((lost, comes_back), (sold, came)):
        by_pushed = dict(people.group_by("pushed").agg(share.mean()).iter_rows())
        assert by_pushed[False] > 0.1
        assert by_pushed[True] > 2 * by_pushed[False]


def test_who_comes_back_is_the_same_person_with_much_that_gives_them_away(months, came_back) -> None:
    facts = (
        rows(months, "customer_profile")
        .join(rows(months, "devices").select("customer_id", "month", "imei_hash"), ["customer_id", "month"])
        .join(rows(months, "customers").select("customer_id", "month", "area"), ["customer_id", "month"])
        .select("customer_id", "month", "document_hash", "imei_hash", "area")
    )
    new = came_back.join(facts, ["customer_id", "month"])
    old = facts.sort("month").unique("customer_id", keep="last")
    both = new.join(old, left_on="former_customer_id", right_on="customer_id", suffix="_before")
    same = both.select(
        (pl.col(name) == pl.col(f"{name}_before")).mean() for name in ("document_hash", "imei_hash", "area")
    )
    assert same.row(0) == pytest.approx((0.8, 0.75, 0.96), abs=0.06)


def test_circles_overlap(months, came_back) -> None:
    circles = rows(months, "calling_circle").group_by("customer_id").agg(friends=pl.col("contact_id").unique())
    both = came_back.select("customer_id", "former_customer_id").join(circles, "customer_id")
    both = both.join(circles, left_on="former_customer_id", right_on="customer_id", suffix="_before")
    kept = both.select(
        (
            pl.col("friends").list.set_intersection("friends_before").list.len() / pl.col("friends_before").list.len()
        ).mean()
    )
    assert 0.6 < kept.item() < 0.9


def test_the_sensitivities_stay_those_of_the_person(months, came_back) -> None:
    truth = rows(months, "truth").unique("customer_id", keep="first")
    both = came_back.join(truth, left_on="former_customer_id", right_on="customer_id", suffix="_before")
    assert both["sensitivity_tariff"].to_list() == both["sensitivity_tariff_before"].to_list()
    assert both["person"].to_list() == both["person_before"].to_list()


def test_an_enterprise_keeps_its_member_on_the_new_number(months, came_back) -> None:
    members = rows(months, "account_members").unique("customer_id", keep="first").select("customer_id", "account_id")
    both = came_back.join(members, left_on="former_customer_id", right_on="customer_id")
    both = both.join(members, on="customer_id", how="left", suffix="_now")
    assert both.height > 5
    assert both["account_id_now"].to_list() == both["account_id"].to_list()


def test_where_nobody_comes_back_nobody_does() -> None:
    truth = rows(lived(beginning("no_re_entry", customers=2_000), months=5), "truth")
    assert truth["former_customer_id"].null_count() == truth.height
