from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.flows.conftest import BEFORE, Operator, bytes_of, holdfast


@pytest.mark.slow
def test_a_home_that_was_lost_gives_the_same_lists_in_another_place(trained: Path, operator: Operator, tmp_path: Path):
    """Twice: what was logged where the session trained comes to lie in the first place, which then is lost."""
    first, second, settings = tmp_path / "first", tmp_path / "second home", ("--settings", operator.settings)
    assert holdfast("backup", tmp_path / "1.tar", "--home", trained, *settings).code == 0
    assert holdfast("restore", tmp_path / "1.tar", "--home", first).code == 0
    assert holdfast("score", "--month", BEFORE, "--home", first, *settings).code == 0
    lists = bytes_of(first / "lists")
    assert lists
    shutil.rmtree(first / "lists")
    said = holdfast("backup", tmp_path / "2.tar", "--home", first, *settings, "--json").json
    assert said["not_in_it"] == [
        "the key: keep a copy of it apart",
        "what may hold phone numbers: resolver/, extracts/, rejects/",
    ]
    shutil.rmtree(first)
    restored = holdfast("restore", tmp_path / "2.tar", "--home", second, "--json").json
    back = restored["restored"]
    assert restored["needs_its_key"] is False
    assert (back["root"], back["before"], back["files"]) == (str(second), str(first), said["backup"]["files"])
    assert not (second / "lists").exists()
    answer = holdfast("score", "--month", BEFORE, "--home", second, *settings)
    assert answer.code == 0, answer.err
    assert bytes_of(second / "lists") == lists
    with contextlib.closing(sqlite3.connect(second / "mlflow" / "mlflow.db")) as mlflow:
        kept = [where for (where,) in mlflow.execute("SELECT artifact_location FROM logged_models")]
    assert kept
    assert all(where.startswith(f"{second.as_uri()}/mlflow/artifacts/") for where in kept), kept


def test_a_database_elsewhere_is_named_without_its_password(trained: Path, tmp_path: Path):
    (tmp_path / "s.toml").write_text('[mlflow]\nuri = "postgresql://mlflow:secret@db/mlflow"\n')
    answer = holdfast("backup", tmp_path / "b.tar", "--home", trained, "--settings", tmp_path / "s.toml")
    assert "not in it: MLflow's database, postgresql: save it with its own tools" in answer.out
    assert "secret" not in answer.out + answer.err


def test_a_problem_is_one_line(tmp_path: Path):
    answer = holdfast("restore", tmp_path / "none.tar", "--home", tmp_path / "home")
    assert (answer.code, answer.err) == (
        1,
        f"holdfast: backup {tmp_path}/none.tar does not exist; give the file that holdfast backup wrote\n",
    )
