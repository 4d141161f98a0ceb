"""Training benchmark: Holdfast's fit against bare `lightgbm.train` on the same matrix, in the same run.

Run: python -m infra.benchmarks.training --rows 300000 --columns 200 --repeats 3
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from typing import Any

import numpy as np

from features.months import Month
from models import churn
from models.churn import ChurnSettings, booster_parameters
from models.encoding import Encoding
from models.time_splits import split_months
from models.training_table import TrainingTable

MONTHS = 6
BASE_RATE = 0.02


def made_table(rows: int, columns: int, seed: int) -> TrainingTable:
    """Rows of six scoring months with a weak signal in a tenth of the columns, and 2 % leavers."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((rows, columns), dtype=np.float32)
    margin = matrix[:, : columns // 10].sum(axis=1) * 0.3
    margin += np.log(BASE_RATE / (1 - BASE_RATE)) - margin.var() / 2
    names = tuple(f"indicator_{place}" for place in range(columns))
    return TrainingTable(
        Encoding(names, {}),
        matrix,
        rng.random(rows) < 1 / (1 + np.exp(-margin)),
        np.arange(rows).astype(np.str_),
        np.sort(rng.integers(0, MONTHS, rows)),
        tuple(Month(2025, 1 + step) for step in range(MONTHS)),
    )


def bare(table: TrainingTable, settings: ChurnSettings, threads: int) -> None:
    """What somebody would write by hand: the same rows train, the same stop, nothing else."""
    import lightgbm as lgb

    splits = split_months(table.leavers(), settings.min_events)
    train, stopping = table.of(splits.train), table.of(splits.stopping)
    data = lgb.Dataset(table.matrix[train], table.churned[train])
    held_out = lgb.Dataset(table.matrix[stopping], table.churned[stopping], reference=data)
    callbacks: list[Any] = [lgb.early_stopping(settings.patience, verbose=False)]
    lgb.train(booster_parameters(settings, threads), data, settings.max_rounds, [held_out], callbacks=callbacks)


def measured(rows: int, columns: int, repeats: int) -> dict[str, Any]:
    """Seconds of both, in turn, and their ratio pair by pair."""
    # Before LightGBM is loaded, as the program does: spinning threads would be measured instead of either.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    table, settings, threads = made_table(rows, columns, seed=1), ChurnSettings(), len(os.sched_getaffinity(0))
    ours, theirs = [], []
    for _ in range(repeats):
        theirs.append(_seconds(lambda: bare(table, settings, threads)))
        ours.append(_seconds(lambda: churn.fit(table, 1, settings, threads)))
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return {
        "rows": rows,
        "columns": columns,
        "holdfast_seconds": round(statistics.median(ours), 2),
        "bare_seconds": round(statistics.median(theirs), 2),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    print(json.dumps(measured(chosen.rows, chosen.columns, chosen.repeats)))
