"""Operator home: a simulated operator's months ingested and champions trained, made once for what is to be measured."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from features.months import Month, months_between
from flows import key, model_steps, segment_steps, steps
from flows.settings import INFRA
from flows.workspace import Workspace, open_workspace

FIRST, MONTHS, SEED = Month(2025, 1), 7, 1
RUN = FIRST + (MONTHS - 1)
"""The month to measure: the first in which all windows of six months are full and the model is one month old."""
TRAINED = RUN - 1
SOURCE = "simulated_operator"


def make_home(folder: Path, customers: int) -> None:
    """Simulate, ingest all months but the last, and train: the home in `folder`, its extracts and key beside it."""
    make_months(folder, customers, RUN)
    work = home_in(folder)
    model_steps.train(work, TRAINED)
    segment_steps.train_segments(work, TRAINED)
    steps.ready_to_run(work)


def make_months(folder: Path, customers: int, last: Month) -> None:
    """Simulate the months to `last`, and ingest those until TRAINED."""
    from infra.simulator.operator import Beginning, start
    from infra.simulator.sending import Sending
    from infra.simulator.worlds import read_world

    folder.mkdir(parents=True, exist_ok=True)
    write, workers = Sending(folder / "extracts"), os.cpu_count() or 1
    beginning = Beginning(read_world("usual"), customers, SEED, FIRST)
    start(folder / "simulator", beginning, months=FIRST.until(last) + 1, write=write, workers=workers)
    key_by_seed(folder / "home.key", SEED)
    steps.ingest(home_in(folder), arrival(folder, FIRST, TRAINED))


def arrival(folder: Path, first: Month, last: Month) -> steps.Arrival:
    return steps.Arrival(SOURCE, folder / "extracts", list(months_between(first, last)))


def key_by_seed(file: Path, seed: int) -> None:
    """Write the key that follows from a seed: it decides who is withheld, and a run has to come out the same again."""
    file.touch(mode=0o600)
    file.write_text(hashlib.sha256(f"benchmark {seed}".encode()).hexdigest() + "\n")


def home_in(folder: Path) -> Workspace:
    """The workspace that works on the home; what it says goes to standard error."""
    os.environ[key.VARIABLE] = str(folder / "home.key")
    return open_workspace(
        folder / "home", INFRA / "settings" / "default.toml", lambda told: print(told, file=sys.stderr, flush=True)
    )
