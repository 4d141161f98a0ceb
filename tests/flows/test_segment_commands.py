from __future__ import annotations

from pathlib import Path

from tests.flows.conftest import BEFORE, Operator, holdfast


def test_segments_are_trained_and_told(home: Path, operator: Operator):
    given = ("--as-of", BEFORE, "--home", home, "--settings", operator.settings)
    answer = holdfast("train-segments", *given, "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["model"], answer.json["version"]) == ("segments", 1)
    # A hundred and fifty customers of a brand are fewer than the setting asks for.
    assert answer.json["stability"]["Blue"]["note"] == "one segment: fewer than 300 customers"
    assert {"Blue 1", "Red 1"} == answer.json["profiles"]["segments"].keys()
    told = holdfast("train-segments", *given)
    assert "Blue 1" in told.out
    assert "the whole brand" in told.out
    assert "Red: one segment: fewer than 300 customers" in told.out


def test_two_months_are_too_few(home: Path, operator: Operator):
    answer = holdfast("train-segments", "--as-of", "2025-02", "--home", home, "--settings", operator.settings)
    assert answer.code == 1
    assert answer.err.splitlines()[-1].startswith("holdfast: segments: fewer than 10 customers of 2025-02 have 3")
