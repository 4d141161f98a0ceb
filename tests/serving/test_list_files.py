from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.month_ledger import MonthLedger
from models.registry import Champion
from serving.customer_scores import Scoring, score_month
from serving.list_files import WrittenList, hall_file, write_warning_list
from serving.warning_lists import Listing, ListSettings
from tests.made_operator import deliver, ledger_in, made_months
from tests.serving.drawn_scores import MONTH, enter_scores, listing_of

HALLS = {"1": "East", "2": "West", "3": "East", "4": "West"}
COLUMNS = [
    *("rank", "task_ref", "masked_number", "brand", "hall", "manager", "province", "prefecture", "county", "area"),
    *("band", "probability", "usual_monthly_value", "value_at_risk", "segment"),
    *("reason_1", "reason_2", "reason_3", "change", "rank_before"),
]


def customers_in(halls: dict[str, str | None], **columns: Any) -> pl.DataFrame:
    return made_months(customers=8, months=4)["customers"].with_columns(
        hall=pl.col("customer_id").str.slice(-1).replace_strict(halls, default=None, return_dtype=pl.String), **columns
    )


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    """Eight customers in two halls and none, and drawn scores."""
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, made_months(customers=8, months=4) | {"customers": customers_in(HALLS)})  # type: ignore[arg-type]
    enter_scores(ledger)
    return ledger


@pytest.fixture
def ledger(delivered: MonthLedger, tmp_path: Path) -> MonthLedger:
    return ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))


def written(ledger: MonthLedger, champion: Champion, lists: Path, **listing: Any) -> WrittenList:
    scores = ledger.known("customer_scores", MONTH)
    assert scores is not None
    return write_warning_list(lists, listing_of(ledger, champion, **listing), scores)


def csv_rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))


