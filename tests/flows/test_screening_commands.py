from __future__ import annotations

from pathlib import Path

from tests.flows.conftest import BEFORE, Operator, holdfast


def test_indicators_are_screened_and_told(home: Path, operator: Operator, tmp_path: Path):
    settings = tmp_path / "strict.toml"
    settings.write_text(operator.settings.read_text() + "\n[screening]\nmax_correlation = 0.8\n")
    given = ("--as-of", BEFORE, "--home", home, "--settings", settings)
    answer = holdfast("screen", *given, "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["model"], answer.json["version"]) == ("indicator-screening", 1)
    assert answer.json["kept"] == len(answer.json["screening"]["kept"])
    assert answer.json["screening"]["months"] == ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]
    assert answer.json["stability"]["months_kept"]["tenure_months"] == 5
    told = holdfast("screen", *given)
    assert (
        f"version 1: {answer.json['kept']} indicators kept, {answer.json['not_judged']} of them not judged" in told.out
    )
    assert "on scoring months 2025-01 to 2025-05" in told.out
    assert "stands for" in told.out


def test_training_says_what_it_rests_on_and_one_month_is_told_as_one(home: Path, operator: Operator):
    given = ("--home", home, "--settings", operator.settings)
    assert "on scoring month 2025-01\n" in holdfast("screen", "--as-of", "2025-02", *given).out
    told = holdfast("train", "--as-of", BEFORE, *given).err
    assert "rests on screening version 1 as of 2025-02 (1 month): " in told
    assert f"4 more months are mature: screen anew with holdfast screen --as-of {BEFORE}" in told


def test_too_early_a_month_is_told_in_one_line(home: Path, operator: Operator):
    answer = holdfast("screen", "--as-of", "2025-01", "--home", home, "--settings", operator.settings)
    assert answer.code == 1
    assert answer.err.splitlines()[-1].startswith("holdfast: as of 2025-01 there is nothing to learn from")


def test_a_month_that_is_not_on_hand_is_refused_and_nothing_registered(home: Path, operator: Operator):
    given = ("--home", home, "--settings", operator.settings)
    answer = holdfast("screen", "--as-of", "2026-05", *given)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1] == (
        "holdfast: screen: customers of 2026-05 were not on hand at its close; take a month that was ingested"
    )
    assert "version 1: " in holdfast("screen", "--as-of", BEFORE, *given).out


def test_a_business_list_of_ones_own_is_read(home: Path, operator: Operator, tmp_path: Path):
    settings = tmp_path / "own.toml"
    settings.write_text(operator.settings.read_text() + f'\n[screening]\nbusiness_file = "{tmp_path / "none.toml"}"\n')
    answer = holdfast("screen", "--as-of", BEFORE, "--home", home, "--settings", settings)
    assert answer.err.splitlines()[-1].endswith("name an existing TOML file in screening.business_file")
