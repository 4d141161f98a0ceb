from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.month_ledger import Entry, MonthLedger
from features.months import Month
from models.registry import Champion
from serving import ServingError
from serving.task_refs import task_refs
from serving.warning_lists import COLUMNS, Listing, ListSettings, list_month
from tests.made_operator import deliver, ledger_in, made_months
from tests.serving.drawn_scores import MONTH, enter_scores, listing_of


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    """Customers and bills up to the month, and drawn scores."""
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, made_months(customers=8, months=4))
    enter_scores(ledger)
    return ledger


@pytest.fixture
def ledger(delivered: MonthLedger, tmp_path: Path) -> MonthLedger:
    return ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))


def scores_of(ledger: MonthLedger, month: Month = MONTH) -> Entry:
    scores = ledger.known("customer_scores", month)
    assert scores is not None
    return scores


def rows_of(listing: Listing, month: Month = MONTH) -> list[dict[str, Any]]:
    """The listed customers by rank."""
    entry = list_month(listing, scores_of(listing.ledger, month))
    rows = listing.ledger.warehouse.read(entry.table, entry.month, entry.version).to_native().collect()
    assert tuple(rows.columns) == COLUMNS
    return rows.sort("rank").to_dicts()


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["customer_id"].removeprefix("customer-000") for row in rows]


def test_ranked_by_value_at_risk_then_probability_then_id_and_the_unknown_last(ledger: MonthLedger, champion: Champion):
    rows = rows_of(listing_of(ledger, champion))
    assert [(row["rank"], row["customer_id"]) for row in rows] == [
        (1, "customer-0001"),
        (2, "customer-0002"),
        (3, "customer-0003"),
        (4, "customer-0004"),
        (5, "customer-0006"),
        (6, "customer-0005"),
    ]
    assert [row["value_at_risk"] for row in rows] == [90.0, 20.0, 20.0, 20.0, None, None]


@pytest.mark.parametrize(("size", "listed"), [(1, "1"), (3, "123"), (5, "12346")])
def test_the_list_is_cut_to_its_size(ledger: MonthLedger, champion: Champion, size: int, listed: str):
    assert ids(rows_of(listing_of(ledger, champion, ListSettings(size, 0)))) == list(listed)


def move_to_halls(ledger: MonthLedger, halls: dict[str, str | None]) -> None:
    customers = made_months(customers=8, months=4)["customers"].with_columns(
        hall=pl.col("customer_id").str.slice(-1).replace_strict(halls, default=None, return_dtype=pl.String)
    )
    deliver(ledger, {"customers": customers}, ["2025-04"])


def test_each_hall_is_cut_to_its_capacity_and_the_rest_moves_up(ledger: MonthLedger, champion: Champion):
    move_to_halls(ledger, {"1": "East", "2": "East", "3": "East", "4": "West", "6": "West"})
    assert ids(rows_of(listing_of(ledger, champion, ListSettings(100, 1)))) == ["1", "4", "5"]
    assert ids(rows_of(listing_of(ledger, champion, ListSettings(3, 2)))) == ["1", "2", "4"]


def test_customers_without_a_hall_take_up_no_halls_capacity(ledger: MonthLedger, champion: Champion):
    move_to_halls(ledger, {"1": "East", "5": "East"})
    assert ids(rows_of(listing_of(ledger, champion, ListSettings(100, 1)))) == ["1", "2", "3", "4", "6"]


def test_the_withheld_are_left_out_and_others_take_their_place(ledger: MonthLedger, champion: Champion):
    withheld = frozenset({"customer-0001", "customer-0003"})
    assert ids(rows_of(listing_of(ledger, champion, ListSettings(2, 0), withheld=withheld))) == ["2", "4"]


def test_each_row_tells_reference_place_and_standing(ledger: MonthLedger, champion: Champion):
    masked = made_months(customers=8, months=4)["customers"].with_columns(masked_number=pl.lit("139****1234"))
    deliver(ledger, {"customers": masked}, ["2025-04"])
    row = rows_of(listing_of(ledger, champion))[0]
    assert row["task_ref"] == task_refs(b"k" * 32, MONTH, ["customer-0001"])[0]
    assert (row["masked_number"], row["brand"], row["hall"]) == ("139****1234", "Blue", "=hall of 2025-04")
    assert (row["band"], row["probability"], row["usual_value"]) == ("pre-warning", 0.2, 30.0)
    assert (row["segment"], row["change"], row["rank_before"]) == (None, None, None)


