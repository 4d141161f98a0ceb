"""Moved home: the absolute paths that a database keeps, rewritten when the home comes to lie elsewhere."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def rewrite_addresses(database: Path, before: Path, after: Path) -> int:
    """Let every address in a SQLite file that lies in the folder `before` lie in `after`; how many were rewritten.

    MLflow writes down where each artifact lies as file:///folder/…, in half a dozen columns of as many tables, and
    another set with every release; so all text columns are looked at. Only what begins with the folder counts: an
    address inside a longer text is a record of the past.
    """
    old, new = (f"{folder.as_uri()}/" for folder in (before, after))
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        rewritten = 0
        for table, column in _text_columns(connection):
            found = connection.execute(
                f'UPDATE "{table}" SET "{column}" = ? || substr("{column}", ?) WHERE substr("{column}", 1, ?) = ?',
                (new, len(old) + 1, len(old), old),
            )
            rewritten += found.rowcount
        return rewritten


def _text_columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [
        (table, name)
        for (table,) in tables.fetchall()
        for _, name, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        if "CHAR" in kind.upper() or "TEXT" in kind.upper()
    ]
