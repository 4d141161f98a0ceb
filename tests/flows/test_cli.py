from __future__ import annotations

import importlib.metadata
import shutil
from pathlib import Path

import pytest

from tests.flows.conftest import BEFORE, LAST, Operator, bytes_of, holdfast

COMMANDS = (
    "ingest",
    "features",
    "train",
    "backtest",
    "promote",
    "promotions",
    "run-month",
    "revisions",
    "describe",
    "doctor",
    "demo",
)
METRICS = ("auc", "average_precision", "top_decile_lift", "brier", "calibration_slope", "observed_over_expected")


def one_line(*words: str | Path) -> str:
    """The one line of a command that must fail by something that a person can mend."""
    answer = holdfast(*words)
    *progress, line = answer.err.splitlines()
    assert (answer.code, answer.out) == (1, "")
    assert line.startswith("holdfast: ")
    assert not [told for told in progress if " s  " not in told]
    return line.removeprefix("holdfast: ")


def test_help_lists_every_command():
    answer = holdfast("--help")
    assert answer.code == 0
    assert all(command in answer.out for command in (*COMMANDS, "key"))


def test_help_keeps_the_names_of_settings_sections():
    """In brackets, as they stand in the settings file; Rich would take them for markup."""
    assert "[promotion]" in holdfast("train", "--help").out
    assert "[campaign] holdout_share" in " ".join(holdfast("campaign", "run", "--help").out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_teaches_it(command: str):
    answer = holdfast(command, "--help")
    assert answer.code == 0
    assert all(option in answer.out for option in ("--home", "--settings", "--json"))
    if command not in ("doctor", "demo"):
        assert f"holdfast {command}" in answer.out.partition("Example")[2]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("features --as-of 2017-13", "2017-13"),
        ("features --as-of august", "august"),
        ("features", "--as-of"),
        ("ingest --source made", "either --month YYYY-MM or --all"),
        ("ingest --source made --all --month 2017-01", "either --month YYYY-MM or --all"),
        ("backtest --from 2017-10 --to 2017-07", "2017-07 lies before --from 2017-10"),
        ("backtest --from 2017-07 --to 2017-08 --horizon 0", "--horizon"),
        ("train --as-of 2017-08 --horizon 0", "--horizon"),
        ("revisions bills --restore 1", "name the TABLE and its --month"),
        ("revisions bills --vacuum", "leave TABLE and --month out"),
        ("demo --customers 10", "--customers"),
        ("describe --colour", "--colour"),
        ("forecast", "forecast"),
    ],
)
def test_wrong_usage_is_exit_code_two_and_names_the_word(
    words: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    answer = holdfast(*words.split())
    assert (answer.code, answer.out) == (2, "")
    assert says in " ".join(answer.err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("ingest --source nowhere --from . --all", "nowhere"),
        ("ingest --source tariff_panel --from absent --all", "extract folder absent does not exist"),
        ("ingest --source tariff_panel --all", "no extract folder is known yet"),
        ("ingest --all", "is empty; fill it with holdfast ingest"),
        ("features --as-of 2017-08", "is empty; fill it"),
        ("train --as-of 2017-08", "is empty; fill it"),
        ("backtest --from 2017-07 --to 2017-08", "is empty; fill it"),
        ("run-month --month 2017-08", "is empty; fill it"),
        ("run-month --month 2017-08 --from .", "is empty; fill it"),
        ("revisions bills", "is empty; fill it"),
        ("revisions bills --month 2017-08 --restore 1", "is empty; fill it"),
        ("describe bill", "bill"),
        ("features --as-of 2017-08 --settings absent.toml", "settings file absent.toml does not exist"),
    ],
)
def test_what_fails_early_is_one_line_and_leaves_nothing_behind(
    words: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert says in one_line(*words.split())
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_that_of_the_package():
    answer = holdfast("--version")
    assert (answer.code, answer.out) == (0, f"{importlib.metadata.version('holdfast')}\n")


def test_the_home_is_var_unless_said_otherwise(operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    answer = holdfast(
        "ingest", "--source", operator.mapping, "--from", operator.extract, "--month", "2025-01", "--json"
    )
    delivered = answer.json["delivered"]
    assert {row["table"]: (row["month"], row["outcome"], row["rows"]) for row in delivered} == {
        "customers": ("2025-01", "new", 300),
        "bills": ("2025-01", "new", 300),
    }
    assert "2025-01: bills 300 rows new" in answer.err
    assert {path.name for path in tmp_path.iterdir()} == {"var"}
    assert holdfast("revisions").code == 0


def test_a_home_takes_no_second_operator(home: Path, operator: Operator, tmp_path: Path):
    other = shutil.copytree(operator.mapping, tmp_path / "other")
    before = bytes_of(home)
    said = one_line("ingest", "--source", other, "--from", operator.extract, "--all", "--home", home)
    assert said.endswith("give another --home for other")
    assert bytes_of(home) == before


def test_features_are_told_as_json_on_stdout_alone(home: Path, operator: Operator, capfd: pytest.CaptureFixture[str]):
    answer = holdfast("features", "--as-of", "2025-03", "--home", home, "--settings", operator.settings, "--json")
    entry = answer.json["features"]
    assert (entry["month"], entry["rows"], entry["known_since"]) == ("2025-03", 264, "2025-03")
    assert "bucket 2 of 2" in answer.err
    assert capfd.readouterr().out == ""  # nor past Python, by a library in C


def test_a_month_that_is_not_there_is_one_line(home: Path):
    assert "2025-09" in one_line("features", "--as-of", "2025-09", "--home", home)
    assert "2025-09" in one_line("train", "--as-of", "2025-09", "--home", home)
    assert "horizon 5 is not one of the source's horizons 1" in one_line(
        "train", "--as-of", BEFORE, "--horizon", "5", "--home", home
    )


def test_a_month_is_not_run_without_a_champion(trained_home: Path):
    import mlflow

    database = f"sqlite:///{trained_home}/mlflow/mlflow.db"
    mlflow.MlflowClient(database, database).delete_registered_model_alias("churn-propensity", "champion")
    said = one_line("run-month", "--month", LAST, "--home", trained_home)
    assert said.endswith("train again, or run holdfast promote --model churn-propensity --version 1")


def test_training_again_finds_its_version(trained_home: Path, operator: Operator, capfd: pytest.CaptureFixture[str]):
    given = ("--home", trained_home, "--settings", operator.settings)
    answer = holdfast("train", "--as-of", BEFORE, *given, "--json")
    told = answer.json
    assert (told["model"], told["version"], told["alias"]) == ("churn-propensity", 1, "champion")
    assert told["trained_on"]["scoring_months"] == ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]
    assert set(told["test"]["pooled"]["horizon_1"]["model"]) >= set(METRICS)
    assert capfd.readouterr().out == ""


def test_a_backtest_prints_each_metric_with_its_interval_pooled_and_by_month(trained_home: Path, operator: Operator):
    given = ("--home", trained_home, "--settings", operator.settings)
    report = holdfast("backtest", "--from", "2025-04", "--to", "2025-05", *given, "--json").json
    assert set(report["pooled"]) == {"horizon_1"}
    assert set(report["months"]) == {"2025-04", "2025-05"}
    for scores in (report["pooled"]["horizon_1"], *(month["horizon_1"] for month in report["months"].values())):
        assert {"model", "logistic_regression", "lightgbm_defaults", "scorecard", "last_bill_vs_usual"} <= set(scores)
        for name in set(scores) - {"counts"}:
            for metric in METRICS:
                assert {"value", "low", "high"} <= set(scores[name][metric]), (name, metric)
    model = report["pooled"]["horizon_1"]["model"]["auc"]
    assert model["low"] <= model["value"] <= model["high"]


def test_a_backtest_is_shown_with_notes_for_what_it_left_out(trained_home: Path, operator: Operator):
    given = ("--home", trained_home, "--settings", operator.settings)
    answer = holdfast("backtest", "--from", "2025-05", "--to", "2025-06", *given)
    assert answer.code == 0
    assert "model minus this" in answer.out
    assert "note: 2025-06 left out: " in answer.out


def test_revisions_are_listed_by_table_and_month(home: Path):
    entries = holdfast("revisions", "bills", "--month", "2025-03", "--home", home, "--json").json["revisions"]
    assert [(entry["table"], entry["month"], entry["revision"], entry["rows"]) for entry in entries] == [
        ("bills", "2025-03", 1, 264)
    ]
    assert "2025-06" in holdfast("revisions", "--home", home).out


def test_a_key_is_made_and_named(tmp_path: Path):
    answer = holdfast("key", "new", tmp_path / "key")
    assert answer.code == 0
    assert f"wrote {tmp_path / 'key'}" in answer.out
    assert "a key is never replaced" in one_line("key", "new", tmp_path / "key")
