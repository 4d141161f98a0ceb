"""Monitoring a month of a made operator on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.flows.conftest import BEFORE, LAST, Operator, bytes_of, holdfast


def test_help_teaches_the_command():
    answer = holdfast("monitor", "--help")
    assert answer.code == 0
    assert all(word in answer.out for word in ("--month", "--home", "--json", "holdfast monitor --month"))


def test_a_month_that_was_not_scored_is_one_line(trained_home: Path, operator: Operator):
    answer = holdfast("monitor", "--month", BEFORE, "--home", trained_home, "--settings", operator.settings)
    assert (answer.code, answer.out) == (1, "")
    assert f"{BEFORE} was not scored" in answer.err.splitlines()[-1]
    assert f"run holdfast score --month {BEFORE}" in answer.err.splitlines()[-1]


def test_an_empty_home_is_one_line(tmp_path: Path):
    answer = holdfast("monitor", "--month", LAST, "--home", tmp_path / "home")
    assert answer.code == 1
    assert "is empty; fill it" in answer.err
    assert not (tmp_path / "home" / "monitoring").exists()


def test_a_scored_month_is_monitored_and_told(trained_home: Path, operator: Operator):
    words = ("--month", BEFORE, "--home", trained_home, "--settings", operator.settings)
    assert holdfast("score", *words).code == 0
    answer = holdfast("monitor", *words)
    assert answer.code == 0, answer.err
    assert f"{BEFORE}: not enough data" in answer.out
    assert "advice: nothing can be said from so few customers" in " ".join(answer.out.split())
    folder = trained_home / "monitoring" / f"month={BEFORE}"
    told = json.loads((folder / "verdict.json").read_text())
    before = bytes_of(trained_home / "monitoring") | bytes_of(trained_home / "evidently")
    again = holdfast("monitor", *words, "--json")
    assert {name: again.json[name] for name in told} == told
    assert again.json["page"] == str(folder / "drift.html")
    assert bytes_of(trained_home / "monitoring") | bytes_of(trained_home / "evidently") == before
    (snapshot,) = (trained_home / "evidently").glob("*/snapshots/*.json")
    assert json.loads(snapshot.read_text())["timestamp"] == "2025-06-30T00:00:00"
