"""Own process: a piece of work in a process of its own, with its seconds, processor seconds and peak memory."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import psutil

PROGRAM = (
    "deltalake",
    "evidently",
    "lightgbm",
    "mlflow",
    "pandas",
    "polars",
    "pyarrow.compute",
    "scipy.stats",
    "sklearn",
)
"""What the program loads sooner or later; loading it belongs to no single step."""

FEWEST = 2_000
"""Customers of a simulated operator: with fewer, chance alone makes a month look like a partial extract."""

Figures = dict[str, Any]
Result = TypeVar("Result")


def in_own_process(module: str, *arguments: object) -> Figures:
    """Run `python -m module arguments` and return the figures that it printed last, as one JSON object.

    Its errors go where this process's go. OpenMP's threads wait passively, as in the program.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    passive = {**os.environ, "OMP_WAIT_POLICY": "passive", "DO_NOT_TRACK": "true"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=passive)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def timed(work: Callable[[], Result]) -> tuple[Result, Figures]:
    """What the work gives, its seconds and processor seconds, and the most memory this process ever held.

    Processes that it started and that still run, such as Spark's Java, count too.
    """
    started, cpu = time.perf_counter(), _cpu_seconds()
    result = work()
    seconds, cpu = time.perf_counter() - started, _cpu_seconds() - cpu
    return result, {"seconds": round(seconds, 3), "cpu": round(cpu, 3), "peak_gb": round(_peak_gb(), 3)}


def arguments(about: str | None, engines: Iterable[str]) -> argparse.ArgumentParser:
    """What every comparison of engines can be asked, and how it asks itself for one of them in an own process."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--engine", choices=list(engines), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


def folder_with_room(text: str) -> Path:
    """An argument that names a folder, which is made where it is not there yet."""
    folder = Path(text)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def at_least(least: int) -> Callable[[str], int]:
    """The type of a number on a benchmark's command line that has to be so large."""

    def parsed(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from {least:,} on")
        return int(text)

    return parsed


def by_customers(
    about: str | None,
    steps: Iterable[str],
    run: Callable[[str, Path, int], Figures],
    measured: Callable[[int, Path], Figures],
    table: Callable[[dict[int, Figures]], str],
) -> None:
    """The command line of what is measured at several numbers of customers, each in a folder that is gone afterwards.

    A step is `run` in an own process, which prints its figures for `in_own_process`.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=at_least(FEWEST), nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the tables")
    parser.add_argument("--step", choices=list(steps), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        print(json.dumps(run(chosen.step, chosen.folder, chosen.customers[0])))
        return
    results = {}
    for customers in chosen.customers:
        with tempfile.TemporaryDirectory() as folder:
            results[customers] = measured(customers, Path(folder))
    print(json.dumps(results) if chosen.json else table(results))


def told(asked: argparse.Namespace, measured: Callable[[Path], Figures], table: Callable[[Figures], str]) -> Figures:
    """Measure in a folder that is gone afterwards, and print the figures as they were asked for."""
    with tempfile.TemporaryDirectory() as folder:
        result = measured(Path(folder))
    print(json.dumps(result) if asked.json else table(result))
    return result


def load_program() -> None:
    for module in PROGRAM:
        importlib.import_module(module)


def _cpu_seconds() -> float:
    started = psutil.Process().children(recursive=True)
    return time.process_time() + float(sum(sum(process.cpu_times()[:2]) for process in started))


def _peak_gb() -> float:
    this = psutil.Process()
    return sum(_peak_of(process.pid) for process in (this, *this.children(recursive=True)))


def _peak_of(process: int) -> float:
    """Not `ru_maxrss`: in a process that was just started Linux counts the memory of the one that started it too."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0) / 1e6
