"""Served: where the user interfaces of a home can be reached while `holdfast up` runs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from features.durable_files import write_durably
from features.home import Home, is_held, kernel_lock
from flows.workspace import WorkspaceError


def served(home: Home) -> dict[str, str]:
    """The address of each tool; none when nobody serves this home now, whatever a killed server left behind."""
    if not is_held(_lock(home)) or not _file(home).is_file():
        return {}
    addresses: dict[str, str] = json.loads(_file(home).read_text())
    return addresses


@contextlib.contextmanager
def serving(home: Home, addresses: Mapping[str, str]) -> Iterator[None]:
    """Announce the addresses for as long as they are served; a home is served once."""

    def refuse() -> None:
        raise WorkspaceError(f"home {home.root} is served already; see {', '.join(served(home).values())}")

    with kernel_lock(_lock(home), refuse):
        write_durably(_file(home), json.dumps(dict(addresses), indent=2).encode())
        try:
            yield
        finally:
            _file(home).unlink(missing_ok=True)


def _lock(home: Home) -> Path:
    return home.root / "locks" / "served.lock"


def _file(home: Home) -> Path:
    return home.root / "served.json"
