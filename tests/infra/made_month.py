"""A made-up month of a block: every column of every table that the operator sends, with nulls where they may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dataframely as dy
import polars as pl
import pyarrow as pa

from features.contracts import contract_of
from features.months import Month
from infra.simulator.dialect import DIALECT, NOT_SENT

ROWS = 60
MONTH = Month(2025, 3)


@dataclass(frozen=True)
class MadeMonth:
    """As the simulator lives it: amounts in yuan as fractions, numbers, documents and handsets as they are."""

    tables: Mapping[str, pa.Table]
    truth: pa.Table
    month: Month = MONTH
    block: int = 0


def made_month(rows: int = ROWS) -> MadeMonth:
    tables = {name: made_table(name, rows).to_arrow() for name in DIALECT}
    return MadeMonth(tables, pa.table({"number": ["13000000000"], "p_leave": [0.1]}))


def made_table(name: str, rows: int = ROWS) -> pl.DataFrame:
    """Rows in key order; every seventh value is null where the contract allows it."""
    columns = contract_of(name).columns()
    held = {
        column: [None if row % 7 == 3 and _may_miss(column, kind) else _value(column, kind, row) for row in range(rows)]
        for column, kind in columns.items()
    }
    key = contract_of(name).key()
    return pl.DataFrame(held, strict=False).unique(key, keep="first").sort(key)


def _may_miss(column: str, kind: dy.Column) -> bool:
    """What is not sent is worked out from what never misses."""
    return kind.nullable and column not in NOT_SENT


def _value(column: str, kind: dy.Column, row: int) -> Any:
    number = f"{13_000_000_000 + row}"
    known = {
        "customer_id": number,
        "masked_number": f"{number[:3]}****{number[-4:]}",
        "anniversary": "02-14",
        "birth_year": 1960 + row,
        "brand": ("GoTone", "M-Zone", "Easyown")[row % 3],
    }
    return known[column] if column in known else _of_kind(column, kind, row)


def _of_kind(column: str, kind: dy.Column, row: int) -> Any:
    if isinstance(kind, dy.Enum):
        words = list(kind.categories)
        return words[row % len(words)]
    values = {
        "Decimal": round(row * 17.77, 2),
        "Float64": row * 1.37,
        "Int32": row % 11,
        "Date": dt.date(2024, 1, 1) + dt.timedelta(days=row),
        "Bool": row % 2 == 0,
    }
    return values.get(type(kind).__name__, f"{column} {row}")
