"""Screening benchmark: what leaving out the screened indicators does to AUC on later months, against keeping all.

Run: python -m infra.benchmarks.screening --home var --from 2017-04 --to 2017-06 --horizon 1 --correlation 0.9 0.95 0.99
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.months import Month, months_between
from flows import model_steps
from flows.workspace import open_workspace
from models import churn
from models.backtest import Backtest, training_table
from models.evaluation import Scored, evaluate
from models.screener import Screener
from models.training_table import labelled_month

ALL = "all"


@dataclass(frozen=True)
class Judged:
    """One judged month: who left, and each recipe's scores; how many indicators a recipe kept and how long it took."""

    churned: NDArray[np.bool_]
    customers: NDArray[Any]
    scores: Mapping[str, NDArray[np.float64]]
    kept: Mapping[str, int]
    seconds: Mapping[str, float]


def recipes(test: Backtest, screener: Screener, grid: Sequence[tuple[float, float]]) -> dict[str, Backtest]:
    """Every recipe by name: all indicators, and one screening for each pair of thresholds."""
    made = {ALL: replace(test, screener=None)}
    for commonest, correlation in grid:
        settings = replace(screener.settings, max_commonest_share=commonest, max_correlation=correlation)
        made[f"{commonest:g}/{correlation:g}"] = replace(test, screener=replace(screener, settings=settings))
    return made


def judged(made: Mapping[str, Backtest], months: Sequence[Month], horizon: int, seeds: int) -> Iterator[Judged]:
    """Every month scored by each recipe trained as of it, the mean of boosters of several seeds."""
    for month in months:
        test = made[ALL]
        wanted = test.feature_set_at(month)
        truth = labelled_month(test.labelling(wanted, horizon, test.judged_by()), month)
        scores, kept, seconds = {}, {}, {}
        for name, recipe in made.items():
            started = time.perf_counter()
            table = training_table(recipe, month, horizon, wanted)
            kept[name] = len(table.encoding.columns)
            settings = [replace(recipe.settings, seed=seed) for seed in range(seeds)]
            fitted = [churn.fit(table, horizon, one, recipe.threads) for one in settings]
            matrix = table.encoding.matrix(truth.rows)
            scores[name] = np.mean([model.predict(matrix, test.threads) for model in fitted], axis=0)
            seconds[name] = time.perf_counter() - started
            print(f"{month} {name}: {kept[name]} columns, {seconds[name]:.1f} s", file=sys.stderr, flush=True)
        yield Judged(truth.churned, truth.customers, scores, kept, seconds)


def measured(made: Mapping[str, Backtest], months: Sequence[Month], horizon: int, seeds: int) -> dict[str, Any]:
    """AUC of each recipe, and its difference from that with all indicators, with intervals over whole customers."""
    parts = list(judged(made, months, horizon, seeds))
    _, codes = np.unique(np.concatenate([part.customers for part in parts]), return_inverse=True)
    scores = {name: np.concatenate([part.scores[name] for part in parts]) for name in made}
    scored = Scored(np.concatenate([part.churned for part in parts]), codes, scores)
    found = evaluate(scored, ALL, made[ALL].evaluation)
    return {
        "months": [str(month) for month in months],
        "horizon": horizon,
        "customers": found["customers"],
        "leavers": found["events"],
        "recipes": {
            name: {
                "columns": [part.kept[name] for part in parts],
                "seconds": round(sum(part.seconds[name] for part in parts), 1),
                "auc": _rounded(found["metrics"][name]["auc"]),
                "average_precision": _rounded(found["metrics"][name]["average_precision"]),
                **({"auc minus all": _minus(found["differences"][name]["auc"])} if name != ALL else {}),
            }
            for name in made
        },
    }


def _rounded(figure: Mapping[str, Any]) -> list[float | None]:
    return [None if figure[part] is None else round(figure[part], 4) for part in ("value", "low", "high")]


def _minus(figure: Mapping[str, Any]) -> list[float | None]:
    """The other way round: what evaluation gives is all indicators minus the screened ones."""
    return [None if figure[part] is None else round(-figure[part], 4) for part in ("value", "high", "low")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--from", dest="first", type=Month.parse, required=True)
    parser.add_argument("--to", dest="last", type=Month.parse, required=True)
    parser.add_argument("--horizon", type=int, default=1)
    parser.add_argument("--commonest", type=float, nargs="+", default=[0.995])
    parser.add_argument("--correlation", type=float, nargs="+", default=[0.95])
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    work = open_workspace(asked.home, None, lambda _: None)
    grid = [(commonest, correlation) for commonest in asked.commonest for correlation in asked.correlation]
    made = recipes(model_steps.backtest_setup(work), model_steps.screener(work), grid)
    months = list(months_between(asked.first, asked.last))
    print(json.dumps(measured(made, months, asked.horizon, asked.seeds), indent=1))


if __name__ == "__main__":
    main()
