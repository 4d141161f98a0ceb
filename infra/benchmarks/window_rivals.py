"""Window rivals: the same windows as written by hand in Polars, in SQL for DuckDB and Spark, and in pandas."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MONTHS = 6
MEASURES = tuple(f"measure_{number:02d}" for number in range(24))
NOTHING = 1e-6


def files_of(folder: Path, ago: int, bucket: str = "*") -> list[Path]:
    return sorted((folder / f"ago={ago}").glob(f"bucket={bucket}/part.parquet"))


def polars(folder: Path, out: Path) -> None:
    """All customers in one streaming query."""
    _polars_query(folder, "*").sink_parquet(out / "all.parquet")


def polars_by_bucket(folder: Path, out: Path) -> None:
    """The same query on one bucket after the other."""
    for bucket in range(len(files_of(folder, 0))):
        _polars_query(folder, str(bucket)).sink_parquet(out / f"{bucket}.parquet")


def _polars_query(folder: Path, bucket: str) -> Any:
    import polars as pl

    def month(ago: int) -> pl.LazyFrame:
        scanned = pl.scan_parquet(files_of(folder, ago, bucket), hive_partitioning=False)
        return scanned.rename({measure: f"{measure}_{ago}" for measure in MEASURES})

    side_by_side = month(0)
    for ago in range(1, MONTHS):
        side_by_side = side_by_side.join(month(ago), on="customer_id", how="left")
    windows = [window.cast(pl.Float32) for measure in MEASURES for window in _polars_windows(pl, measure)]
    return side_by_side.select("customer_id", *windows)


def _polars_windows(pl: Any, measure: str) -> list[Any]:
    months = [pl.col(f"{measure}_{ago}") for ago in range(MONTHS)]
    mean = pl.mean_horizontal

    def by(part: Any, whole: Any) -> Any:
        return pl.when(whole.abs() > NOTHING).then(part / whole)

    def variability(of: list[Any]) -> Any:
        average = sum(of[1:], of[0]) / len(of)
        squares = [(month - average) ** 2 for month in of]
        return by((sum(squares[1:], squares[0]) / len(of)).sqrt(), average.abs())

    windows = {
        "last": months[0],
        "mean_3": mean(*months[:3]),
        "mean_6": mean(*months),
        "change_1": months[0] - months[1],
        "slope_3": (months[0] - months[2]) / 2,
        "slope_6": (5 * (months[0] - months[5]) + 3 * (months[1] - months[4]) + (months[2] - months[3])) / 35,
        "variability_3": variability(months[:3]),
        "variability_6": variability(months),
        "silent_3": mean(*(month <= 0 for month in months[:3])),
        "silent_6": mean(*(month <= 0 for month in months)),
        "steepest_fall_6": pl.max_horizontal(
            *(pl.coalesce(months[ago + 1 :]) - months[ago] for ago in range(MONTHS - 1))
        ).clip(0),
        "ratio_3": by(months[0], mean(*months[1:3])),
        "ratio_6": by(months[0], mean(*months[1:])),
    }
    return [expression.alias(f"{measure}_{window}") for window, expression in windows.items()]


def duckdb(folder: Path, out: Path) -> None:
    """One SQL query over all customers, written by COPY."""
    import duckdb as engine

    tables = [f"read_parquet({[str(file) for file in files_of(folder, ago)]})" for ago in range(MONTHS)]
    query = _sql(tables)
    engine.connect().execute(f"COPY ({query}) TO '{out / 'all.parquet'}' (FORMAT parquet, COMPRESSION zstd)")


def spark(folder: Path, out: Path) -> float:
    """The same SQL on two local threads; the seconds it took once the session was up."""
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.driver.memory": "8g", "spark.sql.shuffle.partitions": "16"}
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    started = time.perf_counter()
    for ago in range(MONTHS):
        files = [str(file) for file in files_of(folder, ago)]
        session.read.parquet(*files).createOrReplaceTempView(f"month_{ago}")
    query = session.sql(_sql([f"month_{ago}" for ago in range(MONTHS)]))
    query.write.parquet(str(out / "all"), compression="zstd")
    return time.perf_counter() - started


def _sql(tables: list[str]) -> str:
    """Months side by side, then what several windows share, then the windows."""
    columns = [f"t{ago}.{measure} AS {measure}_{ago}" for ago in range(MONTHS) for measure in MEASURES]
    joins = [f"LEFT JOIN {table} t{ago} ON t0.customer_id = t{ago}.customer_id" for ago, table in enumerate(tables)]
    months = f"SELECT t0.customer_id, {', '.join(columns)} FROM {tables[0]} t0 {' '.join(joins[1:])}"
    shared = [part for measure in MEASURES for part in _sql_parts(measure)]
    windows = [
        f"CAST({expression} AS FLOAT) AS {measure}_{window}"
        for measure in MEASURES
        for window, expression in _sql_windows(measure).items()
    ]
    parts = f"SELECT *, {', '.join(shared)} FROM ({months}) months"
    return f"SELECT customer_id, {', '.join(windows)} FROM ({parts}) parts"


def _sql_parts(measure: str) -> list[str]:
    months = [f"{measure}_{ago}" for ago in range(MONTHS)]
    parts = []
    for name, of in {"3": months[:3], "6": months, "before_3": months[1:3], "before_6": months[1:]}.items():
        known = " + ".join(f"CASE WHEN {month} IS NULL THEN 0e0 ELSE 1e0 END" for month in of)
        parts.append(f"({known}) AS {measure}_known_{name}")
        parts.append(f"({' + '.join(f'coalesce({month}, 0e0)' for month in of)}) AS {measure}_sum_{name}")
    for name, of in {"3": months[:3], "6": months}.items():
        silent = " + ".join(f"CASE WHEN {month} <= 0 THEN 1e0 ELSE 0e0 END" for month in of)
        parts.append(f"({silent}) AS {measure}_silent_months_{name}")
        parts.append(f"({' + '.join(of)}) / {len(of)}e0 AS {measure}_average_{name}")
    return parts


def _sql_windows(measure: str) -> dict[str, str]:
    months = [f"{measure}_{ago}" for ago in range(MONTHS)]

    def by(part: str, whole: str) -> str:
        return f"CASE WHEN abs({whole}) > {NOTHING} THEN {part} / {whole} END"

    def variability(of: list[str]) -> str:
        average = f"{measure}_average_{len(of)}"
        squares = " + ".join(f"({month} - {average}) * ({month} - {average})" for month in of)
        return by(f"sqrt(({squares}) / {len(of)}e0)", f"abs({average})")

    falls = ", ".join(f"coalesce({', '.join(months[ago + 1 :])}) - {months[ago]}" for ago in range(MONTHS - 1))
    rises = [f"{5 - 2 * ago} * ({months[ago]} - {months[5 - ago]})" for ago in range(3)]
    return {
        "last": months[0],
        "mean_3": by(f"{measure}_sum_3", f"{measure}_known_3"),
        "mean_6": by(f"{measure}_sum_6", f"{measure}_known_6"),
        "change_1": f"{months[0]} - {months[1]}",
        "slope_3": f"({months[0]} - {months[2]}) / 2e0",
        "slope_6": f"({' + '.join(rises)}) / 35e0",
        "variability_3": variability(months[:3]),
        "variability_6": variability(months),
        "silent_3": by(f"{measure}_silent_months_3", f"{measure}_known_3"),
        "silent_6": by(f"{measure}_silent_months_6", f"{measure}_known_6"),
        "steepest_fall_6": f"CASE WHEN greatest({falls}) < 0 THEN 0e0 ELSE greatest({falls}) END",
        "ratio_3": by(f"{months[0]} * {measure}_known_before_3", f"{measure}_sum_before_3"),
        "ratio_6": by(f"{months[0]} * {measure}_known_before_6", f"{measure}_sum_before_6"),
    }


def pandas(folder: Path, out: Path) -> None:
    """All customers in memory, numpy's functions on slices of six columns."""
    import pandas as pd

    frame = pd.concat([pd.read_parquet(file) for file in files_of(folder, 0)]).set_index("customer_id")
    months = [frame]
    for ago in range(1, MONTHS):
        month = pd.concat([pd.read_parquet(file) for file in files_of(folder, ago)]).set_index("customer_id")
        months.append(month.reindex(frame.index))
    windows: dict[str, Any] = {}
    for measure in MEASURES:
        values = pd.concat([month[measure] for month in months], axis=1).to_numpy()
        windows |= {f"{measure}_{window}": column for window, column in _pandas_windows(values).items()}
    pd.DataFrame(windows, index=frame.index, dtype="float32").reset_index().to_parquet(out / "all.parquet")


