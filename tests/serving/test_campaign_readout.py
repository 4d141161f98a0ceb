"""A campaign is read once its outcome is complete, by everybody allocated, and each reading is on record once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.contracts import contract_of
from features.labels import Activity, ChurnDefinition
from features.months import Month
from serving import ServingError, campaign_ledger
from serving.campaign_design import definition, sealed, write_design
from serving.campaign_ledger import record
from serving.campaign_readout import Reading, read_out
from serving.monitoring.uplift_readout import ReadoutSettings
from tests.made_operator import CHURN, NOW, deliver, ledger_in
from tests.serving.made_campaign import member

MONTH = "2025-03"
TREATED, WITHHELD = range(60), range(60, 100)
ATTEMPT = {"campaign": "spring", "contacted_on": dt.date(2025, 4, 10), "outcome": "reached", "accepted": True}


def customer(number: int) -> str:
    return f"customer-{number:04}"


def months_of(tables: dict[str, list[dict[str, Any]]]) -> dict[str, pl.DataFrame]:
    """Rows as contract tables, with what is not given null."""
    made = {}
    for name, rows in tables.items():
        types = {
            column: pl.String if isinstance(described.dtype, pl.Enum) else described.dtype
            for column, described in contract_of(name).columns().items()
        }
        made[name] = pl.DataFrame(rows, schema={"month": pl.String, **types})  # type: ignore[dict-item]
    return made


def operator(left_in: dict[int, str], last: int = 6, responses: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A hundred customers from March to month `last`; whoever is named has no bill from that month on.

    Unless `responses` are given, the operator tells of one contact.
    """
    tables: dict[str, list[dict[str, Any]]] = {"customers": [], "bills": []}
    for month in (f"2025-{number:02}" for number in range(3, last + 1)):
        for number in range(100):
            tables["customers"].append({"month": month, "customer_id": customer(number), "status": "active"})
            if month < left_in.get(number, "9999"):
                tables["bills"].append({"month": month, "customer_id": customer(number), "amount": 50})
    if responses is None:
        responses = [ATTEMPT | {"customer_id": customer(0)}]
    if responses:
        tables["responses"] = [{"month": "2025-04", "talk_seconds": 60} | row for row in responses]
    return months_of(tables)


def reading_in(folder: Path, tables: dict[str, Any], churn: ChurnDefinition = CHURN) -> Reading:
    """A spring campaign of 60 treated and 40 withheld, and what became of them."""
    ledger = ledger_in(folder / "tables")
    for name, rows in tables.items():
        deliver(ledger, {name: rows})
    buckets = {found: bucket for bucket in (0, 1) for found in _in_bucket(ledger, bucket)}
    readout = str(churn.matures(Month.parse(MONTH), 1))
    design = sealed({"campaign": "spring", "churn": definition(churn)})
    write_design(folder / "campaigns" / "spring" / f"month={MONTH}", design)
    record(
        ledger.warehouse,
        [
            member(
                customer(number),
                arm="treated" if number in TREATED else "withheld",
                bucket=buckets[customer(number)],
                readout_month=readout,
                design=design["digest"],
                rank=number,
                brand="Red" if number % 2 else "Blue",
            )
            for number in range(100)
        ],
    )
    return Reading(ledger, folder / "campaigns", churn, ReadoutSettings(20, 5), NOW)


def _in_bucket(ledger: Any, bucket: int) -> list[str]:
    entry = ledger.known("customers", Month.parse(MONTH))
    rows = ledger.warehouse.read("customers", entry.month, entry.version, bucket).to_native().collect()
    return rows["customer_id"].to_list()  # type: ignore[no-any-return]


def report_of(reading: Reading) -> dict[str, Any]:
    return read_out(reading, "spring").report


LEFT = dict.fromkeys([*range(24), *range(60, 80)], "2025-04")


def test_everybody_allocated_counts_whether_reached_or_not(tmp_path: Path):
    reached = [ATTEMPT | {"customer_id": customer(number)} for number in range(30)]
    report = report_of(reading_in(tmp_path, operator(LEFT, responses=reached)))
    assert report["arms"]["treated"] == {"customers": 60, "retention": 0.6, "closed_by_operator": 0}
    assert report["arms"]["withheld"]["retention"] == 0.5
    assert report["difference"]["value"] == 0.1
    assert report["closed_by_operator"]["value"] == 0
    assert report["value_kept"]["per_head"]["value"] == 10
    assert report["reach"]["reached"] == {"value": 0.5, "of": 60}
    assert sorted(report["brands"]) == ["Blue", "Red"]


def test_who_was_withheld_but_contacted_stays_in_the_arm_that_was_drawn_and_is_told(tmp_path: Path):
    wrong = [ATTEMPT | {"customer_id": customer(number)} for number in [0, *range(60, 75)]]
    report = report_of(reading_in(tmp_path, operator(LEFT, responses=wrong)))
    assert report["reach"]["withheld_but_contacted"] == 15
    assert report["arms"]["withheld"]["customers"] == 40
    assert report["difference"]["value"] == 0.1


def test_answers_to_another_campaign_are_not_counted(tmp_path: Path):
    other = [ATTEMPT | {"customer_id": customer(0), "campaign": "autumn"}]
    assert report_of(reading_in(tmp_path, operator(LEFT, responses=other)))["reach"]["attempts"] == 0