def test_a_month_delivered_before_masked_numbers_were_is_listed_without_them(ledger: MonthLedger, champion: Champion):
    customers = made_months(customers=8, months=4)["customers"].drop("masked_number")
    deliver(ledger, {"customers": customers}, ["2025-04"])
    assert [row["masked_number"] for row in rows_of(listing_of(ledger, champion))] == [None] * 6


def test_reasons_are_said_of_the_listed_customers_own_values(ledger: MonthLedger, champion: Champion):
    bills = made_months(customers=8, months=4)["bills"].with_columns(amount=pl.col("amount") * 0.1)
    deliver(ledger, {"bills": bills}, ["2025-04"])
    of_april = bills.filter(pl.col("month") == "2025-04")
    amounts = {customer: f"{amount:.2f}" for customer, amount in of_april.select("customer_id", "amount").iter_rows()}
    enter_scores(ledger)
    said = {row["customer_id"]: row["reason_1"] for row in rows_of(listing_of(ledger, champion))}
    billed = sorted(set(said) & set(amounts))
    assert len(billed) > 3
    assert [said[customer] for customer in billed] == [
        f"bill {amounts[customer]} CNY in the latest month" for customer in billed
    ]


def test_what_changed_against_last_months_list(ledger: MonthLedger, champion: Champion):
    enter_scores(
        ledger,
        """
        customer_id    probability  value_at_risk
        customer-0001  0.5          50.0
        customer-0002  0.5          10.0
        customer-0003  0.5          40.0
        customer-0007  0.5          30.0
        """,
        MONTH - 1,
    )
    of_march = Champion(champion.name, champion.version, champion.model, {**champion.facts, "as_of": "2025-03"})
    list_month(listing_of(ledger, of_march), scores_of(ledger, MONTH - 1))
    rows = rows_of(listing_of(ledger, champion))
    assert [(row["customer_id"][-1], row["change"], row["rank_before"]) for row in rows] == [
        ("1", "same", 1),
        ("2", "up", 4),
        ("3", "down", 2),
        ("4", "new", None),
        ("6", "new", None),
        ("5", "new", None),
    ]


def test_the_same_scores_are_not_listed_again(ledger: MonthLedger, champion: Champion, monkeypatch: pytest.MonkeyPatch):
    listing = listing_of(ledger, champion)
    first = list_month(listing, scores_of(ledger))
    monkeypatch.setattr("serving.warning_lists.reasons", None)
    assert list_month(listing, scores_of(ledger)) == first


@pytest.mark.parametrize(
    "other",
    [{"withheld": frozenset({"customer-0006"})}, {"key": b"l" * 32}, {"settings": ListSettings(4, 0)}],
    ids=str,
)
def test_other_withheld_key_or_capacity_make_another_list(
    ledger: MonthLedger, champion: Champion, other: dict[str, Any]
):
    first = list_month(listing_of(ledger, champion), scores_of(ledger))
    second = list_month(listing_of(ledger, champion, **other), scores_of(ledger))
    assert (second.revision, second.content_hash == first.content_hash) == (2, False)


def test_a_later_correction_does_not_change_the_list(ledger: MonthLedger, champion: Champion):
    before = list_month(listing_of(ledger, champion), scores_of(ledger))
    moved = made_months(customers=8, months=4)["customers"].with_columns(hall=pl.lit("another hall"))
    deliver(ledger, {"customers": moved}, ["2025-04"], known_since="2025-05")
    assert list_month(listing_of(ledger, champion), scores_of(ledger)) == before


def test_buckets_are_ranked_one_at_a_time(ledger: MonthLedger, champion: Champion, monkeypatch: pytest.MonkeyPatch):
    listing = listing_of(ledger, champion)
    asked: list[int | None] = []
    files = ledger.warehouse.files
    monkeypatch.setattr(
        ledger.warehouse, "files", lambda *at: asked.append(at[3] if len(at) > 3 else None) or files(*at)
    )
    list_month(listing, scores_of(ledger))
    assert asked[:4] == [0, 0, 1, 1]
    assert None not in asked


def test_a_list_of_nobody_is_refused(ledger: MonthLedger, champion: Champion):
    with pytest.raises(ServingError, match=r"list size 0 is not positive; set \[lists\] size to 1 or more"):
        list_month(listing_of(ledger, champion, ListSettings(0, 0)), scores_of(ledger))
