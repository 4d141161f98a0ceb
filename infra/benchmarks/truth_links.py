"""Truth links: how many of those who join show the document of a number that is gone, and how many truly came back.

Nothing of Holdfast links numbers to persons yet. This is the plainest link there is, so what it finds where nobody
comes back is what the operator itself gives away by mistake.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from features.contracts.customers import ON_NET
from features.months import Month
from infra.benchmarks.truth_goals import Figure
from infra.benchmarks.truth_tables import TRUTH, TruthTables
from infra.simulator.operator import Beginning, start
from infra.simulator.worlds import World
from models.wilson import wilson

FIRST, MONTHS = Month(2024, 1), 8
LOOK_BACK = 4
"""Months in which a number may have been seen that is gone now: re-entries come within three."""


def linked_and_true(world: World, customers: int, seed: int, folder: Path) -> tuple[Figure, float]:
    """Shares of those who joined after the first months: linked by document, with its interval, and truly come back."""
    tables, last = TruthTables(folder / "tables"), FIRST + (MONTHS - 1)
    start(folder / "operator", Beginning(world, customers, seed, FIRST), months=MONTHS, write=tables)
    joined = pl.concat([_joined(tables, last - back) for back in range(MONTHS - LOOK_BACK)])
    linked, came_back = (float(joined[name].to_numpy().mean()) for name in ("linked", "came_back"))
    low, high = wilson(linked, joined.height)
    return Figure(linked, float(low), float(high)), came_back


def _joined(tables: TruthTables, month: Month) -> pl.DataFrame:
    """Who joined in the month: whether their document is that of a number gone lately, and whether they came back."""
    here = _read(tables, "customers", month).filter(pl.col("status").is_in(ON_NET))
    before = [_documents(tables, month - back) for back in range(1, LOOK_BACK + 1)]
    gone = pl.concat(before).join(here, on="customer_id", how="anti")
    new = here.filter(pl.col("activated_on") >= month.first_day).select("customer_id")
    new = new.join(_documents(tables, month), on="customer_id", how="left")
    former = _read(tables, TRUTH, month).select("customer_id", came_back=pl.col("former_customer_id").is_not_null())
    linked = pl.col("document_hash").is_in(gone["document_hash"].drop_nulls().unique().implode()).fill_null(False)
    return new.join(former, on="customer_id", how="left").select(linked.alias("linked"), "came_back")


def _documents(tables: TruthTables, month: Month) -> pl.DataFrame:
    return _read(tables, "customer_profile", month).select("customer_id", "document_hash")


def _read(tables: TruthTables, table: str, month: Month) -> pl.DataFrame:
    return pl.read_parquet(tables.folder / table / f"{month}_*.parquet")
