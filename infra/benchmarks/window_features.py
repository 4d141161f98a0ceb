"""Window features benchmark: Holdfast's windows against bare engines, from Parquet to Parquet, outputs compared.

Every engine runs in a process of its own, in turn, on the same files of 6 months with 24 measures, and writes 13
windows of each measure as Float32: 312 features per customer.

Run: python -m infra.benchmarks.window_features --customers 1000000 --repeats 3
     python -m infra.benchmarks.window_features --customers 4000000 --engines holdfast --repeats 1
     python -m infra.benchmarks.window_features --customers 20000 --engines holdfast polars pandas featuretools
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from features import measures, windows
from features.engine import EngineSettings, collect, scan, write_part
from features.known_months import Frame, KnownMonths
from features.months import Month
from infra.benchmarks.featuretools_rival import COMPARED, featuretools
from infra.benchmarks.own_process import arguments, in_own_process, timed, told
from infra.benchmarks.window_rivals import MEASURES, MONTHS, RIVALS

MODULE = "infra.benchmarks.window_features"
AS_OF = Month(2025, 6)
BUCKET_ROWS = 65_536
HOLDFAST = "holdfast"
YARDSTICK = "polars"
TOLERANCE = 1e-6


def make_months(folder: Path, customers: int) -> int:
    """Parquet files by month and bucket with zeros, unknown values and missing rows; the number of buckets."""
    buckets = -(-customers // BUCKET_ROWS)
    for bucket, ids in enumerate(np.array_split(np.arange(customers), buckets)):
        for ago in range(MONTHS):
            rng = np.random.default_rng([bucket, ago])
            file = folder / f"ago={ago}" / f"bucket={bucket}" / "part.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            _made_month(ids, rng, share_present=0.98 if ago else 1.0).write_parquet(file)
    return buckets


def _made_month(ids: Any, rng: np.random.Generator, share_present: float) -> pl.DataFrame:
    columns = {"customer_id": pl.Series(ids).cast(pl.String).str.zfill(9)}
    for measure in MEASURES:
        values = rng.gamma(2.0, 20.0, len(ids)).round(2)
        values[rng.random(len(ids)) < 0.2] = 0.0
        columns[measure] = pl.Series(np.where(rng.random(len(ids)) < 0.03, np.nan, values)).fill_nan(None)
    return pl.DataFrame(columns).filter(pl.Series(rng.random(len(ids)) < share_present))


def holdfast(folder: Path, out: Path) -> None:
    """Bucket by bucket through Holdfast's own windows and engine, rows in key order, files synced."""
    engine = EngineSettings()
    taken = tuple(measures.Measure(measure, measure, "", measure) for measure in MEASURES)
    source = measures.MeasureTable("usage", "usage", taken)
    for bucket in sorted((folder / "ago=0").iterdir()):

        def read(_: str, month: Month, bucket: str = bucket.name) -> Frame:
            return scan([folder / f"ago={month.until(AS_OF)}" / bucket / "part.parquet"], engine)

        population = read("usage", AS_OF).select("customer_id")
        built = windows.build(KnownMonths(AS_OF, read), population, source)
        assert built is not None
        rows = collect(built.with_columns(nw.exclude("customer_id").cast(nw.Float32)))
        write_part(
            rows if rows["customer_id"].is_sorted() else rows.sort("customer_id"),
            out / f"{bucket.name}.parquet",
            engine,
        )


FEATURETOOLS = "featuretools"
ENGINES = {HOLDFAST: holdfast, **RIVALS, FEATURETOOLS: featuretools}
WITHOUT_ASKING = [HOLDFAST, *RIVALS]
"""Featuretools only when asked: a million customers take it too long."""


