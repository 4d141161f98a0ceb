from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.conftest import LAST, Operator, holdfast


@pytest.mark.parametrize("command", ["score", "resolve"])
def test_help_of_a_command_teaches_it(command: str):
    answer = holdfast(command, "--help")
    assert answer.code == 0
    assert all(option in answer.out for option in ("--month", "--home", "--settings", "--json"))
    assert f"holdfast {command}" in answer.out.partition("Example")[2]


def test_a_month_is_scored_and_listed_in_one_json_object(trained_home: Path, operator: Operator):
    given = ("--month", LAST, "--home", trained_home, "--settings", operator.settings)
    assert holdfast("ingest", *given).code == 0
    answer = holdfast("score", *given, "--json")
    assert answer.code == 0, answer.err
    told = answer.json["list"]
    assert told["listed"] == 25
    assert (Path(told["folder"]) / "province.csv").is_file()
    in_words = holdfast("score", *given).out
    assert f"25 of {told['scored']} scored customers are listed in 1 hall files" in in_words


@pytest.mark.parametrize(
    ("words", "says"),
    [("resolve --month 2025-07", "--reason"), ("resolve --reason x", "--month"), ("score", "--month")],
)
def test_wrong_usage_is_exit_code_two_and_names_the_option(words: str, says: str):
    answer = holdfast(*words.split())
    assert answer.code == 2
    assert says in answer.err


def test_a_problem_is_one_line(home: Path, operator: Operator):
    given = ("--month", LAST, "--home", home, "--settings", operator.settings)
    answer = holdfast("resolve", *given, "--reason", "test")
    assert answer.code == 1
    assert answer.err.splitlines()[-1].startswith("holdfast: source mapping: customer_id is not keyed")
