"""Rejects: refused rows with their reasons, kept for a while where only the owner can read them."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from features.contracts.checked_rows import REASON
from features.durable_files import PRIVATE, make_folder, sync
from features.months import Month

if TYPE_CHECKING:
    import pyarrow as pa

MOST_KEPT = 100_000
"""Rows of a table month that are written; enough to mend an extract, whatever the size of the operator."""


@dataclass
class Rejects:
    """Rows of one table month that were refused: how many of how many, why, and the first of them."""

    seen: int = 0
    bad: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    kept: list[pl.DataFrame] = field(default_factory=list)

    def add(self, seen: int, refused: pl.DataFrame | pa.Table) -> None:
        """Count the `refused` rows, which hold their reasons in a column, among `seen` ones."""
        bad = pl.DataFrame(refused)
        self.seen += seen
        self.bad += bad.height
        for reasons, rows in bad[REASON].value_counts().iter_rows():
            for reason in reasons.split("; "):
                self.reasons[reason] += rows
        self.kept.append(bad.head(MOST_KEPT - sum(part.height for part in self.kept)))

    def commonest(self) -> list[tuple[str, int]]:
        """Reasons and rows, the commonest first, equal ones in alphabetical order."""
        return sorted(self.reasons.items(), key=lambda counted: (-counted[1], counted[0]))

    def example(self, reason: str, column: str) -> str | None:
        """The first value of a column that was refused for `reason`."""
        for part in self.kept:
            values = part.filter(pl.col(REASON).str.split("; ").list.contains(reason))[column].drop_nulls()
            if len(values):
                return str(values[0])
        return None

    def write(self, file: Path) -> None:
        """Write what was kept to `file`; no file, and no old one, where nothing was refused."""
        staged = file.with_suffix(".staged")
        if not self.bad:
            for old in (file, staged):  # a killed run leaves a staged one
                old.unlink(missing_ok=True)
            return
        for folder in (file.parent.parent, file.parent):
            make_folder(folder)
            folder.chmod(PRIVATE)
        with open(staged, "wb", opener=_private) as handle:
            pl.concat(self.kept).write_parquet(handle)
            handle.flush()
            os.fsync(handle.fileno())
        staged.replace(file)
        sync(file.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def reject_file(rejects: Path, table: str, month: Month) -> Path:
    """Where refused rows of a table month lie."""
    return rejects / f"month={month}" / f"{table}.parquet"


def unplaced_file(rejects: Path, table: str, of: Month | None) -> Path:
    """Where rows lie that belong to no month, of the files whose names tell the month `of`, or of all files."""
    return rejects / "month=unknown" / (f"{table}_{of}.parquet" if of else f"{table}.parquet")


def forget_old_rejects(rejects: Path, days: int, now: dt.datetime) -> None:
    """Remove rejected rows older than `days`: they are customer data and serve only to mend an extract."""
    for folder in rejects.glob("month=*"):
        for file in folder.iterdir():
            if now.timestamp() - file.stat().st_mtime > days * 86_400:
                file.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
