"""Whole month benchmark: a month from extract to verdict, step by step, and where its time goes.

A simulated operator's earlier months are ingested and its champions trained, which is not measured. Then each step
of `holdfast run-month` runs in a process of its own, without Prefect, whose tasks only wrap these steps. Loading the
program is a line of its own; a run does it once.

Run: python -m infra.benchmarks.whole_month --customers 100000 1000000
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

from flows import list_steps, monitor_steps, steps
from flows.workspace import Workspace
from infra.benchmarks.operator_home import RUN, arrival, home_in, make_home
from infra.benchmarks.own_process import Figures, by_customers, in_own_process, load_program, timed


def _ingest(work: Workspace, folder: Path) -> int:
    return sum(table.rows for table in steps.ingest(work, arrival(folder, RUN, RUN)))


def _monitor(work: Workspace, _: Path) -> int:
    rows: int = monitor_steps.monitor(work, RUN).content["rows"]
    return rows


STEPS: dict[str, Callable[[Workspace, Path], int]] = {
    "ingest": _ingest,
    "features": lambda work, _: steps.build_features(work, RUN).rows,
    "score": lambda work, _: list_steps.score(work, RUN).rows,
    "lists": lambda work, _: list_steps.write_list(work, RUN).scored,
    "monitor": _monitor,
}
"""In their order; each gives the rows it went over."""
START, PREPARE = "start", "prepare"
MODULE = "infra.benchmarks.whole_month"
SPREAD = 1.2
"""Times that a million customers may take at one size over another."""


def run(step: str, folder: Path, customers: int) -> Figures:
    """Run one step here; its figures."""
    if step == PREPARE:
        return timed(lambda: make_home(folder, customers))[1]
    if step == START:
        return timed(load_program)[1] | {"rows": 0}
    load_program()
    work = home_in(folder)
    rows, figures = timed(lambda: STEPS[step](work, folder))
    return figures | {"rows": rows}


def measured(customers: int, folder: Path) -> dict[str, Figures]:
    """The figures of every step by name, in their order, of an operator with so many customers."""
    figures = {}
    for step in (PREPARE, START, *STEPS):
        figures[step] = in_own_process(MODULE, "--step", step, "--folder", folder, "--customers", customers)
        print(f"{customers:,} customers: {step} {figures[step]}", file=sys.stderr, flush=True)
    del figures[PREPARE]
    return figures


def table_of(results: dict[int, dict[str, Figures]]) -> str:
    """A table per operator, its shares those of the processor time, and how it grows with the customers."""
    lines, spent = [], {}
    for customers, figures in results.items():
        total = {name: sum(step[name] for step in figures.values()) for name in ("seconds", "cpu")}
        lines.append(f"{customers:,} customers")
        lines.append(f"{'step':10}{'rows':>12}{'seconds':>10}{'cpu s':>9}{'share':>8}{'peak GB':>9}")
        lines += [
            f"{name:10}{step['rows']:12,}{step['seconds']:10.1f}{step['cpu']:9.1f}"
            f"{step['cpu'] / total['cpu']:8.0%}{step['peak_gb']:9.2f}"
            for name, step in figures.items()
        ]
        peak = max(step["peak_gb"] for step in figures.values())
        spent[customers] = total["cpu"] - figures[START]["cpu"]
        lines.append(f"{'together':22}{total['seconds']:10.1f}{total['cpu']:9.1f}{1:8.0%}{peak:9.2f}")
        each = spent[customers] / customers * 1e6
        lines.append(f"processor seconds per million customers, without the start: {each:.0f}\n")
    return "\n".join([*lines, *_growth(spent)])


def _growth(spent: Mapping[int, float]) -> list[str]:
    """Between sizes: what each further million took, which leaves out what is spent once, and how far apart all are."""
    sizes = sorted(spent)
    lines = [
        f"{fewer:,} to {more:,} customers: {(spent[more] - spent[fewer]) / (more - fewer) * 1e6:.0f} processor seconds "
        "for each further million"
        for fewer, more in pairwise(sizes)
    ]
    each = [spent[size] / size for size in sizes]
    apart = max(each) / min(each)
    verdict = "met" if apart <= SPREAD else "missed"
    told = f"per million, largest over smallest: {apart:.2f} (goal {SPREAD}: {verdict})"
    return [*lines, told] if len(sizes) > 1 else []


def main() -> None:
    by_customers(__doc__, (PREPARE, START, *STEPS), run, measured, table_of)


if __name__ == "__main__":
    main()
