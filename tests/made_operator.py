"""A made operator: some hundred customers whose bills fall before they leave, entered straight into a warehouse."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl

from features.contracts import contract_of
from features.engine import EngineSettings
from features.known_months import Frame
from features.labels import Activity, ChurnDefinition
from features.month_ledger import MonthLedger, Origin
from features.months import Month
from features.warehouse import Warehouse

FIRST = Month(2025, 1)
BUCKETS = 2
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
CHURN = ChurnDefinition(silent_months=1, gap=0, horizons=(1,), activity=(Activity("bills", "amount"),))
"""Whoever has no bill in the next month has left: the labels of a month mature with the next one."""


def made_months(customers: int = 300, months: int = 7, seed: int = 1) -> dict[str, pl.DataFrame]:
    """Contract tables `customers` and `bills` with a column `month`.

    Each month 6 % of those who are left decide to go: their next bill is a third of the usual, and then there is none.
    """
    rng = np.random.default_rng(seed)
    deciding = rng.geometric(0.06, customers) - 1
    usual = rng.uniform(20, 80, customers)
    ids = [f"customer-{number:04}" for number in range(customers)]
    tables: dict[str, list[pl.DataFrame]] = {"customers": [], "bills": []}
    for step in range(months):
        going, here = deciding == step, deciding >= step
        amount = np.where(going, usual / 3, usual) * rng.lognormal(0, 0.25, customers)
        month, record = str(FIRST + step), {"customer_id": ids, "month": [str(FIRST + step)] * customers}
        brand, tenure = (
            [("Red", "Blue")[number % 2] for number in range(customers)],
            [2020 + n % 6 for n in range(customers)],
        )
        tables["customers"].append(
            pl.DataFrame({**record, "status": ["active"] * customers, "brand": brand}).with_columns(
                activated_on=pl.date(pl.Series(tenure), 1, 1), hall=pl.lit(f"=hall of {month}")
            )
        )
        tables["bills"].append(pl.DataFrame({**record, "amount": amount.round(2)}).filter(pl.Series(here)))
    return {name: in_contract_types(name, pl.concat(parts)) for name, parts in tables.items()}


def in_contract_types(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    columns = {
        name: pl.String if isinstance(column.dtype, pl.Enum) else column.dtype
        for name, column in contract_of(table).columns().items()
    }
    absent = [pl.lit(None).alias(name) for name in columns if name not in rows.columns]
    return rows.with_columns(absent).select("month", *columns).cast(columns)  # type: ignore[arg-type]


def ledger_in(folder: Path, batch_rows: int = 50_000) -> MonthLedger:
    return MonthLedger(Warehouse(folder, EngineSettings(threads=1, batch_rows=batch_rows)))


def deliver(
    ledger: MonthLedger,
    tables: Mapping[str, pl.DataFrame],
    months: Iterable[str] | None = None,
    known_since: str | None = None,
) -> None:
    """Enter each month (all that are drawn, when None) of each table, known since its own close unless said."""
    for month in months or sorted({month for rows in tables.values() for month in rows["month"].unique()}):
        staged = [
            ledger.warehouse.stage_month(name, Month.parse(month), by_bucket(rows.filter(pl.col("month") == month)))
            for name, rows in tables.items()
        ]
        since = Month.parse(known_since) if known_since else None
        ledger.enter(staged, Origin("made", "made operator", "test", NOW), since)


def by_bucket(rows: pl.DataFrame) -> Iterator[tuple[int, Frame]]:
    """The rows of each bucket in key order, without their month."""
    bucket = [
        int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16) % BUCKETS for name in rows["customer_id"]
    ]
    for number in range(BUCKETS):
        part = rows.filter(pl.Series(bucket) == number) if rows.height else rows
        yield number, nw.from_native(part.drop("month", strict=False).sort("customer_id").lazy())
