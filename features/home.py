"""Home: the one folder where all state of an operator lives, and the kernel locks on it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features import FeaturesError
from features.durable_files import PRIVATE, write_durably
from features.months import Month


@dataclass(frozen=True)
class Home:
    """Folders and facts of one operator's state; nothing of Holdfast is written anywhere else."""

    root: Path

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def rejects(self) -> Path:
        return self.root / "rejects"

    @property
    def lists(self) -> Path:
        return self.root / "lists"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def mlflow(self) -> Path:
        return self.root / "mlflow"

    @property
    def prefect(self) -> Path:
        return self.root / "prefect"

    @property
    def evidently(self) -> Path:
        return self.root / "evidently"

    @property
    def monitoring(self) -> Path:
        return self.root / "monitoring"

    @property
    def facts_file(self) -> Path:
        return self.root / "home.json"

    def facts(self) -> dict[str, Any]:
        """What was fixed when the home was first filled: source, extract folder, number of buckets."""
        if not self.facts_file.is_file():
            return {}
        facts: dict[str, Any] = json.loads(self.facts_file.read_text())
        return facts

    def remember(self, **facts: Any) -> None:
        self.make()
        write_durably(self.facts_file, json.dumps(self.facts() | facts, indent=2, sort_keys=True).encode())

    def make(self) -> None:
        """Make the home, for its owner alone, where there is none; one that exists keeps its permissions."""
        self.root.mkdir(mode=PRIVATE, parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self, name: str, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
        """Hold the kernel lock `name` of this home; a second holder waits and is told so through `waiting`.

        Whoever holds any lock of the home is at work in it: see `at_rest`.
        """

        def told(holder: str) -> None:
            if waiting is not None:
                waiting(f"{holder} in {self.root}; waiting for it to end")

        self.make()
        at_work = kernel_lock(self._at_work, lambda: told("a backup is being taken"), shared=True)
        with at_work, kernel_lock(self.root / "locks" / f"{name}.lock", lambda: told(f"another run holds {name}")):
            yield

    @contextlib.contextmanager
    def at_rest(self, waiting: Callable[[str], None]) -> Iterator[None]:
        """Keep everybody waiting who would take a lock of this home, once nobody holds one."""
        with kernel_lock(self._at_work, lambda: waiting(f"a run is at work in {self.root}; waiting for it to end")):
            yield

    @property
    def _at_work(self) -> Path:
        """Held by all who work in the home, together, or by one who wants it at rest."""
        return self.root / "locks" / "at_work.lock"

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty private folder for one run's half-made files, removed at its end.

        What a killed run left behind is removed at the start, so the caller holds a lock that keeps two
        runs apart.
        """
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir(mode=PRIVATE, parents=True)
        try:
            yield self.staging
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)


def month_lock(month: Month) -> str:
    """Name of the lock that a whole run of `month` holds."""
    return f"month-{month}"


def open_home(root: Path) -> Home:
    """The home at `root`, made if need be; a file in its place is an error."""
    if root.exists() and not root.is_dir():
        raise FeaturesError(f"home {root} is a file; give --home a folder")
    home = Home(root.resolve())
    home.make()
    return home


@contextlib.contextmanager
def kernel_lock(file: Path, waiting: Callable[[], None] = lambda: None, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock on `file`, after calling `waiting` and waiting where somebody else holds it.

    With `shared`, others who want it shared may hold it too.

    `flock` is released by the kernel when its process ends, however it ends, so no lock outlives a killed
    run and none has to be removed by hand. It is not re-entrant: taken twice by one run, it waits for ever.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, kind)
        yield


def is_held(file: Path) -> bool:
    """Whether a living process holds the kernel lock on `file`; a missing file is held by nobody."""
    try:
        handle = file.open("r+")
    except FileNotFoundError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
