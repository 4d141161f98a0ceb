"""Feature build benchmark: a feature month of a simulated operator from all its tables, and which side takes how long.

The operator's six months are simulated and ingested first, which is not measured. Then the month is built as
`holdfast build-features` does it, and once more side by side: each side's indicators alone, the others left out. What
engines without Holdfast can do of it, windows of months, `window_features` compares.

Run: python -m infra.benchmarks.feature_build --customers 100000 1000000
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from features.engine import collect
from features.feature_table import SIDES, catalogue
from features.population import scored_population
from flows import steps
from infra.benchmarks.operator_home import TRAINED, home_in, make_months
from infra.benchmarks.own_process import Figures, by_customers, in_own_process, load_program, timed

MODULE = "infra.benchmarks.feature_build"
PREPARE, BUILD, ALONE = "prepare", "build", "sides"
SPREAD = 1.2
"""Time per million customers may differ so much between the sizes: 20 %."""


def run(step: str, folder: Path, customers: int) -> Figures:
    """Run one step here; its figures."""
    load_program()
    if step == PREPARE:
        return timed(lambda: make_months(folder, customers, TRAINED))[1]
    return _built(folder) if step == BUILD else _sides(folder)


def _built(folder: Path) -> Figures:
    """The month that the warehouse does not hold yet, with its rows, indicators and buckets."""
    work = home_in(folder)
    entry, figures = timed(lambda: steps.build_features(work, TRAINED))
    indicators = len(catalogue(()))
    return figures | {"rows": entry.rows, "indicators": indicators, "buckets": work.home.facts()["buckets"]}


def _sides(folder: Path) -> Figures:
    """Processor seconds of each side alone in all buckets: of reading its tables, joining and working it out."""
    work = home_in(folder)
    churn, seen = work.source().churn, work.ledger.at_rest()
    entry = seen.known("customers", TRAINED, TRAINED)
    assert entry is not None, "the months were ingested"
    spent: dict[str, float] = {}
    for bucket in seen.warehouse.buckets_of("customers", TRAINED, entry.version):
        known = seen.known_months(TRAINED, bucket)
        population = scored_population(known, churn).select("customer_id")
        for side in SIDES:
            _, figures = timed(partial(_collected, side, known, population))
            name = side.__name__.rpartition(".")[2]
            spent[name] = spent.get(name, 0.0) + figures["cpu"]
    return {name: round(cpu, 2) for name, cpu in sorted(spent.items(), key=lambda one: -one[1])}


def _collected(side: Any, known: Any, population: Any) -> pl.DataFrame | None:
    built = side.build(known, population)
    return None if built is None else collect(built)


def measured(customers: int, folder: Path) -> dict[str, Figures]:
    """The figures of the build, and the processor seconds of each side."""
    figures = {}
    for step in (PREPARE, BUILD, ALONE):
        figures[step] = in_own_process(MODULE, "--step", step, "--folder", folder, "--customers", customers)
        print(f"{customers:,} customers: {step} {figures[step]}", file=sys.stderr, flush=True)
    return figures


def table_of(results: dict[int, dict[str, Figures]]) -> str:
    """A line per size, whether time per million stayed the same, and the sides of the largest."""
    lines = [f"{'customers':>12}{'indicators':>12}{'seconds':>10}{'cpu s':>9}{'cpu s per million':>19}{'peak GB':>9}"]
    each = {}
    for customers, figures in results.items():
        built = figures[BUILD]
        each[customers] = built["cpu"] / built["rows"] * 1e6
        lines.append(
            f"{built['rows']:12,}{built['indicators']:12}{built['seconds']:10.1f}{built['cpu']:9.1f}"
            f"{each[customers]:19.1f}{built['peak_gb']:9.2f}"
        )
    apart = max(each.values()) / min(each.values())
    verdict = "met" if apart <= SPREAD else "missed"
    if len(each) > 1:
        lines.append(f"per million, largest over smallest: {apart:.2f} (goal {SPREAD}: {verdict})")
    sides = results[max(results)][ALONE]
    total = sum(sides.values())
    lines += ["", f"{'side alone':20}{'cpu s':>9}{'share':>8}"]
    lines += [f"{side:20}{cpu:9.1f}{cpu / total:8.0%}" for side, cpu in sides.items()]
    return "\n".join(lines)


def main() -> None:
    by_customers(__doc__, (PREPARE, BUILD, ALONE), run, measured, table_of)


if __name__ == "__main__":
    main()
