from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features import FeaturesError, feature_table
from features.feature_months import LONGEST_WINDOW, FeatureSet, build_feature_month, feature_set_at
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from tests.drawn import contract_table
from tests.made_operator import BUCKETS, CHURN, NOW, deliver, ledger_in, made_months

AS_OF = Month(2025, 3)
WANTED = FeatureSet(CHURN, (), "code 1")
TABLES = made_months(customers=40, months=4)
TABLES_OF_APRIL = {name: rows.filter(pl.col("month") == "2025-04") for name, rows in TABLES.items()}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivered")
    deliver(ledger_in(folder), TABLES)
    return folder


@pytest.fixture
def ledger(delivered: Path, tmp_path: Path) -> MonthLedger:
    return ledger_in(shutil.copytree(delivered, tmp_path / "tables"))


def built(ledger: MonthLedger, as_of: Month = AS_OF, wanted: FeatureSet = WANTED) -> Entry:
    return build_feature_month(ledger, as_of, wanted, now=NOW)


def rows(ledger: MonthLedger, entry: Entry) -> Iterator[pl.DataFrame]:
    for bucket in range(BUCKETS):
        yield ledger.warehouse.read(entry.table, entry.month, entry.version, bucket).to_native().collect()


def later(tables: dict[str, pl.DataFrame], month: str, amount: int) -> dict[str, pl.DataFrame]:
    """One month of the bills, with another amount."""
    return {"bills": tables["bills"].filter(pl.col("month") == month).with_columns(amount=pl.lit(amount))}


def test_a_feature_month_holds_each_scored_customer_once_in_key_order_of_its_bucket(ledger: MonthLedger):
    entry = built(ledger)
    parts = list(rows(ledger, entry))
    billed = TABLES["bills"].filter(pl.col("month") == "2025-03")["customer_id"].sort().to_list()
    assert sorted(name for part in parts for name in part["customer_id"]) == billed
    assert all(part["customer_id"].is_sorted() and part.height for part in parts)
    assert entry.rows == len(billed)
    assert (entry.month, entry.known_since, entry.code) == (AS_OF, AS_OF, "code 1")


def test_its_columns_are_the_catalogue(ledger: MonthLedger):
    names = [indicator.name for indicator in feature_table.catalogue(())]
    assert next(rows(ledger, built(ledger))).columns == ["customer_id", *names]


def test_a_month_whose_inputs_stand_is_not_built_again(ledger: MonthLedger, monkeypatch: pytest.MonkeyPatch):
    first = built(ledger)
    monkeypatch.setattr(feature_table, "build", None)
    assert built(ledger) == first


@pytest.mark.parametrize(
    "wanted",
    [
        dataclasses.replace(WANTED, code="code 2"),
        dataclasses.replace(WANTED, churn=dataclasses.replace(CHURN, silent_months=2)),
    ],
    ids=["code", "definition of churn"],
)
def test_other_code_or_another_definition_builds_it_again(ledger: MonthLedger, wanted: FeatureSet):
    first = built(ledger)
    assert built(ledger, wanted=wanted).revision == first.revision + 1


def test_a_correction_known_in_time_builds_it_again_and_a_later_one_does_not(ledger: MonthLedger):
    first = built(ledger)
    deliver(ledger, later(TABLES, "2025-02", 7), ["2025-02"], known_since="2025-04")
    assert built(ledger) == first
    deliver(ledger, later(TABLES, "2025-02", 8), ["2025-02"], known_since="2025-03")
    again = built(ledger)
    assert again.revision == first.revision + 1
    assert again.content_hash != first.content_hash


def test_a_correction_that_arrives_between_two_buckets_is_in_none_of_them_and_in_all_of_the_next_build(
    ledger: MonthLedger,
):
    undisturbed = built(ledger, wanted=dataclasses.replace(WANTED, code="code 0"))

    def correct(done: int, _: int) -> None:
        if done == 1:
            deliver(ledger, later(TABLES, "2025-02", 8), ["2025-02"], known_since="2025-03")

    first = build_feature_month(ledger, AS_OF, WANTED, now=NOW, progress=correct)
    assert first.content_hash == undisturbed.content_hash
    assert built(ledger).content_hash != first.content_hash


