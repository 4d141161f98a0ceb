"""Who joins is linked to a number that is gone by their document: where some come back, and where nobody does."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.benchmarks.truth_goals import Figure, link_goals
from infra.benchmarks.truth_links import linked_and_true
from infra.simulator.worlds import read_world


def found(world: str, folder: Path) -> tuple[Figure, float]:
    return linked_and_true(read_world(world), 4_000, 3, folder)


def test_where_nobody_comes_back_nobody_is_linked(tmp_path: Path):
    linked, came_back = found("no_re_entry", tmp_path)
    assert (linked.value, came_back) == (0.0, 0.0)
    assert all(met for _, met in link_goals(linked).values())


def test_where_some_come_back_half_of_them_are_linked(tmp_path: Path):
    """A fifth show another document, and who only fell silent is still on the books."""
    linked, came_back = found("usual", tmp_path)
    assert linked.value == pytest.approx(0.5 * came_back, abs=0.05)
    assert came_back > 0.15
    assert not all(met for _, met in link_goals(linked).values())
