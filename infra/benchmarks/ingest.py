"""Ingest benchmark: a month of customers and bills with all checks against a bare copy of the same Parquet files.

Run: python -m infra.benchmarks.ingest --customers 1000000
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from infra.benchmarks.own_process import in_own_process, timed

MODULE = "infra.benchmarks.ingest"
MONTH = "2025-01"
MAPPING = {
    "source.toml": """
operator = "Benchmark"
timezone = "UTC"
currency = "CNY"
brands = ["GoTone"]
[churn]
activity = ["bills.amount"]
""",
    "customers.sql": f"SELECT id AS customer_id, '{MONTH}' AS month, 'active' AS status, 'GoTone' AS brand, "
    "since AS activated_on, hall FROM 'customers.parquet'",
    "bills.sql": f"SELECT id AS customer_id, '{MONTH}' AS month, * EXCLUDE id FROM 'bills.parquet'",
}
PARTS = ("amount", "plan_fee", "overage", "long_distance", "roaming", "information", "data_fee", "discount")


def make_extract(folder: Path, customers: int) -> None:
    """Two Parquet files with one row per customer: 6 and 9 columns."""
    rng = np.random.default_rng(1)
    ids = pl.Series("id", np.arange(customers)).cast(pl.String)
    since = pl.Series("since", rng.integers(10_000, 20_000, customers).astype(np.int32)).cast(pl.Date)
    hall = pl.Series("hall", rng.integers(0, 200, customers)).cast(pl.String)
    pl.DataFrame([ids, since, hall]).write_parquet(folder / "customers.parquet")
    money = [pl.Series(part, rng.gamma(2.0, 30.0, customers).round(2)) for part in PARTS]
    pl.DataFrame([ids, *money]).write_parquet(folder / "bills.parquet")


def copy(folder: Path) -> None:
    """The bare copy: every column of both files, through Polars, into new Parquet files."""
    for name in ("customers", "bills"):
        pl.scan_parquet(folder / f"{name}.parquet").sink_parquet(folder / f"{name}.copy")


def ingest(folder: Path) -> None:
    """The same files through mapping, casts, contracts, hashes, fsync, Delta commit and ledger."""
    from flows import steps
    from flows.workspace import open_workspace

    work = open_workspace(folder / "home", None, lambda _: None)
    steps.ingest(work, steps.Arrival(str(folder / "mapping"), folder))


def measured(customers: int) -> dict[str, Any]:
    """Seconds, processor seconds and peak memory of both, each in a process of its own."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "mapping").mkdir()
        for name, text in MAPPING.items():
            (folder / "mapping" / name).write_text(text)
        make_extract(folder, customers)
        bare, ours = (in_own_process(MODULE, "--step", step, "--folder", folder) for step in ("copy", "ingest"))
    ratios = {f"{name}_ratio": round(ours[name] / bare[name], 1) for name in ("seconds", "cpu")}
    return {"rows": 2 * customers, "copy": bare, "ingest": ours, **ratios}


def _run_step(step: str, folder: Path) -> None:
    print(json.dumps(timed(lambda: {"copy": copy, "ingest": ingest}[step](folder))[1]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--step", choices=("copy", "ingest"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        _run_step(chosen.step, chosen.folder)
    else:
        print(json.dumps(measured(chosen.customers)))
