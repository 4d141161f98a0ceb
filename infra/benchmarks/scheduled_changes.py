"""Scheduled changes: whether the drift monitor flags each in its month, and leaves quiet months alone.

For each seed a world is drawn and an operator lives in it, whose extracts go through Holdfast. The champion is trained
in the last month before anything changes. Then months are delivered, scored and monitored one after the other: first a
month as each changed world sends it, one after the other as corrections of that month, then as the quiet world does.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.months import Month, months_between
from flows import list_steps, model_steps, monitor_steps, steps
from infra.benchmarks.operator_home import SOURCE, home_in, key_by_seed
from infra.benchmarks.own_process import FEWEST, at_least, folder_with_room

if TYPE_CHECKING:
    from flows.workspace import Workspace
    from infra.simulator.world_sections import Change
    from infra.simulator.worlds import World

FIRST, TRAINED_AFTER, QUIET_MONTHS = Month(2025, 1), 8, 12
TRAINED = FIRST + (TRAINED_AFTER - 1)
"""The worlds' changes begin in the month after it."""
QUIET, CHANGING = "usual", ("season", "tariff_reform", "app_hall", "price_war", "data_error")
FLAGGED, UNJUDGED = frozenset({"watch", "drifted"}), "not enough data"


@dataclass(frozen=True)
class Trial:
    """One seed: how many customers there are and where all of it lies."""

    customers: int
    seed: int
    folder: Path

    def say(self, told: str) -> None:
        print(f"  {time.strftime('%H:%M:%S')} seed {self.seed}: {told}", file=sys.stderr, flush=True)

    def extracts(self, world: str) -> Path:
        return self.folder / world


@dataclass(frozen=True)
class MonthJudged:
    """What the monitor made of a month; `change` is what was scheduled for it, empty for a quiet one."""

    seed: int
    month: Month
    change: str
    verdict: str
    reasons: tuple[str, ...]

    @property
    def flagged(self) -> bool:
        return self.verdict in FLAGGED


def run(trial: Trial) -> Iterator[MonthJudged]:
    """Months in their order, each as the changed worlds have it and then as the quiet one has."""
    scheduled = {world: _simulate(trial, world) for world in CHANGING}
    _simulate(trial, QUIET)
    trial.say("simulated")
    work = _trained(trial)
    trial.say("trained")
    for month in months_between(TRAINED + 1, TRAINED + QUIET_MONTHS):
        for world, changes in scheduled.items():
            for change in changes:
                if FIRST + change.month == month:
                    _deliver(trial, work, world, month)
                    yield _judged(trial, work, month, _named(change))
        _deliver(trial, work, QUIET, month)
        yield _judged(trial, work, month, "")
        trial.say(f"{month} judged")


def _simulate(trial: Trial, world: str) -> tuple[Change, ...]:
    """The world's extracts until its last change, or all quiet months; which changes it has."""
    from infra.simulator.operator import Beginning, start
    from infra.simulator.sending import Sending
    from infra.simulator.worlds import draw_world, read_world

    drawn: World = draw_world(read_world(world), trial.seed)
    last = max((change.month for change in drawn.changes), default=TRAINED_AFTER + QUIET_MONTHS - 1)
    beginning = Beginning(drawn, trial.customers, trial.seed, FIRST)
    write = Sending(trial.extracts(world))
    start(trial.folder / "lives" / world, beginning, months=last + 1, write=write)
    return drawn.changes


def _trained(trial: Trial) -> Workspace:
    """A home with the months before any change and their champion; all worlds have lived these alike."""
    before = list(months_between(FIRST, TRAINED))
    for world in CHANGING:
        _refuse_other_past(trial, world, before)
    key_by_seed(trial.folder / "home.key", trial.seed)
    work = home_in(trial.folder)
    # A quiet home says nothing: hundreds of lines would hide the verdicts.
    work = dataclasses.replace(work, say=lambda _: None)
    steps.ingest(work, steps.Arrival(SOURCE, trial.extracts(QUIET), before))
    model_steps.train(work, TRAINED)
    return work


def _refuse_other_past(trial: Trial, world: str, before: Sequence[Month]) -> None:
    """One home serves all worlds of a seed only while their extracts before the change are the same bytes."""
    for month in before:
        for file in _files(trial, world, month):
            if file.read_bytes() != (trial.extracts(QUIET) / file.name).read_bytes():
                raise AssertionError(f"{world} differs from {QUIET} before its change: {file.name}")


def _files(trial: Trial, world: str, month: Month) -> list[Path]:
    return sorted(trial.extracts(world).glob(f"*_{month}_*"))


def _deliver(trial: Trial, work: Workspace, world: str, month: Month) -> None:
    """Deliver one month from a folder that holds no later one, as it would have come at the time."""
    arrived = trial.folder / "arrived"
    shutil.rmtree(arrived, ignore_errors=True)
    arrived.mkdir()
    for file in _files(trial, world, month):
        shutil.copy(file, arrived)
    steps.ingest(work, steps.Arrival(SOURCE, arrived, [month]))


def _judged(trial: Trial, work: Workspace, month: Month, change: str) -> MonthJudged:
    list_steps.score(work, month)
    verdict = monitor_steps.verdict_alone(work, month)
    return MonthJudged(trial.seed, month, change, verdict.overall, verdict.reasons)


def _named(change: Change) -> str:
    """Kind of the change, and of a data error the column."""
    return change.kind if change.kind != "data_error" else f"{change.kind} {change.table}.{change.column}"


def main() -> None:
    asked = _arguments()
    judged: list[MonthJudged] = []
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory(dir=asked.scratch) as folder:
            for one in run(Trial(asked.customers, seed, Path(folder))):
                judged.append(one)
                print(in_a_row(one), flush=True)
    print(summary(judged))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=at_least(0), nargs="+", default=[203, 204, 205], help="one operator each")
    parser.add_argument("--customers", type=at_least(FEWEST), default=5_000, help="of each operator")
    parser.add_argument("--scratch", type=folder_with_room, help="folder with some GB of room (default: the system's)")
    return parser.parse_args()


def in_a_row(one: MonthJudged) -> str:
    """Seed, month, change, verdict, and what moved or jumped."""
    telling = [reason for reason in one.reasons if "jumped" in reason] or one.reasons[:1]
    return f"{one.seed:>5} {one.month}  {one.change or '-':<28} {one.verdict:<16} {'; '.join(telling)}"


def summary(judged: Sequence[MonthJudged]) -> str:
    """Changes flagged of all changes, quiet months flagged of those that could be judged, and the goals met.

    A month of which nothing can be said is no quiet month, and a change that nothing can be said of is missed.
    """
    changes = [one for one in judged if one.change]
    quiet = [one for one in judged if not one.change and one.verdict != UNJUDGED]
    flagged, false = sum(one.flagged for one in changes), sum(one.flagged for one in quiet)
    goals = (bool(changes) and flagged == len(changes), bool(quiet) and false * QUIET_MONTHS <= len(quiet))
    return (
        f"{flagged} of {len(changes)} changes flagged in their month (goal: all), {false} false flags in {len(quiet)} "
        f"quiet months (goal: at most one in twelve), {sum(one.verdict == UNJUDGED for one in judged)} not judged\n"
        f"{sum(goals)} of {len(goals)} goals met"
    )


if __name__ == "__main__":
    main()
