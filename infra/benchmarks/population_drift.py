"""Population drift benchmark: Holdfast's whole-population drift against bare Polars, and Evidently on what it can do.

Holdfast counts a month of the warehouse bucket by bucket, measures and judges it; bare Polars bins the same files with
`bin_intervals`, and its counts have to be equal. Evidently's drift preset gets a part in memory.
Every engine runs in a process of its own, in turn.

Run: python -m infra.benchmarks.population_drift --rows 1000000 --columns 200 --repeats 3
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from features.engine import EngineSettings
from features.known_months import Frame
from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from features.warehouse import Warehouse
from infra.benchmarks.own_process import arguments, in_own_process, load_program, timed, told
from models.drift_reference import SAMPLE_ROWS, DriftReference, number_cells
from models.usual_movement import BUCKETS, count_features
from serving.monitoring.population_drift import SCORE, count_month, measure
from serving.monitoring.verdict import MonitoringSettings, judge

MODULE = "infra.benchmarks.population_drift"
MONTH = Month(2025, 6)
FEATURES, SCORES = "features", "customer_scores"
BUCKET_ROWS = 65_536
EVIDENTLY_ROWS, EVIDENTLY_COLUMNS = 20_000, 20
UNKNOWN = 0.03
Counts = dict[str, list[int]]


def made_rows(rows: int, columns: int, seed: list[int]) -> pl.DataFrame:
    """Gamma-distributed numbers as Float32, a fifth of them zero and some unknown, and a score."""
    rng = np.random.default_rng(seed)
    made = {SCORE: pl.Series(rng.beta(1, 30, rows))}
    for place in range(columns):
        values = rng.gamma(2.0, 20.0, rows).astype(np.float32)
        values[rng.random(rows) < 0.2] = 0
        values[rng.random(rows) < UNKNOWN] = np.nan
        made[f"indicator_{place}"] = pl.Series(values).fill_nan(None)
    return pl.DataFrame(made)


def make_month(folder: Path, rows: int, columns: int) -> None:
    """A feature month and its scores in a warehouse, and a reference learned from other rows of the same kind."""
    ledger, buckets = _ledger(folder), -(-rows // BUCKET_ROWS)

    def parts(score: bool) -> Iterator[tuple[int, Frame]]:
        for bucket, some in enumerate(np.array_split(np.arange(rows), buckets)):
            made = made_rows(len(some), columns, [2, bucket])
            yield bucket, nw.from_native((made.select(SCORE) if score else made.drop(SCORE)).lazy())

    staged = [ledger.warehouse.stage_month(table, MONTH, parts(table == SCORES)) for table in (FEATURES, SCORES)]
    ledger.enter(staged, Origin("made", "made", "benchmark", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    before = made_rows(min(rows, SAMPLE_ROWS), columns, [1])
    cells = {name: number_cells(before[name].to_numpy()) for name in before.columns}
    score, size = cells.pop(SCORE), before.height
    reference = DriftReference(
        *(("2025-05",), size, size, size, size, cells, {}, score),
        importance=dict.fromkeys(cells, 1 / columns),
        usual=dict.fromkeys(cells, 0.001),
    )
    (folder / "reference.json").write_text(reference.to_json())


def holdfast(folder: Path) -> Counts:
    """Count the month and the one before, measure and judge, as `holdfast monitor` does before it writes anything."""
    ledger, reference = _ledger(folder), _reference(folder)
    counts = count_month(ledger, _entry(ledger, FEATURES), _entry(ledger, SCORES), reference)
    before = count_features(ledger, _entry(ledger, FEATURES), reference, BUCKETS)
    judge(measure(counts, reference, before), MonitoringSettings())
    return {name: list(cells) for name, cells in counts.items()}


def polars(folder: Path) -> Counts:
    """What somebody would write by hand: bin, group and count each column, streaming."""
    ledger, reference = _ledger(folder), _reference(folder)
    counts: Counts = {}
    for table, numbers in ((FEATURES, dict(reference.numbers)), (SCORES, {SCORE: reference.score})):
        rows = pl.scan_parquet(ledger.warehouse.files(table, MONTH, _entry(ledger, table).version))
        asked = [
            rows.select(pl.col(name).bin_intervals(cells.edges, labels=False, right_closed=True)).group_by(name).len()
            for name, cells in numbers.items()
        ]
        for (name, cells), found in zip(numbers.items(), pl.collect_all(asked, engine="streaming"), strict=True):
            held = dict(found.iter_rows())
            counts[name] = [held.get(place, 0) for place in range(len(cells.means))] + [held.get(None, 0)]
    return counts


def evidently(_folder: Path) -> float:
    """Seconds of the drift preset with PSI on a part in memory; neither importing nor making the frames is timed."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    names = [f"indicator_{place}" for place in range(EVIDENTLY_COLUMNS)]
    definition = DataDefinition(numerical_columns=names)
    before, now = (
        Dataset.from_pandas(
            made_rows(EVIDENTLY_ROWS, EVIDENTLY_COLUMNS, [seed]).select(names).to_pandas(), data_definition=definition
        )
        for seed in (1, 2)
    )
    started = time.perf_counter()
    Report([DataDriftPreset(num_method="psi")]).run(now, before)
    return time.perf_counter() - started


