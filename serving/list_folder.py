"""List folder: a month's files are all replaced at once, and are readable by the owner alone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from features.durable_files import PRIVATE, make_folder, sync, write_durably


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly `files`, by path within it; what an earlier write left there is gone.

    The new files are written and synced in a folder beside it, the old folder moves aside, the new one takes its
    place. After a crash the folder is whole, old or new; or it is missing, between the two renames, and then the old
    one lies whole beside it and comes back with the next write. The caller holds a lock that keeps other writers away.
    """
    make_folder(folder.parent)
    folder.parent.chmod(PRIVATE)
    staged, replaced = (folder.with_name(f".{folder.name}.{state}") for state in ("staged", "replaced"))
    _mend(folder, replaced)
    if _holds(folder, files):
        return
    shutil.rmtree(staged, ignore_errors=True)
    for path, content in files.items():
        write_durably(staged / path, content, private=True)
    if folder.exists():
        folder.replace(replaced)
    staged.replace(folder)
    sync(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _mend(folder: Path, replaced: Path) -> None:
    """Put a folder back that a killed run had moved aside and not yet replaced."""
    if replaced.exists() and not folder.exists():
        replaced.replace(folder)
        sync(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether the folder holds these files and no others; then nothing is moved, and nobody reading is disturbed."""
    held = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    return held == set(files) and all((folder / path).read_bytes() == content for path, content in files.items())
