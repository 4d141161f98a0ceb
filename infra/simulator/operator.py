"""The operator: all blocks living at once in as many processes as asked for, and living on from where they stand."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from features.months import Month, months_between
from infra.simulator.accounts import draw_accounts
from infra.simulator.circles import Neighbours
from infra.simulator.life import WARM_UP, Block, live, settle_block, with_outlook
from infra.simulator.lines import FIELDS
from infra.simulator.moments import Outlook, first_day
from infra.simulator.month_of_block import MonthOfBlock, month_of_block
from infra.simulator.outreach import NOBODY, Contacts
from infra.simulator.population import block_sizes
from infra.simulator.worlds import World, WorldError, world_from_json, world_to_json

Write: TypeAlias = Callable[[MonthOfBlock], None]
"""Called in the process that lived the month, month by month within a block; it must be picklable."""

_STATE, _ABOUT = "state", "operator.json"


@dataclass(frozen=True)
class Beginning:
    """What an operator is made of: its world, how many numbers it begins with, its seed and first month delivered."""

    world: World
    customers: int
    seed: int
    first: Month


def quiet(line: str) -> None:
    """Say nothing."""
    del line


@dataclass(frozen=True)
class Run:
    """How a stretch of months is lived: whom the operator contacts, where months go, in how many processes.

    `say` hears, in the process that calls, of each block that has lived.
    """

    write: Write
    contacts: Contacts = NOBODY
    workers: int = 1
    say: Callable[[str], None] = quiet


@dataclass(frozen=True)
class _Stretch:
    """The months that a block is to live, from its saved state or, in the first months of all, from nothing."""

    beginning: Beginning
    folder: Path
    number: int
    months: tuple[Month, ...]
    contacts: Contacts
    write: Write


def start(  # noqa: PLR0913 - all but two come by name
    folder: Path,
    beginning: Beginning,
    *,
    months: int,
    write: Write,
    contacts: Contacts = NOBODY,
    workers: int = 1,
    say: Callable[[str], None] = quiet,
) -> None:
    """Let an operator live its first `months`; `folder` keeps what `advance` goes on from.

    The same beginning and contacts give the same tables, whatever the workers, and whether months are lived at
    once or one after the other.
    """
    (folder / _STATE).mkdir(parents=True, exist_ok=True)
    _live(folder, beginning, months_from(beginning.first, months), Run(write, contacts, workers, say))


def advance(  # noqa: PLR0913 - all but the first come by name
    folder: Path,
    *,
    write: Write,
    contacts: Contacts = NOBODY,
    months: int = 1,
    workers: int = 1,
    say: Callable[[str], None] = quiet,
) -> list[Month]:
    """Let the operator in `folder` live on; which months it lived. Contacts of other months are of no effect."""
    beginning, last = about(folder)
    to_live = months_from(last + 1, months)
    _live(folder, beginning, to_live, Run(write, contacts, workers, say))
    return list(to_live)


def months_from(first: Month, months: int) -> tuple[Month, ...]:
    return tuple(months_between(first, first + (months - 1)))


def about(folder: Path) -> tuple[Beginning, Month]:
    """What the operator in `folder` is made of, and the last month that it lived. Raises WorldError."""
    file = folder / _ABOUT
    if not file.is_file():
        raise WorldError(f"{folder}: no operator lives here; start one first")
    told = json.loads(file.read_text("utf-8"))
    world = world_from_json(told["world"])
    beginning = Beginning(world, told["customers"], told["seed"], Month.parse(told["first"]))
    return beginning, Month.parse(told["last"])


def _live(folder: Path, beginning: Beginning, months: tuple[Month, ...], run: Run) -> None:
    """Live all blocks; only when every one has is the operator said to stand at the last month."""
    stretches = [
        _Stretch(beginning, folder, number, months, run.contacts, run.write)
        for number in range(len(block_sizes(beginning.customers)))
    ]
    workers = min(run.workers, len(stretches))
    if workers == 1:
        _hear(map(_live_stretch, stretches), stretches, run)
    else:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            _hear(pool.map(_live_stretch, stretches), stretches, run)
    _keep_about(folder, beginning, months[-1])


def _hear(lived: Iterable[None], stretches: list[_Stretch], run: Run) -> None:
    for number, _ in enumerate(lived, 1):
        first, last = stretches[0].months[0], stretches[0].months[-1]
        run.say(f"block {number} of {len(stretches)} has lived {first} to {last}")


def _keep_about(folder: Path, beginning: Beginning, last: Month) -> None:
    told = {
        "world": world_to_json(beginning.world),
        "customers": beginning.customers,
        "seed": beginning.seed,
        "first": str(beginning.first),
        "last": str(last),
    }
    staged = folder / f"{_ABOUT}.part"
    staged.write_text(json.dumps(told, indent=1), "utf-8")
    staged.replace(folder / _ABOUT)


def _live_stretch(stretch: _Stretch) -> None:
    """One block in one process: warm up or read the state, live, hand out, keep the state."""
    beginning, months = stretch.beginning, stretch.months
    size = block_sizes(beginning.customers)[stretch.number]
    world, seed, first = beginning.world, beginning.seed, beginning.first
    if months[0] == first:
        block = settle_block(world, seed, stretch.number, size, first)
        *_, before = live(block, list(months_between(first - WARM_UP, first - 1)), NOBODY)
        block = with_outlook(before)
    else:
        block = _read_state(stretch, size)
    for lived in live(block, list(months), stretch.contacts):
        block = lived.block
        stretch.write(month_of_block(lived, beginning.customers, stretch.contacts))
    _keep_state(stretch, block)


def _state_file(stretch: _Stretch, last: Month) -> Path:
    return stretch.folder / _STATE / f"block_{stretch.number:05d}_{last}.npz"


def _keep_state(stretch: _Stretch, block: Block) -> None:
    """Keep a block under the name of its last month, beside what it came from: a broken advance can be done again."""
    neighbours = block.neighbours
    columns = dict(block.lines)
    columns |= {f"place_{name}": getattr(neighbours, name) for name in ("number", "network", "left")}
    file = _state_file(stretch, stretch.months[-1])
    staged = file.with_suffix(".part.npz")
    columns |= {f"outlook_{name}": np.array(held) for name, held in asdict(block.outlook).items()}
    np.savez(staged, allow_pickle=False, joined=np.array(block.joined), **columns)
    staged.replace(file)
    before = _state_file(stretch, stretch.months[0] - 1)
    for older in file.parent.glob(f"block_{stretch.number:05d}_*.npz"):
        if older not in (file, before):
            older.unlink()


def _read_state(stretch: _Stretch, size: int) -> Block:
    beginning = stretch.beginning
    world, seed, first = beginning.world, beginning.seed, beginning.first
    with np.load(_state_file(stretch, stretch.months[0] - 1)) as kept:
        columns = {name: kept[name] for name in kept.files}
    neighbours = Neighbours(stretch.number, size, seed, world.constants)
    for name in ("number", "network", "left"):
        setattr(neighbours, name, columns[f"place_{name}"])
    lines = {name: columns[name] for name in FIELDS}
    accounts = draw_accounts(stretch.number, size, first_day(first - WARM_UP), seed, world.constants)
    block = Block(world, seed, stretch.number, size, first, lines, neighbours, accounts)
    satisfaction, friends_left, made_up = (columns[f"outlook_{field.name}"].tolist() for field in fields(Outlook))
    outlook = Outlook(tuple(satisfaction), friends_left, tuple(made_up))
    return replace(block, joined=int(columns["joined"]), outlook=outlook)
