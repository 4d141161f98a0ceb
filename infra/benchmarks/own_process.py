"""Own process: a piece of work in a process of its own, with its seconds, processor seconds and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAM = ("deltalake", "evidently", "lightgbm", "mlflow", "pandas", "polars", "pyarrow.compute", "scipy.stats", "sklearn")
"""What the program loads sooner or later; loading it belongs to no single step."""


def in_own_process(module: str, *arguments: object) -> dict[str, Any]:
    """Run `python -m module arguments` and return the figures that it told with `tell`.

    Its errors go where this process's go. OpenMP's threads wait passively, as in the program.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    passive = {**os.environ, "OMP_WAIT_POLICY": "passive", "DO_NOT_TRACK": "true"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=passive)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def tell(work: Callable[[], dict[str, Any]]) -> None:
    """Do the work here and print its figures for `in_own_process`; what it returns is told with them."""
    started, cpu = time.perf_counter(), time.process_time()
    told = work()
    figures = {
        "seconds": round(time.perf_counter() - started, 3),
        "cpu": round(time.process_time() - cpu, 3),
        "peak_gb": round(peak_gb(), 3),
    }
    print(json.dumps(figures | told))


def peak_gb() -> float:
    """The most memory that this process has held, in GB.

    Not `ru_maxrss`: in a process that was just started Linux counts the memory of the one that started it too.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1e6
