from __future__ import annotations

import dataclasses

import narwhals as nw
import pytest

from features import FeaturesError
from features.known_months import KnownMonths
from features.labels import Activity, ChurnDefinition, ImmatureLabels, active_customers, immaturity, labels
from features.months import Month
from tests.drawn import known_months, population, rows_of

M = Month(2025, 1)
BILLED = ChurnDefinition(silent_months=2, gap=1, horizons=(2,), activity=(Activity("bills", "amount"),))
"""Labels of 2025-01 tell whether the churn month is 2025-03 or 2025-04, and mature with 2025-05."""


def pairs(lives: str) -> list[tuple[str, str]]:
    words = lives.split()
    return list(zip(words[::2], words[1::2], strict=True))


def drawn_lives(lives: str) -> dict[str, str]:
    """Contract tables from one row per customer and one letter per month after 2025-01.

    `b` billed, `o` a bill of nothing, `n` on the books without a bill, `c` closed by choice, `p` ported out, `a` closed
    for arrears, `f` closed for fraud, `B` closed but still billed, `.` gone from the books.
    """
    status = {"c": "closed", "p": "ported_out", "a": "closed_arrears", "f": "closed_fraud", "B": "closed"}
    customers, bills = ["month customer_id status"], ["month customer_id amount"]
    for name, letters in pairs(lives):
        for step, letter in enumerate(letters, start=1):
            if letter != ".":
                customers.append(f"{M + step} {name} {status.get(letter, 'active')}")
            if letter in "boB":
                bills.append(f"{M + step} {name} {0 if letter == 'o' else 50}")
    return {"customers": "\n".join(customers), "bills": "\n".join(bills)}


def told(lives: str, churn: ChurnDefinition = BILLED, horizon: int = 2, as_of: str = "2025-05") -> dict[str, str]:
    """What becomes of each drawn customer: `stays`, `leaves` or `closed by force`."""
    names = [name for name, _ in pairs(lives)]
    known = known_months(as_of, **drawn_lives("zoe bbbbbbbbb " + lives))
    rows = rows_of(labels(known, population(*names), M, horizon, churn), "customer_id", "churned", "involuntary")
    return {name: "leaves" if left else "closed by force" if forced else "stays" for name, left, forced in rows}


def test_a_run_of_silence_in_the_window_is_leaving_and_a_shorter_one_is_not():
    assert told("""
        ann  bbbb
        bob  bnbb
        cyd  bnnb
        dan  bbnn
        eve  bbbn
    """) == {"ann": "stays", "bob": "stays", "cyd": "leaves", "dan": "leaves", "eve": "stays"}


def test_who_returns_after_a_long_silence_had_left():
    assert told("ann bnnb", as_of="2025-05") == {"ann": "leaves"}


def test_a_bill_of_nothing_is_silence():
    assert told("ann boob") == {"ann": "leaves"}


def test_leaving_inside_the_gap_is_not_leaving_in_the_window():
    assert told("""
        ann  nnbb
        bob  nnnn
        cyd  cccc
        dan  ....
        eve  nbnn
    """) == {"ann": "stays", "bob": "stays", "cyd": "stays", "dan": "stays", "eve": "leaves"}


def test_the_window_begins_after_the_gap_and_ends_with_the_horizon():
    lives = """
        ann  bnnbb
        bob  bbnnb
        cyd  bbbnn
    """
    assert told(lives, horizon=1, as_of="2025-04") == {"ann": "leaves", "bob": "stays", "cyd": "stays"}
    assert told(lives, horizon=2, as_of="2025-05") == {"ann": "leaves", "bob": "leaves", "cyd": "stays"}
    assert told(lives, horizon=3, as_of="2025-06") == {"ann": "leaves", "bob": "leaves", "cyd": "leaves"}


def test_without_a_gap_the_very_next_month_counts():
    at_once = dataclasses.replace(BILLED, gap=0)
    assert told("ann nnbb \n bob bnnb", at_once, horizon=1, as_of="2025-03") == {"ann": "leaves", "bob": "stays"}


def test_a_closing_status_is_leaving_even_in_a_month_with_activity():
    assert told("""
        ann  bBbb
        bob  bcbb
        cyd  bpbb
        dan  bbbB
    """) == {"ann": "leaves", "bob": "leaves", "cyd": "leaves", "dan": "stays"}


def test_closing_for_arrears_or_fraud_is_told_apart_from_leaving():
    assert told("""
        ann  baaa
        bob  bffb
        cyd  bcnn
    """) == {"ann": "closed by force", "bob": "closed by force", "cyd": "leaves"}


def test_a_debt_that_is_closed_after_leaving_by_choice_forces_nobody():
    assert told("""
        ann  bpab
        bob  bnab
    """) == {"ann": "leaves", "bob": "closed by force"}


def test_closing_by_force_counts_in_the_window_only():
    assert told("""
        ann  aaaa
        bob  bbba
    """) == {"ann": "stays", "bob": "stays"}


def test_a_silence_that_ends_in_closing_by_force_is_no_choice():
    assert told("ann bnna") == {"ann": "closed by force"}


def test_a_customer_who_vanishes_from_the_snapshot_has_left():
    assert told("ann b... \n bob bb..") == {"ann": "leaves", "bob": "leaves"}


