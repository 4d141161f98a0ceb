"""Single indicators: how far each of them alone tells leavers from stayers. None may reach 0.75.

If one did, whoever knew it would need no model, and the simulated operator would be easier than a real one. A
number ranks customers either way, the unknown below all others or above, whichever tells most. A category ranks
them by its share of leavers among every second customer, judged on the others: out of sample. Unknown is a category.

The labels are those that the program would learn from, at each horizon of the source; the exit code is 1 when an
indicator reaches 0.75 at any of them.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from features import feature_table
from features.engine import collect
from features.labels import ChurnDefinition, labels
from features.months import Month
from features.population import scored_population
from features.sources import load_source
from flows.settings import SOURCES
from infra.benchmarks.operator_home import SOURCE
from infra.benchmarks.truth_tables import TruthTables
from infra.simulator.chance import Array
from infra.simulator.operator import start
from infra.simulator.plausible import operator_asked_for, operator_options

TOO_TELLING = 0.75
LOOK_BACK = 6
"""Months before which the longest windows are not full."""
SHOWN = 10


class Alone(NamedTuple):
    """An indicator, and the area under its own curve."""

    name: str
    auc: float


class Scored(NamedTuple):
    """The indicators of everybody scored in a month, and of each horizon who of them left."""

    indicators: pl.DataFrame
    left: Mapping[int, Array]


def main(arguments: list[str] | None = None) -> int:
    """Print the best indicators of each horizon; 1 when one tells too much."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.benchmarks.single_indicators",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    operator_options(parser)
    beginning = operator_asked_for(parser, parser.parse_args(arguments))
    churn = load_source(SOURCE, SOURCES).churn
    scored = beginning.first + (LOOK_BACK - 1)
    months = beginning.first.until(churn.matures(scored, max(churn.horizons))) + 1
    with tempfile.TemporaryDirectory() as folder:
        tables = TruthTables(Path(folder) / "tables")
        start(Path(folder) / "operator", beginning, months=months, write=tables)
        told = everybody_scored(tables, scored, churn)
    best = {horizon: alone(told.indicators, left) for horizon, left in told.left.items()}
    for horizon, ranked in best.items():
        print(f"horizon {horizon}: {told.left[horizon].sum():,} of {told.indicators.height:,} left")
        print("\n".join(f"  {name:<44}{auc:.4f}" for name, auc in ranked[:SHOWN]))
    too_telling = [ranked[0] for ranked in best.values() if ranked[0].auc >= TOO_TELLING]
    print(f"{'NOT PLAUSIBLE: an indicator reaches' if too_telling else 'no single indicator reaches'} {TOO_TELLING}")
    return int(bool(too_telling))


def everybody_scored(tables: TruthTables, month: Month, churn: ChurnDefinition) -> Scored:
    """Build the indicators and the labels of a month, block by block."""
    indicators, left = [], []
    for block in tables.blocks():
        known = tables.known_months(month, block)
        people = scored_population(known, churn)
        indicators.append(collect(feature_table.build(known, people, ())).sort("customer_id"))
        told = {
            str(horizon): collect(
                labels(tables.known_months(churn.matures(month, horizon), block), people, month, horizon, churn)
            ).sort("customer_id")["churned"]
            for horizon in churn.horizons
        }
        left.append(pl.DataFrame(told))
    outcomes = pl.concat(left)
    return Scored(pl.concat(indicators), {horizon: outcomes[str(horizon)].to_numpy() for horizon in churn.horizons})


def alone(indicators: pl.DataFrame, left: Array) -> list[Alone]:
    """Every indicator of one row per customer, the most telling first; `left` says who of them did, in their order."""
    judged = [
        Alone(column.name, (by_number if column.dtype.is_numeric() else by_category)(column, left))
        for column in indicators.drop("customer_id")
    ]
    return sorted(judged, key=lambda one: (-one.auc, one.name))


def by_number(column: pl.Series, left: Array) -> float:
    """The area of a number, either way round and with the unknown at either end, whichever is most."""
    areas = [area(column.cast(pl.Float64).fill_null(end), left) for end in (-math.inf, math.inf)]
    return max(*areas, *(1 - found for found in areas))


def by_category(column: pl.Series, left: Array) -> float:
    """The area of a category's share of leavers: learned from every second customer, judged on the others, and back."""
    rows = pl.DataFrame({"category": column, "left": left})
    even = np.arange(len(column)) % 2 == 0
    return (_judged(rows.filter(even), rows.filter(~even)) + _judged(rows.filter(~even), rows.filter(even))) / 2


def _judged(learned: pl.DataFrame, others: pl.DataFrame) -> float:
    shares = learned.group_by("category").agg(share=pl.col("left").mean())
    told = others.join(shares, on="category", how="left", nulls_equal=True, maintain_order="left")
    return area(told["share"].fill_null(learned["left"].mean()), told["left"].to_numpy())


def area(values: pl.Series, left: Array) -> float:
    """The area under the curve by the sum of ranks (Mann and Whitney), ties counting half; none may be unknown."""
    leavers, stayers = int(left.sum()), int((~left).sum())
    ranks = values.rank("average").to_numpy()
    return float((ranks[left].sum() - leavers * (leavers + 1) / 2) / (leavers * stayers))


if __name__ == "__main__":
    sys.exit(main())
