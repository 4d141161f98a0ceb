"""Shipped sources: the mappings of the three public panels say of their files what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from features.contracts import contract_of
from features.months import Month, months_between
from features.sources import OpenExtract, load_source, open_extract

SOURCES = Path(__file__).parents[2] / "infra" / "sources"
pytestmark = pytest.mark.real_data


@contextmanager
def panel(name: str, real_data: Path, staging: Path) -> Iterator[OpenExtract]:
    with open_extract(
        load_source(name, SOURCES),
        real_data / name,
        staging=staging,
        key=b"key of the tests" * 2,
        buckets=None,
        threads=2,
        memory_gb=1.0,
    ) as extract:
        yield extract


def rows(extract: OpenExtract, table: str, month: Month) -> list[dict[str, Any]]:
    return [row for bucket in range(extract.buckets) for row in extract.batch(table, month, bucket).to_pylist()]


def check_every_row(extract: OpenExtract, tables: list[str]) -> None:
    """No value is lost, no row is without month, and every key stands once."""
    for table in tables:
        assert extract.unplaced(table).num_rows == 0
        for month in extract.months():
            found = rows(extract, table, month)
            assert not [name for row in found for name, lost in row.items() if name.startswith("unparsable:") and lost]
            keys = [tuple(row[name] for name in contract_of(table).key()) for row in found]
            assert len(set(keys)) == len(keys)


def active(extract: OpenExtract, month: Month, table: str, columns: tuple[str, ...]) -> set[str]:
    return {row["customer_id"] for row in rows(extract, table, month) if any((row[name] or 0) > 0 for name in columns)}


def test_the_tariff_panel_is_mapped_whole(real_data: Path, tmp_path: Path) -> None:
    with panel("tariff_panel", real_data, tmp_path) as extract:
        check_every_row(extract, ["customers", "bills", "plan_periods", "service_events"])
        assert (str(extract.months()[0]), str(extract.months()[-1]), len(extract.months())) == (
            "2016-06",
            "2017-12",
            19,
        )
        assert sum(extract.rows("bills", month) for month in extract.months()) == 67_280
        assert extract.rows("customers", Month(2017, 12)) == 3_578
        assert sum(row["status"] == "suspended" for row in rows(extract, "customers", Month(2017, 12))) == 63
        assert min(row["amount"] for month in extract.months() for row in rows(extract, "bills", month)) == Decimal(
            "-528.576"
        )
        assert extract.notes() == []


def test_leaving_events_of_the_tariff_panel_are_those_that_are_known(real_data: Path, tmp_path: Path) -> None:
    with panel("tariff_panel", real_data, tmp_path) as extract:
        billed = {month: active(extract, month, "bills", ("amount",)) for month in extract.months()}
    scoring = months_between(Month(2017, 2), Month(2017, 10))
    assert [len(billed[month] - billed[month + 1] - billed[month + 2]) for month in scoring] == [
        13, 19, 21, 22, 26, 20, 26, 33, 22,
    ]  # fmt: skip


def test_no_end_after_its_month_is_seen_in_the_tariff_panel(real_data: Path, tmp_path: Path) -> None:
    with panel("tariff_panel", real_data, tmp_path) as extract:
        for month in extract.months():
            for table in ("plan_periods", "service_events"):
                for row in rows(extract, table, month):
                    assert row["started_on"] <= month.last_day
                    assert row["ended_on"] is None or month.first_day <= row["ended_on"] <= month.last_day
        plans = rows(extract, "plan_periods", Month(2017, 6))
        assert sum(row["ended_on"] is not None for row in plans) == 609


def test_the_prepaid_panel_becomes_long(real_data: Path, tmp_path: Path) -> None:
    with panel("prepaid_panel", real_data, tmp_path) as extract:
        check_every_row(extract, ["customers", "bills", "usage", "custom_indicators"])
        assert [str(month) for month in extract.months()] == ["2014-06", "2014-07", "2014-08", "2014-09"]
        assert {
            extract.rows(table, month) for table in ("customers", "bills", "usage") for month in extract.months()
        } == {1_000}
        june = rows(extract, "customers", Month(2014, 6))
        assert max(row["activated_on"] for row in june) == Month(2014, 1).first_day
        assert {len(row["customer_id"]) for row in june} == {32}


def test_silence_in_september_is_that_of_the_prepaid_panels_totals(real_data: Path, tmp_path: Path) -> None:
    columns = ("voice_out_minutes", "voice_in_minutes", "data_mb")
    with panel("prepaid_panel", real_data, tmp_path) as extract:
        used = {month: active(extract, month, "usage", columns) for month in extract.months()}
    assert [len(used[month]) for month in used] == [940, 930, 908, 890]
    assert len(used[Month(2014, 8)] - used[Month(2014, 9)]) == 41


def test_each_measure_of_the_prepaid_panel_stands_in_its_own_month(real_data: Path, tmp_path: Path) -> None:
    """The first number of the file, by its own line: 197.385 in June ... 3.58 of volume-based cost in September."""
    with panel("prepaid_panel", real_data, tmp_path) as extract:
        june, september = Month(2014, 6), Month(2014, 9)
        (first,) = (row["customer_id"] for row in rows(extract, "bills", june) if row["amount"] == Decimal("197.385"))
        custom = {
            (str(month), row["name"]): row["number"]
            for month in extract.months()
            for row in rows(extract, "custom_indicators", month)
            if row["customer_id"] == first
        }
    assert (custom["2014-06", "vbc_3g"], custom["2014-08", "vbc_3g"], custom["2014-09", "vbc_3g"]) == (
        101.2,
        30.4,
        3.58,
    )
    assert custom["2014-06", "days_since_last_rech"] == 9
    assert custom["2014-06", "vol_2g_mb"] == 30.13
    assert ("2014-06", "onnet_mou") not in custom
    assert september in (Month.parse(month) for month, _ in custom)


def test_the_california_snapshot_is_mapped_with_its_outcomes(real_data: Path, tmp_path: Path) -> None:
    month = Month(2018, 9)
    with panel("telco_california", real_data, tmp_path) as extract:
        check_every_row(extract, ["customers", "bills", "usage", "custom_indicators", "outcomes"])
        assert extract.months() == [month]
        assert extract.rows("customers", month) == 7_043
        outcomes = rows(extract, "outcomes", month)
        assert sum(row["churned"] for row in outcomes) == 1_869
        assert {row["kind"] for row in outcomes if not row["churned"]} == {None}
        customers = rows(extract, "customers", month)
        assert {row["area"] for row in customers} >= {"90022", "96150"}
        assert {row["status"] for row in customers} == {"active"}
        assert sorted(extract.input_digests()) == [
            f"Telco_customer_churn_{part}.xlsx" for part in ("demographics", "location", "services", "status")
        ]


def test_nothing_of_the_california_snapshot_that_holds_the_answer_is_mapped(real_data: Path, tmp_path: Path) -> None:
    with panel("telco_california", real_data, tmp_path) as extract:
        names = {row["name"] for row in rows(extract, "custom_indicators", Month(2018, 9))}
    assert len(names) == 28
    for part in ("churn", "satisfaction", "cltv", "status", "reason"):
        assert not [name for name in names if part in name]
