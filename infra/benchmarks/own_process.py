"""Own process: a piece of work in a process of its own, with its seconds, processor seconds and peak memory."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

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
    """What the work gives, its seconds and processor seconds, and the most memory this process ever held."""
    started, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return result, {"seconds": round(seconds, 3), "cpu": round(cpu, 3), "peak_gb": round(_peak_gb(), 3)}


def load_program() -> None:
    for module in PROGRAM:
        importlib.import_module(module)


def _peak_gb() -> float:
    """Not `ru_maxrss`: in a process that was just started Linux counts the memory of the one that started it too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1e6
