"""Featuretools rival: the windows that deep feature synthesis can find, of the same months as the other engines'.

Its primitives aggregate all rows of a customer, so windows of three months, changes and silence are out of its reach,
and its `trend` took 79 s for 2,000 customers where the five here took 1 s.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from infra.benchmarks.window_rivals import MEASURES, MONTHS, files_of

PRIMITIVES = {"last": "last", "mean": "mean_6", "max": "max_6", "min": "min_6", "std": "std_6"}
"""Each primitive with the window's name; the others' windows hold no max, min or bare deviation to compare with."""
COMPARED = ("last", "mean_6")


def featuretools(folder: Path, out: Path) -> None:
    """All customers in memory, no cutoff times: the shortest way through the library."""
    warnings.filterwarnings("ignore")  # of pandas' and its own coming changes
    import featuretools as library

    entities = _entities(library, folder)
    matrix, _ = library.dfs(
        entityset=entities,
        target_dataframe_name="customers",
        agg_primitives=list(PRIMITIVES),
        trans_primitives=[],
        max_depth=1,
    )
    names = {
        f"{primitive.upper()}(usage.{measure})": f"{measure}_{window}"
        for measure in MEASURES
        for primitive, window in PRIMITIVES.items()
    }
    windows = matrix[list(names)].rename(columns=names).astype("float32").reset_index()
    windows.astype({"customer_id": "str"}).to_parquet(out / "all.parquet", index=False)


def _entities(library: Any, folder: Path) -> Any:
    """Customers, and their months as rows in order of time."""
    import pandas as pd

    parts = []
    for ago in reversed(range(MONTHS)):
        month = pd.concat([pd.read_parquet(file) for file in files_of(folder, ago)])
        parts.append(month.assign(month=pd.Timestamp(2025, MONTHS - ago, 1)))
    usage = pd.concat(parts, ignore_index=True)
    usage["row"] = range(len(usage))
    entities = library.EntitySet("operator")
    types = {"customer_id": "Categorical"}  # else it takes the digits of an id for a number
    entities.add_dataframe(parts[-1][["customer_id"]], "customers", index="customer_id", logical_types=types)
    entities.add_dataframe(usage, "usage", index="row", time_index="month", logical_types=types)
    return entities.add_relationship("customers", "customer_id", "usage", "customer_id")
