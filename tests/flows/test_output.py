from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import typer
from rich.table import Table

from features import HoldfastError
from features.months import Month
from flows.output import console, told


@dataclass(frozen=True)
class Counted:
    month: Month
    rows: int


def ended_by(problem: BaseException) -> int:
    with pytest.raises(typer.Exit) as ended, told(as_json=True):
        raise problem
    return int(ended.value.exit_code)


def test_a_problem_is_one_line_whatever_its_text(capsys: pytest.CaptureFixture[str]):
    assert ended_by(HoldfastError("bills: bad\nmend it")) == 1
    assert capsys.readouterr() == ("", "holdfast: bills: bad mend it\n")


def test_a_file_that_may_not_be_written_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert ended_by(PermissionError(13, "Permission denied", "/var/home")) == 1
    assert capsys.readouterr().err.startswith("holdfast: /var/home: permission denied; ")


def test_stopping_by_hand_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert ended_by(KeyboardInterrupt()) == 1
    assert capsys.readouterr().err.startswith("holdfast: stopped by you; ")


@pytest.mark.parametrize("unforeseen", [ValueError("x"), OSError("x"), BrokenPipeError(32, "Broken pipe")])
def test_what_nobody_can_mend_by_a_line_goes_on(unforeseen: Exception):
    with pytest.raises(type(unforeseen)), told(as_json=False):
        raise unforeseen


def test_the_result_is_one_json_object_and_progress_is_not_in_it(capsys: pytest.CaptureFixture[str]):
    with told(as_json=True) as out:
        out.say("reading")
        out.result({"delivered": [Counted(Month(2025, 3), 7)]}, "7 rows")
    said = capsys.readouterr()
    assert json.loads(said.out) == {"delivered": [{"month": "2025-03", "rows": 7}]}
    assert said.err.strip().endswith("s  reading")


def test_the_result_is_text_for_a_person(capsys: pytest.CaptureFixture[str]):
    with told(as_json=False) as out:
        out.result({"rows": 7}, "7 rows")
    assert capsys.readouterr().out == "7 rows\n"


def test_a_table_in_a_pipe_is_as_wide_as_its_columns(capsys: pytest.CaptureFixture[str]):
    table = Table(*("a long name of a column" for _ in range(6)))
    table.add_row(*("c" * 23 for _ in range(6)))
    console().print(table)
    assert capsys.readouterr().out.count("c" * 23) == 6
