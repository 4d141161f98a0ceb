from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from features.moved_home import rewrite_addresses


def test_addresses_below_the_old_folder_and_no_others_are_rewritten(tmp_path: Path):
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("CREATE TABLE runs (uri VARCHAR(200), note TEXT, number INTEGER)")
        made.executemany(
            "INSERT INTO runs VALUES (?, ?, ?)",
            [
                ("file:///old/a%20home/mlflow/artifacts/1", "seen in file:///old/a%20home/", 1),
                ("file:///old/a%20home2/mlflow/artifacts/1", "file:///old/a%20home", 2),
                ("models:/churn/1", "file:///old/a%20home/x", None),
                (None, None, None),
            ],
        )
    assert rewrite_addresses(tmp_path / "a.db", Path("/old/a home"), Path("/new")) == 2
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as opened:
        rows = opened.execute("SELECT * FROM runs").fetchall()
    assert rows == [
        ("file:///new/mlflow/artifacts/1", "seen in file:///old/a%20home/", 1),
        ("file:///old/a%20home2/mlflow/artifacts/1", "file:///old/a%20home", 2),
        ("models:/churn/1", "file:///new/x", None),
        (None, None, None),
    ]
