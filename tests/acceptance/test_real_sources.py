"""Three real operators' files go through the same commands, from extract to ranked list, with small settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.key import VARIABLE, new_key
from tests.flows.conftest import made_once

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

# Of the tariff panel only months up to 2017-06 are judged here: what comes later is read once, for the record.
MONTHS = {
    "tariff_panel": {"train": "2017-05", "first": "2017-04", "last": "2017-05", "run": "2017-06"},
    "prepaid_panel": {"train": "2014-09", "first": "2014-08", "last": "2014-08", "run": "2014-09"},
    "telco_california": {"train": "2018-09", "first": "2018-09", "last": "2018-09", "run": "2018-09"},
}
QUICK = """
[churn]
max_rounds = 20
fallback_rounds = 10
folds = 2

[evaluation]
replicates = 20

[lists]
size = 50
lowest_band = "healthy"
"""
COMMANDS = """
import json, sys
from flows.cli import app
for words in json.load(sys.stdin):
    if ended := app(words, standalone_mode=False):
        sys.exit(ended)
"""


def commands(source: str, extract: Path, folder: Path) -> list[list[str]]:
    """What the issue's user types, as JSON to be read by a test."""
    month, given = MONTHS[source], ["--home", str(folder / source), "--settings", str(folder / "quick.toml"), "--json"]
    return [
        ["ingest", "--source", source, "--from", str(extract), "--all", *given],
        ["features", "--as-of", month["train"], *given],
        ["train", "--as-of", month["train"], *given],
        ["backtest", "--from", month["first"], "--to", month["last"], *given],
        ["run-month", "--month", month["run"], *given],
    ]


@pytest.fixture(scope="module")
def answers(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What each command printed, by source."""

    def run(folder: Path) -> None:
        (folder / "answers.json").write_text(json.dumps(printed(folder, real_data)))

    read: dict[str, list[Any]] = json.loads((made_once(tmp_path_factory, "real", run) / "answers.json").read_text())
    return read


def printed(folder: Path, real_data: Path) -> dict[str, list[Any]]:
    """One process runs all commands of all sources, because importing takes as long as running."""
    (folder / "quick.toml").write_text(QUICK)
    new_key(folder / "key")
    asked = [words for source in MONTHS for words in commands(source, real_data / source, folder)]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    alone |= {VARIABLE: str(folder / "key"), "PREFECT_HOME": str(folder / "prefect")}
    program = [sys.executable, "-c", COMMANDS]
    ran = subprocess.run(program, env=alone, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) == len(asked), "each command prints one JSON object on stdout and nothing else"
    each = len(asked) // len(MONTHS)
    return {source: lines[at * each : (at + 1) * each] for at, source in enumerate(MONTHS)}


@pytest.fixture(params=MONTHS)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_month_arrives_whole(source: str, answers: dict[str, list[Any]]):
    delivered = answers[source][0]["delivered"]
    months = {row["month"] for row in delivered if row["table"] == "customers"}
    first = {row["table"]: row["rows"] for row in delivered if row["month"] == min(months)}
    assert (len(months), first) == {
        "tariff_panel": (19, {"bills": 3415, "customers": 3415, "plan_periods": 3014, "service_events": 126}),
        "prepaid_panel": (4, {"bills": 1000, "custom_indicators": 34675, "customers": 1000, "usage": 1000}),
        "telco_california": (
            1,
            {"bills": 7043, "custom_indicators": 197204, "customers": 7043, "outcomes": 7043, "usage": 7043},
        ),
    }[source]
    assert {(row["outcome"], row["rejected"]) for row in delivered} == {("new", 0)}


def test_indicators_are_built_for_who_is_active(source: str, answers: dict[str, list[Any]]):
    rows = {"tariff_panel": 3517, "prepaid_panel": 890, "telco_california": 7043}
    assert answers[source][1]["features"]["rows"] == rows[source]


def test_a_model_is_trained_on_what_is_mature_and_says_when_leavers_are_few(source: str, answers: dict[str, list[Any]]):
    trained = answers[source][2]
    assert (
        trained["trained_on"]["scoring_months"]
        == {
            "tariff_panel": ["2017-02", "2017-03"],
            "prepaid_panel": ["2014-06", "2014-07", "2014-08"],
            "telco_california": ["2018-09"],
        }[source]
    )
    leavers = {"tariff_panel": 32, "prepaid_panel": 133, "telco_california": 1869}
    assert trained["trained_on"]["leavers"] == leavers[source]
    assert "fixed rounds" in trained["note"]


def test_the_model_beats_chance_and_says_how_it_was_judged(source: str, answers: dict[str, list[Any]]):
    report = answers[source][3]
    horizons = {"tariff_panel": {"horizon_1"}, "prepaid_panel": {"horizon_1"}, "telco_california": {"horizon_3"}}
    assert set(report["pooled"]) == horizons[source]
    assert report["design"].startswith("out of time") == (source != "telco_california")
    ((_, scores),) = report["pooled"].items()
    assert scores["model"]["auc"]["low"] > 0.6
    assert {"logistic_regression", "scorecard"} < set(scores)


def test_the_list_ranks_the_month(source: str, answers: dict[str, list[Any]]):
    written = answers[source][4]["list"]
    lines = (Path(written["folder"]) / "province.csv").read_text(encoding="utf-8-sig").splitlines()
    columns = lines[0].split(",")
    at_risk = [float(line.split(",")[columns.index("value_at_risk")]) for line in lines[1:]]
    assert (written["listed"], len(at_risk)) == (50, 50)
    assert at_risk == sorted(at_risk, reverse=True)


def test_no_phone_number_is_in_a_home(answers: dict[str, list[Any]], real_data: Path):
    lines = (real_data / "prepaid_panel" / "telecom_churn_data_first1000.csv").read_text().splitlines()
    column = lines[0].split(",").index("mobile_number")
    number = lines[1].split(",")[column].encode()
    folder = Path(answers["prepaid_panel"][4]["list"]["folder"])
    assert number not in (folder / "province.csv").read_bytes()
