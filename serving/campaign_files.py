"""Campaign files: each is replaced whole, and is readable by the owner alone."""

from __future__ import annotations

from pathlib import Path

from features.durable_files import sync
from serving.list_folder import write_privately


def write_campaign_file(file: Path, content: bytes) -> None:
    """Write `file` so that after a crash it holds its old content or all of the new one, for its owner alone.

    The caller holds a lock that keeps other writers of the file away.
    """
    staged = file.with_name(f".{file.name}.staged")
    staged.unlink(missing_ok=True)
    write_privately(staged, content)
    staged.replace(file)
    sync(file.parent)