def test_a_month_before_the_longest_window_decides_nothing(ledger: MonthLedger):
    as_of = Month(2025, 1) + LONGEST_WINDOW
    for month in (as_of - 2, as_of - 1, as_of):
        renamed = {
            name: rows.filter(pl.col("month") == "2025-04").with_columns(month=pl.lit(str(month)))
            for name, rows in TABLES.items()
        }
        deliver(ledger, renamed)
    first = built(ledger, as_of)
    deliver(ledger, later(TABLES, "2025-01", 9), ["2025-01"], known_since="2025-01")
    assert built(ledger, as_of) == first
    assert max(indicator.window for indicator in feature_table.catalogue(())) == LONGEST_WINDOW


def test_the_same_inputs_give_the_same_bytes(ledger: MonthLedger, tmp_path: Path):
    def content(held: MonthLedger) -> list[bytes]:
        entry = built(held)
        return [file.read_bytes() for file in held.warehouse.files(entry.table, entry.month, entry.version)]

    other = ledger_in(tmp_path / "other")
    deliver(other, TABLES)
    assert content(ledger) == content(other)


def test_progress_is_told_bucket_by_bucket(ledger: MonthLedger):
    told: list[tuple[int, int]] = []
    build_feature_month(ledger, AS_OF, WANTED, now=NOW, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]


def test_a_month_that_was_not_on_hand_at_its_close_cannot_be_built(ledger: MonthLedger):
    with pytest.raises(FeaturesError, match=r"customers: 2025-05 was not on hand at its close"):
        built(ledger, Month(2025, 5))


def test_own_indicators_are_those_delivered_by_then(ledger: MonthLedger):
    def own(month: str, name: str) -> dict[str, Any]:
        drawn = f"""
            month    customer_id    name    number
            {month}  customer-0001  {name}  1.5
        """
        rows = contract_table("custom_indicators", drawn)
        return {"custom_indicators": rows.select("month", *(c for c in rows.columns if c != "month"))}

    before = feature_set_at(ledger, AS_OF, CHURN, "code 1")
    deliver(ledger, own("2025-03", "score"))
    deliver(ledger, own("2025-04", "newer"))
    found = feature_set_at(ledger, AS_OF, CHURN, "code 1")
    assert [custom.name for custom in found.custom] == ["score"]
    assert found.id != before.id
    assert found.table == f"features-{found.id}"
    assert [custom.name for custom in feature_set_at(ledger, AS_OF + 1, CHURN, "code 1").custom] == ["newer", "score"]


def test_a_month_taken_in_before_a_column_came_into_its_contract_is_refused_by_name(ledger: MonthLedger):
    older = {"bills": TABLES["bills"].drop("points", "margin")}
    deliver(ledger, older, ["2025-01"])
    with pytest.raises(FeaturesError) as refused:
        built(ledger)
    assert str(refused.value) == (
        "bills 2025-01: no column margin, points, which came into the contract after the month was taken in; "
        "take all months in again as in time: holdfast ingest --all --backload"
    )


def test_a_month_is_not_refused_for_what_no_indicator_is_made_of(ledger: MonthLedger):
    undisturbed = built(ledger)
    deliver(ledger, {"customers": TABLES["customers"].drop("masked_number")}, ["2025-03"])
    assert built(ledger).rows == undisturbed.rows


def test_an_older_month_that_no_window_reaches_is_not_looked_at(ledger: MonthLedger):
    for month in ("2025-05", "2025-06", "2025-07"):
        deliver(ledger, {name: rows.with_columns(month=pl.lit(month)) for name, rows in TABLES_OF_APRIL.items()})
    deliver(ledger, {"bills": TABLES["bills"].drop("points")}, ["2025-01"])
    assert built(ledger, Month(2025, 7)).rows