def manifest(listed: WrittenList) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((listed.folder / "manifest.json").read_text())
    return content


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_province_has_everybody_and_each_hall_its_own(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    listed = written(ledger, champion, tmp_path / "lists")
    found = {name: csv_rows(listed.folder / f"{name}.csv") for name in ("province", "halls/no-hall")}
    found |= {hall: csv_rows(listed.folder / f"{hall_file(hall)}.csv") for hall in ("East", "West")}
    ranks = {name: [row["rank"] for row in rows] for name, rows in found.items()}
    assert ranks == {
        "province": ["1", "2", "3", "4", "5", "6"],
        "East": ["1", "3"],
        "West": ["2", "4"],
        "halls/no-hall": ["5", "6"],
    }
    assert (listed.listed, listed.scored, listed.halls, listed.value_at_risk) == (6, 6, 3, 150.0)


def test_no_file_holds_an_id_and_all_have_the_columns_that_a_manager_wants(
    ledger: MonthLedger, champion: Champion, tmp_path: Path
):
    listed = written(ledger, champion, tmp_path / "lists")
    for name, content in files_of(listed.folder).items():
        assert b"customer-00" not in content, name
    assert list(csv_rows(listed.folder / "province.csv")[0]) == COLUMNS
    for file in listed.folder.rglob("*.parquet"):
        assert "customer_id" not in pl.read_parquet_schema(file)


def test_parquet_holds_the_same_rows_as_they_are(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    listed = written(ledger, champion, tmp_path / "lists")
    for file in listed.folder.rglob("*.csv"):
        rows = pl.read_parquet(file.with_suffix(".parquet"))
        keys = [name for name in rows.columns if name.startswith("task_ref")]
        assert rows[keys[0]].to_list() == [row[keys[0]] for row in csv_rows(file)]
    assert pl.read_parquet(listed.folder / "province.parquet").schema["rank"] == pl.Int32


def test_no_cell_of_the_csv_is_a_formula(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    halls = dict(zip("12345678", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1+1", "Main"], strict=True))
    customers = customers_in(halls, manager=pl.lit('=cmd|" /C calc"!A0, "x'), county=pl.lit("a=b"))  # type: ignore[arg-type]
    deliver(ledger, {"customers": customers}, ["2025-04"])
    listed = written(ledger, champion, tmp_path / "lists")
    rows = csv_rows(listed.folder / "province.csv")
    assert [row["hall"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\rx", "'\tx"]
    assert {row["manager"] for row in rows} == {'\'=cmd|" /C calc"!A0, "x'}
    assert {row["county"] for row in rows} == {"a=b"}
    assert pl.read_parquet(listed.folder / "province.parquet")["hall"][0] == "=1+1"


def test_the_csv_begins_with_a_byte_order_mark(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    listed = written(ledger, champion, tmp_path / "lists")
    assert all(file.read_bytes().startswith(b"\xef\xbb\xbf") for file in listed.folder.rglob("*.csv"))


@pytest.mark.parametrize(
    "hall", ["../../etc/passwd", ".hidden", "a/b", "=1+1", "CON", "x" * 300, "", "..", "a\x00b", "no-hall", "Halle 🏢"]
)
def test_a_halls_file_stays_in_its_folder_whatever_its_name(hall: str):
    folder, _, name = hall_file(hall).partition("/")
    assert folder == "halls"
    assert name.replace("-", "").isalnum()
    assert len(name.encode()) < 200
    assert name != "no-hall"


def test_halls_are_found_by_name_and_never_share_a_file():
    assert hall_file("人民路营业厅").startswith("halls/人民路营业厅-")
    assert hall_file("Main / east") == "halls/Main-east-" + hashlib.sha256(b"Main / east").hexdigest()[:8]
    names = ["Main/east", "Main east", "main east", "Main  east", "no-hall", None]
    assert len({hall_file(name).lower() for name in names}) == 6


def test_the_manifest_tells_halls_model_settings_inputs_and_digests(
    ledger: MonthLedger, champion: Champion, tmp_path: Path
):
    listed = written(ledger, champion, tmp_path / "lists", settings=ListSettings(3, 0))
    told = manifest(listed)
    held = {name: ledger.known(name, MONTH) for name in ("customer_scores", "warning_lists", "customers", "bills")}
    hashes = {name: entry.content_hash for name, entry in held.items() if entry is not None}
    assert told == {
        "month": "2025-04",
        "listed": 3,
        "scored": 6,
        "gone": 0,
        "halls": [
            {"hall": "East", "listed": 2, "file": hall_file("East")},
            {"hall": "West", "listed": 1, "file": hall_file("West")},
        ],
        "value_at_risk": 130.0,
        "value_unknown": 0,
        "currency": "CNY",
        "model": {
            "name": "churn-propensity",
            "version": 3,
            "trained_as_of": "2025-03",
            "horizon": 1,
            "gap": 0,
            "feature_set": champion.facts["feature_set"],
        },
        "segments": None,
        "settings": {
            "size": 3,
            "hall_capacity": 0,
            "lowest_band": "pre-warning",
            "pre_warning_lift": 2.0,
            "collapse": 0.3,
        },
        "inputs": {
            "scores": hashes["customer_scores"],
            "list": hashes["warning_lists"],
            "list_before": None,
            "customers": hashes["customers"],
            "bills": hashes["bills"],
        },
        "files": {
            name: hashlib.sha256(content).hexdigest()
            for name, content in files_of(listed.folder).items()
            if name != "manifest.json"
        },
    }


def test_unknown_values_are_counted_and_not_summed(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    told = manifest(written(ledger, champion, tmp_path / "lists"))
    assert (told["value_at_risk"], told["value_unknown"]) == (150.0, 2)


def test_a_source_without_currency_states_none(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    assert manifest(written(ledger, champion, tmp_path / "lists", currency="XXX"))["currency"] is None


def test_a_hall_that_has_nobody_listed_any_more_has_no_file(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    listed = written(ledger, champion, tmp_path / "lists")
    assert (listed.folder / f"{hall_file('West')}.csv").exists()
    written(ledger, champion, tmp_path / "lists", settings=ListSettings(1, 0))
    assert sorted(file.name for file in (listed.folder / "halls").iterdir()) == [
        Path(hall_file("East")).name + ending for ending in (".csv", ".parquet")
    ]


def test_a_rerun_another_thread_count_and_other_batches_give_the_same_bytes(scoring: Scoring, tmp_path: Path):
    def content(lists: Path, of: Scoring) -> dict[str, bytes]:
        listing = Listing(of, ListSettings(20, 0), b"k" * 32, "CNY")
        return files_of(write_warning_list(lists, listing, score_month(of, MONTH)).folder)

    first = content(tmp_path / "first", scoring)
    assert {"manifest.json", "province.csv", "gone.csv"} < set(first)
    assert content(tmp_path / "first", scoring) == first
    afresh = ledger_in(tmp_path / "afresh", batch_rows=11)
    deliver(afresh, made_months(customers=120, months=4))
    assert content(tmp_path / "second", dataclasses.replace(scoring, ledger=afresh, threads=2)) == first


def test_lists_are_readable_by_the_owner_alone(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    listed = written(ledger, champion, tmp_path / "lists")
    assert {file.stat().st_mode & 0o777 for file in listed.folder.rglob("*.*") if file.is_file()} == {0o600}
    assert (tmp_path / "lists").stat().st_mode & 0o777 == 0o700