def measured(customers: int, engines: list[str], repeats: int, folder: Path) -> dict[str, Any]:
    """Median seconds, ratio to hand-written Polars within the same round, and peak memory of every engine."""
    buckets = make_months(folder / "months", customers)
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in engines}
    for round_ in range(repeats):
        for engine in engines:
            runs[engine].append(in_own_process(MODULE, "--engine", engine, "--folder", folder))
            print(f"round {round_ + 1}: {engine} {runs[engine][-1]}", file=sys.stderr, flush=True)
    figures = {engine: _summary(runs[engine], runs.get(YARDSTICK)) for engine in engines}
    for engine in engines:
        if engine != HOLDFAST and HOLDFAST in engines:
            compared = COMPARED if engine == FEATURETOOLS else None
            figures[engine]["largest_difference"] = largest_difference(folder / HOLDFAST, folder / engine, compared)
    features = len(MEASURES) * 13
    return {"customers": customers, "buckets": buckets, "features": features, "repeats": repeats, "engines": figures}


def largest_difference(ours: Path, theirs: Path, windows: tuple[str, ...] | None = None) -> float:
    """The largest difference of any cell, relative where values exceed 1; infinite where null meets a value.

    `windows` are those that the other one can find, all when None. Float32 resolves 6e-8 of a value, so an absolute
    bound would say nothing about amounts in the thousands.
    """
    left, right = (pl.scan_parquet(sorted(folder.rglob("*.parquet"))) for folder in (ours, theirs))
    names = [name for name in left.collect_schema().names() if name != "customer_id"]
    if windows is not None:
        names = [f"{measure}_{window}" for measure in MEASURES for window in windows]
    both = left.join(right, on="customer_id", how="full", suffix="_", coalesce=True)
    cells = [_difference(pl.col(name).cast(pl.Float64), pl.col(f"{name}_").cast(pl.Float64)) for name in names]
    largest = both.select(pl.max_horizontal(*(cell.max() for cell in cells))).collect(engine="streaming").item()
    return float(largest)


def _difference(ours: pl.Expr, theirs: pl.Expr) -> pl.Expr:
    apart = (ours - theirs).abs() / pl.max_horizontal(ours.abs(), theirs.abs(), 1.0)
    return pl.when(ours.is_null() == theirs.is_null()).then(apart).otherwise(float("inf"))


def _summary(runs: list[dict[str, float]], yardstick: list[dict[str, float]] | None) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "seconds": round(statistics.median(run["seconds"] for run in runs), 2),
        "peak_gb": max(run["peak_gb"] for run in runs),
    }
    if yardstick:
        ratios = [run["seconds"] / other["seconds"] for run, other in zip(runs, yardstick, strict=True)]
        summary |= {
            "ratio": round(statistics.median(ratios), 2),
            "cpu_ratio": round(sum(run["cpu"] for run in runs) / sum(other["cpu"] for other in yardstick), 2),
        }
    return summary


def _run(engine: str, folder: Path) -> None:
    """Run one engine here and print its figures; neither reading the program nor starting Spark is timed."""
    out = folder / engine
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    own_seconds, figures = timed(lambda: ENGINES[engine](folder / "months", out))
    print(json.dumps(figures | ({"seconds": round(own_seconds, 3)} if own_seconds else {})))


def table_of(result: dict[str, Any]) -> str:
    lines = [f"{result['customers']:,} customers, {result['features']} features, {result['repeats']} rounds"]
    lines.append(f"{'engine':18}{'seconds':>9}{'x polars':>10}{'cpu x':>8}{'peak GB':>9}{'largest difference':>20}")
    for engine, figures in result["engines"].items():
        apart = figures.get("largest_difference")
        lines.append(
            f"{engine:18}{figures['seconds']:9.2f}{figures.get('ratio', float('nan')):10.2f}"
            f"{figures.get('cpu_ratio', float('nan')):8.2f}{figures['peak_gb']:9.2f}"
            + ("" if apart is None else f"{apart:20.1e}" + ("" if apart <= TOLERANCE else "  NOT EQUAL"))
        )
    return "\n".join(lines)


def main() -> None:
    parser = arguments(__doc__, ENGINES)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=WITHOUT_ASKING)
    chosen = parser.parse_args()
    if chosen.engine:
        _run(chosen.engine, chosen.folder)
        return
    result = told(chosen, lambda folder: measured(chosen.customers, chosen.engines, chosen.repeats, folder), table_of)
    differences = [figures.get("largest_difference", 0.0) for figures in result["engines"].values()]
    sys.exit(max(differences) > TOLERANCE)


if __name__ == "__main__":
    main()