ENGINES = {"holdfast": holdfast, "polars": polars, "evidently": evidently}


def _ledger(folder: Path) -> MonthLedger:
    return MonthLedger(Warehouse(folder / "tables", EngineSettings()))


def _reference(folder: Path) -> DriftReference:
    return DriftReference.from_json((folder / "reference.json").read_text())


def _entry(ledger: MonthLedger, table: str) -> Entry:
    entry = ledger.known(table, MONTH)
    assert entry is not None
    return entry


def measured(rows: int, columns: int, repeats: int, folder: Path) -> dict[str, Any]:
    """Median seconds, peak memory and cells per second of each engine, and Holdfast's ratio to Polars by round."""
    make_month(folder, rows, columns)
    runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    for round_ in range(repeats):
        for engine, done in runs.items():
            done.append(in_own_process(MODULE, "--engine", engine, "--folder", folder))
            print(f"round {round_ + 1}: {engine} {done[-1]['seconds']} s", file=sys.stderr, flush=True)
    cells = {"evidently": EVIDENTLY_ROWS * EVIDENTLY_COLUMNS}
    pairs = zip(runs["holdfast"], runs["polars"], strict=True)
    return {
        "rows": rows,
        "columns": columns,
        "engines": {engine: _summary(done, cells.get(engine, rows * (columns + 1))) for engine, done in runs.items()},
        "ratio_to_polars": round(statistics.median(ours["seconds"] / theirs["seconds"] for ours, theirs in pairs), 2),
        "cpu_ratio": round(_total_cpu(runs["holdfast"]) / _total_cpu(runs["polars"]), 2),
        "equal": all(run["counts"] == runs["holdfast"][0]["counts"] for run in runs["holdfast"] + runs["polars"]),
    }


def _total_cpu(runs: list[dict[str, Any]]) -> float:
    return float(sum(run["cpu"] for run in runs))


def _summary(runs: list[dict[str, Any]], cells: int) -> dict[str, Any]:
    seconds = statistics.median(run["seconds"] for run in runs)
    return {
        "seconds": round(seconds, 2),
        "cpu": round(statistics.median(run["cpu"] for run in runs), 2),
        "peak_gb": max(run["peak_gb"] for run in runs),
        "million_cells_per_second": round(cells / seconds / 1e6, 2),
    }


def _run(engine: str, folder: Path) -> None:
    """Run one engine here and print its figures; reading the program is not timed."""
    load_program()
    result, figures = timed(lambda: ENGINES[engine](folder))
    if isinstance(result, float):
        print(json.dumps(figures | {"seconds": round(result, 3), "counts": None}))
    else:
        print(json.dumps(figures | {"counts": result}))


def table_of(result: dict[str, Any]) -> str:
    lines = [f"{result['rows']:,} rows x {result['columns']} columns"]
    lines.append(f"(Evidently: {EVIDENTLY_ROWS:,} rows x {EVIDENTLY_COLUMNS} columns)")
    lines.append(f"{'engine':12}{'seconds':>9}{'cpu s':>8}{'peak GB':>9}{'million cells/s':>17}")
    lines += [
        f"{engine:12}{found['seconds']:9.2f}{found['cpu']:8.2f}{found['peak_gb']:9.2f}"
        f"{found['million_cells_per_second']:17.2f}"
        for engine, found in result["engines"].items()
    ]
    lines.append(
        f"Holdfast / Polars: {result['ratio_to_polars']} of the time, {result['cpu_ratio']} of the processor time"
    )
    return "\n".join([*lines, f"counts {'equal' if result['equal'] else 'NOT EQUAL'}"])


def main() -> None:
    parser = arguments(__doc__, ENGINES)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=200)
    chosen = parser.parse_args()
    if chosen.engine:
        _run(chosen.engine, chosen.folder)
        return
    result = told(chosen, lambda folder: measured(chosen.rows, chosen.columns, chosen.repeats, folder), table_of)
    sys.exit(not result["equal"])


if __name__ == "__main__":
    main()