def _pandas_windows(values: Any) -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)

    def by(part: Any, whole: Any) -> Any:
        return np.divide(part, whole, out=np.full(len(values), np.nan), where=np.abs(whole) > NOTHING)

    def mean(first: int, last: int) -> Any:
        return by(filled[:, first:last].sum(axis=1), known[:, first:last].sum(axis=1))

    falls = pd.DataFrame(values).bfill(axis=1).to_numpy()[:, 1:] - values[:, :-1]
    steepest = np.fmax.reduce(falls, axis=1)
    return {
        "last": values[:, 0],
        "mean_3": mean(0, 3),
        "mean_6": mean(0, 6),
        "change_1": values[:, 0] - values[:, 1],
        "slope_3": (values[:, 0] - values[:, 2]) / 2,
        "slope_6": values @ (np.array([5, 3, 1, -1, -3, -5]) / 35),
        "variability_3": by(values[:, :3].std(axis=1), np.abs(values[:, :3].mean(axis=1))),
        "variability_6": by(values.std(axis=1), np.abs(values.mean(axis=1))),
        "silent_3": by(((values[:, :3] <= 0) & known[:, :3]).sum(axis=1), known[:, :3].sum(axis=1)),
        "silent_6": by(((values <= 0) & known).sum(axis=1), known.sum(axis=1)),
        "steepest_fall_6": np.where(steepest < 0, 0.0, steepest),
        "ratio_3": by(values[:, 0], mean(1, 3)),
        "ratio_6": by(values[:, 0], mean(1, 6)),
    }


RIVALS: dict[str, Callable[[Path, Path], Any]] = {
    "polars": polars,
    "polars_by_bucket": polars_by_bucket,
    "duckdb": duckdb,
    "spark": spark,
    "pandas": pandas,
}
