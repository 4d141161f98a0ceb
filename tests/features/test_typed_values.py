"""Typed values: what fits its column is kept, what does not is null and flagged, and null is null."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from features.months import Month
from tests.features.source_folders import opened

COLUMNS = {
    "amount": "bills",
    "recharge_count": "bills",
    "voice_out_minutes": "usage",
    "activated_on": "customers",
    "birth_year": "customers",
    "area": "customers",
    "churned": "outcomes",
}


def typed_rows(folder: Path, name: str, expression: str) -> list[tuple[Any, bool | None]]:
    """The values of a column as they come out, with their flags (None where the column cannot fail)."""
    sql: dict[str, str] = {
        "customers": "SELECT 'ann' AS customer_id, '2017-03' AS month, 'active' AS status",
        "bills": "SELECT 'ann' AS customer_id, '2017-03' AS month",
    }
    table = COLUMNS[name]
    sql[table] = sql.get(table, sql["bills"]) + f", {expression} AS {name}"
    with opened(folder, {}, **sql) as extract:
        rows = extract.batch(table, Month(2017, 3), 0).to_pylist()
    return [(row[name], row.get(f"unparsable:{name}")) for row in rows]


def typed(folder: Path, name: str, expression: str) -> tuple[Any, bool | None]:
    (row,) = typed_rows(folder, name, expression)
    return row


@pytest.mark.parametrize(
    ("name", "expression", "value"),
    [
        ("amount", "'12.5'", Decimal("12.5")),
        ("amount", "' 12.5 '", Decimal("12.5")),
        ("amount", "'-3'", Decimal(-3)),
        ("amount", "12.34567::DOUBLE", Decimal("12.3457")),
        ("amount", "7::BIGINT", Decimal(7)),
        ("recharge_count", "'3'", 3),
        ("recharge_count", "'3.0'", 3),
        ("recharge_count", "3.0::DOUBLE", 3),
        ("voice_out_minutes", "'1e3'", 1000.0),
        ("voice_out_minutes", "2.5::DECIMAL(4, 2)", 2.5),
        ("activated_on", "'2017-03-11'", dt.date(2017, 3, 11)),
        ("activated_on", "'2017-03-11 14:24:18'", dt.date(2017, 3, 11)),
        ("activated_on", "TIMESTAMP '2017-03-11 14:24:18'", dt.date(2017, 3, 11)),
        ("activated_on", "DATE '2017-03-11'", dt.date(2017, 3, 11)),
        ("birth_year", "1970.0::FLOAT", 1970),
        ("churned", "'Yes'", True),
        ("churned", "'0'", False),
        ("churned", "1.0::DOUBLE", True),
        ("churned", "false", False),
    ],
)
def test_what_fits_is_kept(tmp_path: Path, name: str, expression: str, value: Any) -> None:
    assert typed(tmp_path, name, expression) == (value, False)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("amount", "'abc'"),
        ("amount", "'1,5'"),
        ("amount", "'inf'"),
        ("amount", "'nan'"),
        ("amount", "'infinity'::DOUBLE"),
        ("amount", "'nan'::DOUBLE"),
        ("amount", "'1e30'"),
        ("amount", "1e300::DOUBLE"),
        ("amount", "DATE '2017-03-11'"),
        ("recharge_count", "'3.7'"),
        ("recharge_count", "3.7::DOUBLE"),
        ("recharge_count", "'9999999999'"),
        ("voice_out_minutes", "'inf'"),
        ("voice_out_minutes", "'nan'::DOUBLE"),
        ("voice_out_minutes", "'1e400'"),
        ("activated_on", "'2017-02-30'"),
        ("activated_on", "'11.03.2017'"),
        ("activated_on", "'2017-03-11 25:00:00'"),
        ("activated_on", "'infinity'"),
        ("activated_on", "DATE 'infinity'"),
        ("activated_on", "'epoch'"),
        ("activated_on", "20170311"),
        ("activated_on", "'99999-01-01'"),
        ("churned", "'maybe'"),
        ("churned", "2"),
    ],
)
def test_what_does_not_fit_is_null_and_flagged(tmp_path: Path, name: str, expression: str) -> None:
    assert typed(tmp_path, name, expression) == (None, True)


@pytest.mark.parametrize("name", ["amount", "recharge_count", "voice_out_minutes", "activated_on", "churned"])
def test_null_is_null_and_no_fault_however_it_is_written(tmp_path: Path, name: str) -> None:
    written = "unnest([NULL, '', '   ', '$null$', ' $null$ ', chr(160) || chr(12288) || chr(9)])"
    assert set(typed_rows(tmp_path, name, written)) == {(None, False)}


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("' hall 5 '", "hall 5"),
        ("chr(12288) || '乌鲁木齐' || chr(160)", "乌鲁木齐"),
        ("'x' || chr(160)", "x"),
        ("chr(9) || 'x'", "x"),
        ("'(x)'", "(x)"),
        ("'x乌'", "x乌"),
        ("'$null$'", None),
        ("''", None),
        ("90022.0::DOUBLE", "90022"),
        ("90022.5::DOUBLE", "90022.5"),
        ("13900001111::BIGINT", "13900001111"),
        ("7.00::DECIMAL(6, 2)", "7"),
        ("'infinity'::DOUBLE", "inf"),
    ],
)
def test_text_is_trimmed_and_numbers_read_as_people_write_them(
    tmp_path: Path, expression: str, text: str | None
) -> None:
    assert typed(tmp_path, "area", expression) == (text, None)
