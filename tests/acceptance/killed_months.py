"""Killed months: a month, or a training, is killed at its k-th rename, sync or removal, looked at, and run again.

Called as a program it does so at every such point, tells how far it is, and ends with a summary: `make sweep`.
"""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.acceptance.homes_compared import Whole, differences, half_done, whole
from tests.acceptance.runs_apart import MONTH, Job, Runner, warm
from tests.flows.conftest import BEFORE, LAST, Operator, operator_in, write_operator

CAMPAIGN = "spring"
WITH_HALLS = """
SELECT customer_id, month, status, brand, activated_on,
    'hall ' || (right(customer_id, 1)::INTEGER % 2) AS hall
FROM read_csv('customers.csv', all_varchar = true)
"""
MORE_SETTINGS = """
[eligibility]
min_arpu = 0
min_tenure_months = 0
lowest_band = "healthy"

[campaign]
hall_capacity = 20

[monitoring]
sample_rows = 100
top_indicators = 2
"""


@dataclass(frozen=True)
class Target:
    """What is killed: a job in a copy of a home, what that home holds before and after it, and the calls it makes."""

    name: str
    job: Job
    old: Whole
    new: Whole
    calls: list[str]

    @property
    def home(self) -> Path:
        return Path(self.job.home)


class Ground:
    """Homes of the made operator, and targets to be killed in copies of them.

    `first`: a month that was never run. `correction`: a month that was run, listed and monitored from an older
    extract, so that everything of it has to be replaced. `first training` makes MLflow's database,
    `second training` meets a champion. The month's bills hold a refused row and one of no month.
    """

    def __init__(self, folder: Path, run: Runner) -> None:
        self.folder, self.run = folder, run
        write_operator(folder)
        self.operator = _with_campaigns(operator_in(folder))
        given = {"source": str(self.operator.mapping), "folder": str(self.operator.extract)}
        given |= {"settings": str(self.operator.settings)}
        self._undisturbed(
            "filled", Job("ingest", "", given | {"months": [f"2025-{month:02d}" for month in range(1, 7)]})
        )

    def first(self) -> Target:
        return self._target("first", self._trained(), self._month(self.operator.extract))

    def correction(self) -> Target:
        start, old = self._copied("listed", self._trained()), self._copied("old extract", self.operator.extract)
        bills = (old / "bills.csv").read_text().splitlines(keepends=True)
        kept = [line for number, line in enumerate(bills) if number % 10 or LAST not in line]
        (old / "bills.csv").write_text("".join(kept))
        self._undisturbed(start.name, self._month(old))
        return self._target("correction", start, self._month(self.operator.extract))

    def first_training(self) -> Target:
        return self._target("first training", self.folder / "filled", self._training(BEFORE))

    def second_training(self) -> Target:
        return self._target("second training", self._trained("2025-05"), self._training(BEFORE))

    def _month(self, extract: Path) -> Job:
        given = {"settings": str(self.operator.settings), "folder": str(extract), "month": LAST, "campaign": CAMPAIGN}
        return Job("run month", "", given)

    def _training(self, as_of: str) -> Job:
        return Job("train", "", {"settings": str(self.operator.settings), "as_of": as_of})

    def _trained(self, as_of: str = BEFORE) -> Path:
        name = f"trained {as_of}"
        if not (self.folder / name).exists():
            self._copied(name, self.folder / "filled")
            self._undisturbed(name, self._training(as_of))
        return self.folder / name

    def _copied(self, name: str, start: Path) -> Path:
        return Path(shutil.copytree(start, self.folder / name))

    def _undisturbed(self, home: str, job: Job) -> None:
        self.run([replace(job, home=str(self.folder / home))])

    def _target(self, name: str, start: Path, job: Job) -> Target:
        """In one home undisturbed and killed, because MLflow notes where it lies."""
        job = replace(job, home=str(self.folder / f"home of {name}"), start=str(start), kill_at=0)
        (ended,) = self.run([job])
        return Target(name, job, whole(start), whole(Path(job.home)), ended.calls)


def _with_campaigns(made: Operator) -> Operator:
    (made.mapping / "customers.sql").write_text(WITH_HALLS)
    made.settings.write_text(made.settings.read_text() + MORE_SETTINGS)
    with (made.extract / "bills.csv").open("a") as bills:
        columns = (made.extract / "bills.csv").read_text().partition("\n")[0].split(",")
        for month, amount in ((LAST, "much"), ("some day", "10")):
            row = {"customer_id": "customer-0001", "month": month, "amount": amount}
            bills.write(",".join(row[name] for name in columns) + "\n")
    return made


@dataclass(frozen=True)
class Killed:
    """A target killed at one point: the call that was not made, what was wrong then, and what after the rerun."""

    at: int
    call: str
    wrong: list[str]


def kill(run: Runner, target: Target, at: int) -> Killed:
    """Kill the target instead of its `at`-th call, look at the home, run it again and look again."""
    (ended,) = run([replace(target.job, kill_at=at)])
    if not ended.was_killed:
        return Killed(at, "", [f"it got through with {len(ended.calls)} calls"])
    wrong = [f"killed: {problem}" for problem in half_done(target.home, target.old, target.new)]
    run([replace(target.job, start="", kill_at=None)])
    wrong += [f"run again: {problem}" for problem in differences(target.home, target.new)]
    return Killed(at, ended.calls[-1], wrong)


def sweep(run: Runner, target: Target, points: Iterable[int]) -> list[Killed]:
    """Kill the target at each of the points; tells how far it is, and what was wrong, on the standard output."""
    failed, began, tried = [], time.monotonic(), 0
    for tried, at in enumerate(points, start=1):
        killed = kill(run, target, at)
        if killed.wrong:
            failed.append(killed)
            _say(f"{target.name} {at}: {killed.call}\n    " + "\n    ".join(killed.wrong))
        if tried % 20 == 0:
            _say(f"{target.name}: {tried} of {len(target.calls)}, {time.monotonic() - began:.0f} s")
    _say(f"{target.name}: {tried} points tried of {len(target.calls)}, {len(failed)} failed")
    return failed


def spread(points: Iterable[int]) -> list[int]:
    """The points in an order whose beginning is spread over all of them, so that a stopped sweep says something."""
    golden = (5**0.5 - 1) / 2
    return sorted(points, key=lambda point: point * golden % 1)


def sampled(calls: Sequence[str], count: int) -> list[int]:
    """Some points, taken in turn from each kind of call, so that the rare ones (commits, renames) are among them."""
    kinds = [
        spread(point for point, call in enumerate(calls, start=1) if call.split()[0] == kind)
        for kind in sorted({call.split()[0] for call in calls})
    ]
    in_turn = [point for turn in itertools.zip_longest(*kinds) for point in turn if point is not None]
    return in_turn[:count]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(names: Sequence[str]) -> int:
    """Sweep the named targets, all when none is named. MLflow's own commits are alike: of a training's every 23rd."""
    with tempfile.TemporaryDirectory() as folder, warm(MONTH) as run:
        ground, failed = Ground(Path(folder), run), 0
        for name in names or TARGETS:
            make, step = TARGETS[name]
            target = make(ground)
            failed += len(sweep(run, target, spread(range(1, len(target.calls) + 1, step))))
    return 1 if failed else 0


TARGETS: dict[str, tuple[Callable[[Ground], Target], int]] = {
    "first": (Ground.first, 1),
    "correction": (Ground.correction, 1),
    "second training": (Ground.second_training, 5),
    "first training": (Ground.first_training, 23),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
