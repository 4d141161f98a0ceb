"""Scoring benchmark: a month from the feature table to committed scores, against bare `Booster.predict` in memory.

The rows are drawn from the feature month of a simulated operator for whom champions were trained. Holdfast reads
them, makes the matrix, predicts, calibrates, tells bands, values and segments, hashes, writes, syncs and commits; bare
LightGBM gets the finished matrix. Each in a process of its own, in turn; the probabilities have to be equal.

Run: python -m infra.benchmarks.scoring --rows 500000 --repeats 3
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.engine import batches, collect
from features.feature_months import build_feature_month
from features.known_months import Frame
from features.month_ledger import Entry, Origin
from flows import steps
from flows.list_steps import scoring_of
from infra.benchmarks.operator_home import RUN, arrival, home_in, make_home
from infra.benchmarks.own_process import Figures, in_own_process, load_program, timed
from serving.customer_scores import Scoring, score_month

MODULE = "infra.benchmarks.scoring"
BUCKET_ROWS = 65_536
PREPARE = "prepare"
Floats = NDArray[np.float64]


def prepare(folder: Path, rows: int, customers: int) -> Figures:
    """Make the home, and put drawn rows in the place of its feature month, under ids of their own."""
    make_home(folder, customers)
    work = home_in(folder)
    steps.ingest(work, arrival(folder, RUN, RUN))
    scoring = scoring_of(work, RUN, anew=True)
    made, warehouse = _features(scoring), scoring.ledger.warehouse
    held = collect(warehouse.read(made.table, RUN, made.version))

    def drawn() -> Iterator[tuple[int, Frame]]:
        rng = np.random.default_rng(1)
        for bucket, ids in enumerate(np.array_split(np.arange(rows), -(-rows // BUCKET_ROWS))):
            names = pl.Series("customer_id", [f"{number:032x}" for number in ids])
            yield bucket, nw.from_native(held[rng.integers(0, held.height, len(ids))].with_columns(names).lazy())

    staged = warehouse.stage_month(made.table, RUN, drawn())
    # Entered as made from the same inputs, so that scoring takes these rows for the month's own.
    scoring.ledger.enter([staged], Origin(made.inputs, made.source, scoring.code, scoring.now))
    model = scoring.champion.model
    return {"trees": model.booster.num_trees(), "columns": len(model.encoding.columns)}


def holdfast(scoring: Scoring) -> tuple[Floats, Figures]:
    """The month through Holdfast, by a version of the champion that has not scored it yet."""
    new = dataclasses.replace(scoring.champion, version=len(scoring.ledger.entries()))
    entry, figures = timed(lambda: score_month(dataclasses.replace(scoring, champion=new), RUN))
    scores = scoring.ledger.warehouse.read(entry.table, RUN, entry.version)
    return collect(scores.select("probability"))["probability"].to_numpy(), figures


def bare(scoring: Scoring) -> tuple[Floats, Figures]:
    """LightGBM alone on the whole matrix, in the layout that it got from Holdfast, which it reads no slower."""
    entry, warehouse, model = _features(scoring), scoring.ledger.warehouse, scoring.champion.model
    files = warehouse.files(entry.table, RUN, entry.version)
    matrix = np.empty((entry.rows, len(model.encoding.columns)), dtype=np.float32, order="F")
    end = 0
    for batch in batches(files, warehouse.engine, scoring.columns()):
        matrix[end : end + batch.num_rows] = model.encoding.matrix(batch)
        end += batch.num_rows
    margins, figures = timed(lambda: model.booster.predict(matrix, raw_score=True, num_threads=scoring.threads))
    return model.calibrator.apply_margin(np.asarray(margins)), figures


ENGINES: dict[str, Callable[[Scoring], tuple[Floats, Figures]]] = {"holdfast": holdfast, "bare": bare}


def _features(scoring: Scoring) -> Entry:
    return build_feature_month(scoring.ledger, RUN, scoring.feature_set(), now=scoring.now)


def run(engine: str, folder: Path) -> Figures:
    """Run one engine here; its figures, and a hash of the probabilities. Reading program and model is not timed."""
    load_program()
    scoring = scoring_of(home_in(folder), RUN, anew=True)
    assert scoring.champion.model.booster.num_trees()  # parsed here and now, not while the clock runs
    probabilities, figures = ENGINES[engine](scoring)
    return figures | {"probabilities": hashlib.sha256(probabilities.tobytes()).hexdigest()}


def measured(rows: int, customers: int, repeats: int, folder: Path) -> dict[str, Any]:
    """Median seconds and peak memory of both, and their ratios pair by pair."""
    given = ("--folder", folder, "--rows", rows, "--customers", customers)
    model = in_own_process(MODULE, "--engine", PREPARE, *given)
    runs: dict[str, list[Figures]] = {engine: [] for engine in ENGINES}
    for round_ in range(repeats):
        for engine, done in runs.items():
            done.append(in_own_process(MODULE, "--engine", engine, *given))
            print(f"round {round_ + 1}: {engine} {done[-1]}", file=sys.stderr, flush=True)
    return {
        "rows": rows,
        **model,
        "engines": {engine: _summary(done) for engine, done in runs.items()},
        "ratios": _ratios(runs, "seconds"),
        "cpu_ratios": _ratios(runs, "cpu"),
        "equal": len({run["probabilities"] for done in runs.values() for run in done}) == 1,
    }


def _summary(runs: list[Figures]) -> Figures:
    medians = {name: round(statistics.median(run[name] for run in runs), 2) for name in ("seconds", "cpu")}
    return medians | {"peak_gb": max(run["peak_gb"] for run in runs)}


def _ratios(runs: dict[str, list[Figures]], name: str) -> list[float]:
    return [round(ours[name] / theirs[name], 2) for ours, theirs in zip(runs["holdfast"], runs["bare"], strict=True)]


def table_of(result: dict[str, Any]) -> str:
    lines = [f"{result['rows']:,} rows x {result['columns']} columns, {result['trees']} trees"]
    lines.append(f"{'engine':12}{'seconds':>9}{'cpu s':>8}{'peak GB':>9}")
    lines += [
        f"{engine:12}{found['seconds']:9.2f}{found['cpu']:8.2f}{found['peak_gb']:9.2f}"
        for engine, found in result["engines"].items()
    ]
    for name, what in (("ratios", "time"), ("cpu_ratios", "processor time")):
        lines.append(f"Holdfast / bare, {what}: median {statistics.median(result[name])}, by round {result[name]}")
    return "\n".join([*lines, f"probabilities {'equal' if result['equal'] else 'NOT EQUAL'}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--customers", type=int, default=250_000, help="of the operator whose rows are drawn from")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--engine", choices=(PREPARE, *ENGINES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        folder = chosen.folder
        told = (
            prepare(folder, chosen.rows, chosen.customers) if chosen.engine == PREPARE else run(chosen.engine, folder)
        )
        print(json.dumps(told))
        return
    with tempfile.TemporaryDirectory() as folder:
        result = measured(chosen.rows, chosen.customers, chosen.repeats, Path(folder))
    print(json.dumps(result) if chosen.json else table_of(result))
    sys.exit(not result["equal"])


if __name__ == "__main__":
    main()
