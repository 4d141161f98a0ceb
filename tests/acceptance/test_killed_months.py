"""A month, or a training, is killed anywhere: readers find old or new, and a rerun ends as if nothing had happened.

A sample of the points; `make sweep` takes every one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.acceptance.homes_compared import differences
from tests.acceptance.killed_months import Ground, Target, kill, sampled
from tests.acceptance.runs_apart import MONTH, Runner, warm

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run() -> Iterator[Runner]:
    with warm(MONTH) as runner:
        yield runner


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, run: Runner) -> Ground:
    return Ground(tmp_path_factory.mktemp("ground"), run)


@pytest.fixture(scope="module")
def first(ground: Ground) -> Target:
    return ground.first()


def problems(run: Runner, target: Target, points: int) -> list[str]:
    """What was wrong after kills at some of the target's points."""
    tried = [kill(run, target, at) for at in sampled(target.calls, points)]
    return [f"{one.at}, {one.call}: {problem}" for one in tried for problem in one.wrong]


def test_a_month_that_is_killed_anywhere_and_run_again_is_as_if_nothing_had_happened(run: Runner, first: Target):
    kinds = {call.split()[0] for call in first.calls}
    assert {"fsync", "rename", "linkat", "unlink"} <= kinds
    assert [name for name in first.new.seen if name.startswith("lists/month=2025-07/halls/")]
    assert not [name for name in first.old.seen if name.startswith("lists/")]
    assert problems(run, first, points=5) == []


@pytest.mark.parametrize(("make", "points"), [(Ground.correction, 5), (Ground.second_training, 2)])
def test_so_is_one_that_replaces_an_older_one_and_a_training_that_meets_a_champion(
    run: Runner, ground: Ground, make: Callable[[Ground], Target], points: int
):
    target = make(ground)
    changed = {name for name, held in target.new.seen.items() if target.old.seen.get(name, held) != held}
    assert points == 2 or {"lists/month=2025-07/province.csv", "monitoring/month=2025-07/drift.html"} <= changed
    assert problems(run, target, points) == []


def test_a_second_run_of_the_month_at_the_same_time_waits_and_finds_the_work_done(run: Runner, first: Target):
    shutil.rmtree(first.home)
    shutil.copytree(first.job.start, first.home)
    job = replace(first.job, start="", kill_at=None)
    entered = sorted(ended.result for ended in run([job, job]))
    assert entered == [0, 6]  # two delivered tables, features, scores, list, monitoring
    assert differences(first.home, first.new) == []
