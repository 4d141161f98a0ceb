"""Durable files: what was written, renamed or made here is there after a crash, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_durably(file: Path, content: bytes) -> None:
    """Write `file` so that after a crash it holds either its old content or all of the new one.

    The caller holds a lock that keeps other writers of the file away, so what a killed one left half written is
    written over, and nothing gathers.
    """
    make_folder(file.parent)
    staged = file.with_name(f".{file.name}.staged")
    with staged.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    staged.replace(file)
    sync(file.parent)


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, each name synced into the folder that holds it."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder: on Linux a new name is safe only after its folder is synced."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
