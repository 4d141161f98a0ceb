from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.flows.conftest import BEFORE, Operator, holdfast

EARLIER = "2025-05"
CHURN = "churn-propensity"


def test_the_first_training_is_promoted_and_told_with_where_to_look(trained_home: Path, operator: Operator):
    """It trains again, and finds version and decision."""
    answer = holdfast("train", "--as-of", BEFORE, "--home", trained_home, "--settings", operator.settings)
    assert "churn-propensity version 1 is @champion: there was no champion" in answer.out
    assert "look at run " in answer.out
    assert f"sqlite:///{trained_home}/mlflow/mlflow.db" in answer.out


def test_promote_rolls_forth_and_back_and_every_decision_is_listed(trained_home: Path, operator: Operator):
    given = ("--home", trained_home, "--settings", operator.settings)
    earlier = holdfast("train", "--as-of", EARLIER, *given, "--json")
    assert "Successfully registered" not in earlier.err
    assert (earlier.json["version"], earlier.json["alias"], earlier.json["champion"]) == (2, "challenger", 1)
    assert "not enough data to compare with champion version 1" in earlier.json["decision"]
    assert "holdfast promote --model churn-propensity --version 2" in earlier.json["decision"]

    back = holdfast("promote", "--model", CHURN, "--version", "2", "--reason", "false alarms", *given)
    assert "churn-propensity version 2 is @champion: false alarms (champion before: 1)" in back.out
    assert holdfast("promote", "--model", CHURN, "--version", "1", *given).code == 0
    rows = holdfast("promotions", *given, "--json").json["promotions"]
    told = [(row["action"], row["moved"], row["from_version"], row["to_version"]) for row in rows]
    assert told == [
        ("promote", True, 0, 1),
        ("hold", False, 1, 2),
        ("promote", True, 1, 2),
        ("roll back", True, 2, 1),
    ]
    assert [row["actor"] == "automatic" for row in rows] == [True, True, False, False]
    assert json.loads(rows[1]["evidence"])["champion"]["version"] == 1
    assert "roll back" in holdfast("promotions", "--model", CHURN, *given).out
    assert holdfast("promotions", "--model", "segments", *given, "--json").json == {"promotions": []}


def test_an_unknown_version_lists_the_known_ones(trained_home: Path):
    answer = holdfast("promote", "--model", CHURN, "--version", "7", "--home", trained_home)
    assert answer.code == 1
    assert answer.err.splitlines()[-1] == "holdfast: churn-propensity has no version 7; the versions are 1"


def test_an_unknown_model_is_wrong_usage(trained_home: Path):
    answer = holdfast("promote", "--model", "weather", "--version", "1", "--home", trained_home)
    assert answer.code == 2
    assert "segments" in answer.err


@pytest.mark.parametrize("words", ["promote --model segments --version 1", "promotions"])
def test_an_empty_home_is_one_line(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    answer = holdfast(*words.split())
    assert (answer.code, list(tmp_path.iterdir())) == (1, [])
    assert "is empty; fill it" in answer.err


def test_the_run_in_mlflow_has_its_inputs_and_who_made_it(trained: Path):
    database = sqlite3.connect(trained / "mlflow" / "mlflow.db")
    names = [name for (name,) in database.execute("SELECT name FROM datasets")]
    assert {"bills 2025-06", "customers 2025-06"} <= set(names)
    assert {len(digest) for (digest,) in database.execute("SELECT digest FROM datasets")} == {36}
    tags = dict(database.execute("SELECT key, value FROM tags").fetchall())
    assert len(tags["lock"]) == 64
    version = dict(database.execute("SELECT key, value FROM model_version_tags").fetchall())
    assert version["decided"] == "promote"
