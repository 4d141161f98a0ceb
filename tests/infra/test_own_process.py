"""Tests of the benchmarks' own process."""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from infra.benchmarks.own_process import in_own_process, timed


def test_what_a_process_held_is_not_taken_for_what_its_child_holds():
    """Linux's ru_maxrss would be."""
    held = np.ones(50_000_000)  # 0.4 GB, which the child never needs
    figures = in_own_process("tests.infra.test_own_process")
    assert len(held) == 50_000_000
    assert figures["peak_gb"] < 0.2


def test_seconds_in_which_nothing_is_worked_out_are_no_processor_seconds():
    result, figures = timed(lambda: time.sleep(0.2) or "slept")
    assert result == "slept"
    assert figures["seconds"] >= 0.2
    assert figures["cpu"] < 0.1


if __name__ == "__main__":
    sys.stdout.write(json.dumps(timed(lambda: None)[1]))