def test_any_activity_keeps_a_customer():
    churn = dataclasses.replace(BILLED, activity=(*BILLED.activity, Activity("usage", "data_mb")))
    usage = "month customer_id data_mb\n" + "\n".join(f"{M + step} ann 1.5" for step in range(1, 5))
    known = known_months("2025-05", **drawn_lives("ann bnnn \n bob bnnn \n zoe bbbb"), usage=usage)
    assert rows_of(labels(known, population("ann", "bob"), M, 2, churn), "churned") == [(False,), (True,)]


def test_labels_have_one_row_per_customer_of_the_population_and_no_other():
    known = known_months("2025-05", **drawn_lives("ann bbbb \n bob bbbb \n cyd bbbb"))
    assert rows_of(labels(known, population("cyd", "ann"), M, 2, BILLED), "customer_id") == [("ann",), ("cyd",)]


def test_labels_mature_when_the_last_run_of_silence_could_be_seen_to_last():
    assert str(BILLED.matures(M, 2)) == "2025-05"
    assert str(dataclasses.replace(BILLED, gap=0, silent_months=1).matures(M, 1)) == "2025-02"
    assert str(dataclasses.replace(BILLED, given=True).matures(M, 2)) == "2025-01"


def test_immature_labels_are_refused():
    lives = drawn_lives("ann bbbb")
    with pytest.raises(
        ImmatureLabels, match=r"2025-01 at horizon 2 mature with 2025-05, after 2025-04; label an earlier"
    ):
        labels(known_months("2025-04", **lives), population("ann"), M, 2, BILLED)


@pytest.mark.parametrize("table", ["customers", "bills"])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_labels_that_need_an_undelivered_month_are_immature(table: str, step: int):
    lives = drawn_lives("ann bbbb")
    lives[table] = "\n".join(line for line in lives[table].splitlines() if not line.startswith(str(M + step)))
    with pytest.raises(ImmatureLabels, match=f"{table} {M + step}, which was not on hand at the close of 2025-05"):
        labels(known_months("2025-05", **lives), population("ann"), M, 2, BILLED)


def test_immaturity_asks_for_every_deciding_month_and_no_later_one():
    asked: list[tuple[str, str]] = []

    def on_hand(table: str, month: Month) -> bool:
        asked.append((table, str(month)))
        return True

    assert immaturity(M, 2, BILLED, Month(2025, 9), on_hand) == ""
    months = ["2025-02", "2025-03", "2025-04", "2025-05"]
    assert asked == [(table, month) for month in months for table in ("bills", "customers")]


def test_given_outcomes_are_the_labels_and_force_is_told_apart():
    given = ChurnDefinition(given=True)
    outcomes = """
        month    customer_id  churned  kind
        2025-01  ann          true     voluntary
        2025-01  bob          true     involuntary
        2025-01  cyd          true     -
        2025-01  dan          false    -
    """
    known = known_months("2025-01", outcomes=outcomes)
    rows = rows_of(
        labels(known, population("ann", "bob", "cyd", "dan", "eve"), M, 1, given),
        "customer_id",
        "churned",
        "involuntary",
    )
    assert rows == [("ann", True, False), ("bob", False, True), ("cyd", True, False), ("dan", False, False)]


def test_outcomes_that_were_not_delivered_are_immature():
    with pytest.raises(ImmatureLabels, match=r"outcomes 2025-01, which was not on hand"):
        labels(known_months("2025-03"), population("ann"), M, 1, ChurnDefinition(given=True))


def test_active_is_whoever_is_above_nothing_in_any_activity_once():
    churn = dataclasses.replace(BILLED, activity=(*BILLED.activity, Activity("usage", "data_mb")))
    known = known_months(
        "2025-01",
        bills="""
            month    customer_id  amount
            2025-01  ann          10
            2025-01  bob          0
            2025-01  cyd          -3
            2025-01  dan          -
            2025-01  eve          0.01
        """,
        usage="""
            month    customer_id  data_mb
            2025-01  ann          1
            2025-01  bob          0
            2025-01  fay          0.1
        """,
    )
    assert rows_of(active_customers(known, M, churn), "customer_id") == [("ann",), ("eve",), ("fay",)]


def test_activity_that_was_not_delivered_is_unknown_and_not_silence():
    with pytest.raises(
        FeaturesError, match=r"bills: 2025-01 was not on hand at the close of 2025-01.*run holdfast ingest"
    ):
        active_customers(known_months("2025-01"), M, BILLED)


def test_labels_read_nothing_of_the_scoring_month_or_before():
    asked: list[str] = []
    drawn = known_months("2025-09", **drawn_lives("ann bbbbbbbb"))

    def read(table: str, month: Month) -> nw.LazyFrame | None:  # type: ignore[type-arg]
        asked.append(str(month))
        return drawn.read(table, month)

    labels(KnownMonths(Month(2025, 9), read), population("ann"), M, 2, BILLED)
    assert sorted(set(asked)) == ["2025-02", "2025-03", "2025-04", "2025-05"]


def test_a_month_taken_in_before_its_activity_was_in_the_contract_is_refused_by_name():
    known = known_months("2025-02", bills="month customer_id amount\n2025-02 ann 50")
    undated = dataclasses.replace(known, read=lambda *at: known.read(*at).drop("amount"))  # type: ignore[union-attr]
    with pytest.raises(FeaturesError, match="bills 2025-02: no column amount, which came into the contract after"):
        active_customers(undated, M + 1, BILLED)
