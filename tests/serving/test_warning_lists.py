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

from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from models.registry import Champion
from serving import ServingError
from serving.customer_scores import Scoring, score_month
from serving.warning_lists import ListSettings, WrittenList, write_warning_list
from tests.drawn import table
from tests.made_operator import NOW, by_bucket, deliver, ledger_in, made_months

MONTH = Month(2025, 4)
SCORES = """
    customer_id    probability
    customer-0003  0.5
    customer-0001  0.9
    customer-0005  0.2
    customer-0004  0.5
    customer-0002  0.5
    customer-0006  0.3000004
"""


def enter_scores(ledger: MonthLedger, drawing: str = SCORES) -> Entry:
    """Drawn scores as the month's scores."""
    rows = table(drawing).with_columns(model_version=pl.lit(3, pl.Int32))
    staged = ledger.warehouse.stage_month("customer_scores", MONTH, by_bucket(rows))
    return ledger.enter([staged], Origin("drawn", "churn-propensity/3", "test", NOW))[0]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    """The month's customers with their halls, and drawn scores."""
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, made_months(customers=8, months=4), ["2025-04"])
    enter_scores(ledger)
    return ledger


@pytest.fixture
def ledger(delivered: MonthLedger, tmp_path: Path) -> MonthLedger:
    return ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))


def written(ledger: MonthLedger, champion: Champion, lists: Path, size: int = 100) -> WrittenList:
    scores = ledger.known("customer_scores", MONTH)
    assert scores is not None
    return write_warning_list(lists, ledger, scores, champion, ListSettings(size))


