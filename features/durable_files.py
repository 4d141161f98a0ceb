"""Durable files: what was written, renamed or made here is there after a crash, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o700


def write_durably(file: Path, content: bytes, *, private: bool = False) -> None:
    """Write `file` so that after a crash it holds either its old content or all of the new one.

    A `private` one is for its owner alone, and so are the folders that are made for it.
    The caller holds a lock that keeps other writers of the file away, so what a killed one left half written is
    written over, and nothing gathers.
    """
    make_folder(file.parent, PRIVATE if private else 0o777)
    staged = file.with_name(f".{file.name}.staged")
    opened = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666)
    with os.fdopen(opened, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    staged.replace(file)
    sync(file.parent)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make `folder` and what is missing above it, each name synced into the folder that holds it."""
    if not folder.is_dir():
        make_folder(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)
        sync(folder.parent)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder: on Linux a new name is safe only after its folder is synced."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