def test_leaving_inside_the_gap_counts_and_leaving_after_the_window_does_not(tmp_path: Path):
    churn = ChurnDefinition(silent_months=1, gap=1, horizons=(1,), activity=(Activity("bills", "amount"),))
    in_gap, in_window, after = (dict.fromkeys(range(10), month) for month in ("2025-04", "2025-05", "2025-06"))
    others = dict.fromkeys(range(60, 70), "2025-05")
    kept = [
        report_of(reading_in(tmp_path / str(at), operator(left | others), churn))["arms"]["treated"]["retention"]
        for at, left in enumerate((in_gap, in_window, after))
    ]
    assert kept == [pytest.approx(50 / 60, abs=1e-6), pytest.approx(50 / 60, abs=1e-6), 1]


def test_before_the_outcome_is_complete_there_is_no_figure_and_no_row(tmp_path: Path):
    reading = reading_in(tmp_path, operator(LEFT, last=3))
    report = report_of(reading)
    assert report["note"] == "not enough data yet: matures with 2025-04"
    assert "difference" not in report
    assert reading.ledger.warehouse.rows("campaign_readouts") == []


@pytest.mark.parametrize("told", [[], [ATTEMPT | {"customer_id": customer(60)}], [ATTEMPT | {"customer_id": "else"}]])
def test_where_nobody_with_a_task_was_contacted_there_is_no_figure_and_no_row(
    tmp_path: Path, told: list[dict[str, Any]]
):
    reading = reading_in(tmp_path, operator(LEFT, responses=told))
    report = report_of(reading)
    assert report["note"] == "not enough data: the operator tells of no contact"
    assert "difference" not in report
    assert reading.ledger.warehouse.rows("campaign_readouts") == []


def test_revenue_kept_is_not_told_where_the_effect_is_not(tmp_path: Path):
    report = report_of(reading_in(tmp_path, operator(dict.fromkeys([*range(3), *range(60, 70)], "2025-04"))))
    assert report["difference"]["note"] == "not enough data: fewer than 10 leavers, or others, treated"
    assert "value_kept" not in report


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"gap": 2}, r"gap = 0, and source.toml says 2 by now"),
        ({"silent_months": 3}, r"silent_months = 1, and source.toml says 3"),
        ({"activity": (Activity("usage", "calls"),)}, r"activity = .*bills.*, and source.toml says .*usage"),
    ],
)
def test_a_campaign_is_read_by_what_leaving_meant_when_it_was_drawn(
    tmp_path: Path, changed: dict[str, Any], problem: str
):
    reading = reading_in(tmp_path, operator(LEFT))
    another = dataclasses.replace(reading, churn=dataclasses.replace(CHURN, **changed))
    with pytest.raises(ServingError, match=rf"^campaign spring: was drawn with \[churn\] {problem}"):
        read_out(another, "spring")


def test_a_campaign_without_its_design_is_one_line(tmp_path: Path):
    reading = reading_in(tmp_path, operator(LEFT))
    (reading.campaigns / "spring" / f"month={MONTH}" / "design.json").unlink()
    with pytest.raises(ServingError, match=r"^campaign spring: .*design.json is missing; put it back from a backup$"):
        read_out(reading, "spring")


def test_report_and_page_are_for_the_owner_alone(tmp_path: Path):
    folder = read_out(reading_in(tmp_path, operator(LEFT)), "spring").folder
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_a_month_that_was_not_delivered_is_named_instead_of_taken_for_silence(tmp_path: Path):
    tables = operator(LEFT)
    tables["bills"] = tables["bills"].filter(pl.col("month") != "2025-04")
    report = report_of(reading_in(tmp_path, tables))
    assert report["note"].startswith("not enough data: labels of 2025-03 at horizon 1 need bills 2025-04")
    assert "difference" not in report


def test_read_twice_the_files_are_the_same_bytes_and_the_ledger_has_one_row(tmp_path: Path):
    reading = reading_in(tmp_path, operator(LEFT))
    first = read_out(reading, "spring")
    before = {file.name: file.read_bytes() for file in first.folder.iterdir()}
    again = read_out(dataclasses.replace(reading, now=NOW + dt.timedelta(days=1)), "spring")
    assert {file.name: file.read_bytes() for file in again.folder.iterdir()} == before
    (row,) = reading.ledger.warehouse.rows("campaign_readouts")
    assert (row["campaign"], row["difference"], json.loads(row["report"])) == ("spring", 0.1, first.report)
    assert set(before) == {"design.json", "readout.json", "readout.html"}


def test_neither_report_nor_page_names_a_customer(tmp_path: Path):
    reached = [ATTEMPT | {"customer_id": customer(number)} for number in range(30)]
    found = read_out(reading_in(tmp_path, operator(LEFT, responses=reached)), "spring")
    for file in found.folder.iterdir():
        assert b"customer-0" not in file.read_bytes()


def test_a_campaign_that_was_never_drawn_is_an_error_that_says_what_to_run(tmp_path: Path):
    reading = reading_in(tmp_path, operator(LEFT))
    with pytest.raises(ServingError, match=r"^campaign autumn: was never drawn; run holdfast campaign run"):
        read_out(reading, "autumn")
    assert campaign_ledger.members(reading.ledger.warehouse, "spring").num_rows == 100