def csv_rows(listed: WrittenList) -> list[dict[str, str]]:
    text = (listed.folder / "warning_list.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def manifest(listed: WrittenList) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((listed.folder / "manifest.json").read_text())
    return content


def test_the_list_is_ranked_by_probability_and_ties_go_by_id(
    delivered: MonthLedger, champion: Champion, tmp_path: Path
):
    listed = written(delivered, champion, tmp_path)
    assert [(row["rank"], row["customer_id"], row["probability"]) for row in csv_rows(listed)] == [
        ("1", "customer-0001", "0.9"),
        ("2", "customer-0002", "0.5"),
        ("3", "customer-0003", "0.5"),
        ("4", "customer-0004", "0.5"),
        ("5", "customer-0006", "0.3"),
        ("6", "customer-0005", "0.2"),
    ]


@pytest.mark.parametrize(("size", "last"), [(1, "customer-0001"), (3, "customer-0003"), (5, "customer-0006")])
def test_the_list_is_cut_to_its_size(delivered: MonthLedger, champion: Champion, tmp_path: Path, size: int, last: str):
    listed = written(delivered, champion, tmp_path, size)
    rows = csv_rows(listed)
    assert len(rows) == size == listed.listed
    assert rows[-1]["customer_id"] == last
    assert listed.scored == 6


def test_each_customer_comes_with_where_they_belong(delivered: MonthLedger, champion: Champion, tmp_path: Path):
    first, second = csv_rows(written(delivered, champion, tmp_path))[:2]
    assert list(first) == [
        *("rank", "customer_id", "probability"),
        *("brand", "province", "prefecture", "county", "area", "hall", "manager"),
    ]
    assert (first["brand"], second["brand"], first["province"]) == ("Blue", "Red", "")


def test_parquet_holds_the_same_rows_as_they_are(delivered: MonthLedger, champion: Champion, tmp_path: Path):
    listed = written(delivered, champion, tmp_path)
    rows = pl.read_parquet(listed.folder / "warning_list.parquet")
    assert rows.schema["rank"] == pl.Int32
    assert rows["rank"].to_list() == [1, 2, 3, 4, 5, 6]
    assert rows["customer_id"].to_list() == [row["customer_id"] for row in csv_rows(listed)]
    assert rows["hall"].unique().to_list() == ["=hall of 2025-04"]


def test_no_cell_of_the_csv_is_a_formula(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    halls = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1+1", "Main hall"]
    customers = made_months(customers=8, months=4)["customers"].with_columns(
        hall=pl.Series(halls * 4), manager=pl.lit('=cmd|" /C calc"!A0, "x'), county=pl.lit("a=b")
    )
    deliver(ledger, {"customers": customers}, ["2025-04"])
    enter_scores(ledger, "customer_id probability\n" + "\n".join(f"customer-{n:04} 0.{9 - n}" for n in range(8)))
    listed = written(ledger, champion, tmp_path / "lists")
    rows = csv_rows(listed)
    assert [row["hall"] for row in rows] == [
        *("'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "'\rx", "'＝1+1", "Main hall"),
    ]
    assert {row["manager"] for row in rows} == {'\'=cmd|" /C calc"!A0, "x'}
    assert {row["county"] for row in rows} == {"a=b"}
    assert pl.read_parquet(listed.folder / "warning_list.parquet")["hall"].to_list() == halls


def test_an_id_that_looks_like_a_formula_is_harmless_too(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    enter_scores(ledger, "customer_id probability \n =HYPERLINK(1) 0.5 \n customer-0001 0.4")
    rows = csv_rows(written(ledger, champion, tmp_path / "lists"))
    assert [row["customer_id"] for row in rows] == ["'=HYPERLINK(1)", "customer-0001"]


def test_the_csv_begins_with_a_byte_order_mark_and_its_header(
    delivered: MonthLedger, champion: Champion, tmp_path: Path
):
    content = (written(delivered, champion, tmp_path).folder / "warning_list.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrank,customer_id,probability,brand,")


def test_the_manifest_tells_model_inputs_counts_and_digests(delivered: MonthLedger, champion: Champion, tmp_path: Path):
    listed = written(delivered, champion, tmp_path, size=2)
    told = manifest(listed)
    held = {name: delivered.known(name, MONTH) for name in ("customer_scores", "customers", "bills")}
    hashes = {name: entry.content_hash for name, entry in held.items() if entry is not None}
    assert told == {
        "month": "2025-04",
        "listed": 2,
        "scored": 6,
        "model": {
            "name": "churn-propensity",
            "version": 3,
            "trained_as_of": "2025-03",
            "horizon": 1,
            "gap": 0,
            "feature_set": champion.facts["feature_set"],
        },
        "inputs": {
            "scores": hashes["customer_scores"],
            "customers": hashes["customers"],
            "bills": hashes["bills"],
        },
        "files": {
            name: hashlib.sha256((listed.folder / name).read_bytes()).hexdigest()
            for name in ("warning_list.csv", "warning_list.parquet")
        },
    }


def test_a_rerun_gives_the_same_bytes(scoring: Scoring, tmp_path: Path):
    def content(lists: Path, of: Scoring) -> dict[str, bytes]:
        listed = write_warning_list(lists, of.ledger, score_month(of, MONTH), of.champion, ListSettings(20))
        return {file.name: file.read_bytes() for file in listed.folder.iterdir()}

    first = content(tmp_path / "first", scoring)
    assert sorted(first) == ["manifest.json", "warning_list.csv", "warning_list.parquet"]
    assert content(tmp_path / "first", scoring) == first
    afresh = ledger_in(tmp_path / "afresh", batch_rows=11)
    deliver(afresh, made_months(customers=120, months=4))
    assert content(tmp_path / "second", dataclasses.replace(scoring, ledger=afresh)) == first


def test_a_shorter_list_replaces_the_longer_one_of_the_same_month(
    delivered: MonthLedger, champion: Champion, tmp_path: Path
):
    written(delivered, champion, tmp_path, size=6)
    listed = written(delivered, champion, tmp_path, size=2)
    assert len(csv_rows(listed)) == 2
    assert sorted(file.name for file in listed.folder.iterdir()) == [
        *("manifest.json", "warning_list.csv", "warning_list.parquet"),
    ]


def test_the_manifest_is_written_last(
    delivered: MonthLedger, champion: Champion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    order: list[str] = []
    monkeypatch.setattr("serving.warning_lists.write_durably", lambda file, _: order.append(file.name))
    written(delivered, champion, tmp_path)
    assert order[-1] == "manifest.json"
    assert len(order) == 3


def test_a_later_correction_changes_neither_list_nor_manifest(ledger: MonthLedger, champion: Champion, tmp_path: Path):
    before = manifest(written(ledger, champion, tmp_path / "lists"))
    moved = made_months(customers=8, months=4)["customers"].with_columns(hall=pl.lit("another hall"))
    deliver(ledger, {"customers": moved}, ["2025-04"], known_since="2025-05")
    assert manifest(written(ledger, champion, tmp_path / "lists")) == before


def test_buckets_are_read_one_at_a_time(
    delivered: MonthLedger, champion: Champion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int | None] = []
    files = delivered.warehouse.files
    monkeypatch.setattr(
        delivered.warehouse, "files", lambda *at: asked.append(at[3] if len(at) > 3 else None) or files(*at)
    )
    written(delivered, champion, tmp_path)
    assert asked == [0, 0, 1, 1]


def test_a_list_of_nobody_is_refused(delivered: MonthLedger, champion: Champion, tmp_path: Path):
    with pytest.raises(ServingError, match=r"list size 0 is not positive; set \[lists\] size to 1 or more"):
        written(delivered, champion, tmp_path, size=0)
