"""Account ties: membership, the account itself, and the share of its members who have left, whoever scores them."""

from __future__ import annotations

import narwhals as nw

from features import account_ties
from features.known_months import Frame, KnownMonths
from features.months import Month
from tests.drawn import known_months, population, rows_of

MEMBERS = """
    month    customer_id  account_id  role    in_closed_user_group  member_since
    2025-03  ann          mill        member  true                  2024-06-30
    2025-03  eve          mill        leader  true                  2021-07-01
    2025-03  fay          mill        member  true                  2021-07-01
    2025-03  bob          shop        member  false                 2021-07-01
    2025-06  ann          mill        member  true                  2024-06-30
    2025-06  bob          shop        -       -                     -
"""
ACCOUNTS = """
    month    account_id  account_class  phones  members
    2025-06  mill        B              200     50
"""
CUSTOMERS = """
    month    customer_id  status
    2025-03  eve          active
    2025-04  eve          closed
    2025-05  ann          active
    2025-06  ann          active
"""


def known(members: str = MEMBERS) -> KnownMonths:
    return known_months("2025-06", account_members=members, accounts=ACCOUNTS, customers=CUSTOMERS)


def built(members: str = MEMBERS) -> Frame | None:
    return account_ties.build(known(members), population("ann", "bob", "cyd"))


def names() -> list[str]:
    return [indicator.name for indicator in account_ties.catalogue()]


def test_who_is_in_no_account_is_no_member_and_in_no_group() -> None:
    columns = ("account_member", "account_closed_user_group", "account_role", "account_months")
    assert rows_of(built(), *columns) == [(1.0, 1.0, "member", 12.0), (1.0, None, None, None), (0.0, 0.0, None, None)]


def test_the_account_has_a_class_a_size_and_a_coverage() -> None:
    columns = ("account_class", "account_phones", "account_coverage")
    assert rows_of(built(), *columns) == [("B", 200.0, 0.25), (None, None, None), (None, None, None)]


def test_members_who_left_are_a_share_of_those_of_three_months_ago() -> None:
    assert rows_of(built(), "account_left_share_3") == [(1 / 3,), (0.0,), (None,)]


def test_members_of_other_buckets_count_too() -> None:
    whole = known()

    def read(table: str, month: Month) -> Frame | None:
        frame = whole.read(table, month)
        return frame if frame is None or table == "accounts" else frame.filter(nw.col("customer_id") == "ann")

    of_bucket = KnownMonths(whole.as_of, read, whole.read)
    assert rows_of(account_ties.build(of_bucket, population("ann")), "account_left_share_3") == [(1 / 3,)]


def test_later_members_are_invisible() -> None:
    assert rows_of(built(MEMBERS + "2025-07  cyd  mill  leader  true  2025-07-01\n"), *names()) == rows_of(
        built(), *names()
    )


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_members_there_is_nothing_to_build() -> None:
    assert account_ties.build(known_months("2025-06", accounts=ACCOUNTS), population("ann")) is None
