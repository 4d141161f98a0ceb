"""The demo: from nothing to a ranked list in one command, again without harm, and never over somebody's home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from features.home import Home
from flows.campaign_commands import readout_in_words
from flows.demo import in_words
from flows.workspace import open_workspace
from tests.flows.conftest import bytes_of, holdfast, made_once

QUICK = """
[churn]
max_rounds = 30
fallback_rounds = 20
folds = 2

[evaluation]
replicates = 50

[lists]
size = 100
lowest_band = "healthy"

[eligibility]
min_arpu = 0.0
min_tenure_months = 0
lowest_band = "healthy"

[campaign]
hall_capacity = 100
holdout_share = 0.5
"""
TWICE = """
import hashlib, json, pathlib, sys
from flows.cli import app
from tests.flows.conftest import bytes_of
home, *words = sys.argv[1:]
for _ in range(2):
    app(["demo", "--home", home, *words], standalone_mode=False)
    listed = bytes_of(pathlib.Path(home) / "lists")
    print(json.dumps({name: hashlib.sha256(held).hexdigest() for name, held in listed.items()}))
"""


@dataclass(frozen=True)
class Demo:
    """What the demo printed the first and the second time, and the home it filled."""

    first: dict[str, Any]
    second: dict[str, Any]
    home: Path
    err: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = made_once(tmp_path_factory, "demo", run_twice)
    first, second = json.loads((folder / "summaries.json").read_text())
    return Demo(first, second, folder / "var" / "demo", (folder / "err").read_text())


def run_twice(folder: Path) -> None:
    (folder / "quick.toml").write_text(QUICK)
    words = [str(folder / "var" / "demo"), "--customers", "2500", "--settings", str(folder / "quick.toml"), "--json"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ran = subprocess.run([sys.executable, "-c", TWICE, *words], env=alone, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    first, listed, second, listed_again = map(json.loads, ran.stdout.splitlines())
    assert listed == listed_again
    (folder / "summaries.json").write_text(json.dumps([first, second]))
    (folder / "err").write_text(ran.stderr)


@pytest.mark.slow
def test_the_summary_says_how_good_the_model_is_and_where_to_look(demo: Demo):
    ((_, scores),) = demo.first["trained"]["test"]["pooled"].items()
    auc = scores["model"]["auc"]
    assert 0.6 < auc["low"] < auc["value"] < auc["high"] < 1
    text = in_words(demo.first)
    assert f"AUC                  {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})" in text
    places = ("province.csv", "halls", "campaigns", "drift.html", "describe indicators", "up --home")
    assert all(place in text for place in places)
    assert "2,500 simulated customers, 14 months." in text


@pytest.mark.slow
def test_what_the_summary_names_is_there(demo: Demo):
    folder = Path(demo.first["list"]["folder"])
    named = {"province.csv", "province.parquet", "gone.csv", "halls", "manifest.json"}
    assert named <= {file.name for file in folder.iterdir()}
    assert folder.is_relative_to(demo.home)
    assert demo.first["list"]["listed"] == 100
    assert (demo.home / "monitoring" / "month=2026-02" / "drift.html").is_file()
    assert (Path(demo.first["campaign"]["folder"]) / "readout.html").is_file()
    assert (demo.home / "mlflow" / "mlflow.db").is_file()
    assert (demo.home / "prefect" / "prefect.db").is_file()
    assert "Traceback" not in demo.err


@pytest.mark.slow
def test_the_campaign_is_read_out_against_its_holdout(demo: Demo):
    report = demo.first["campaign"]["report"]
    assert report["note"] == ""
    assert report["month"] == "2025-09"
    assert report["arms"]["treated"]["customers"] > 50
    assert report["arms"]["withheld"]["customers"] > 50
    assert readout_in_words(report) in in_words(demo.first)


@pytest.mark.slow
def test_every_month_after_the_training_is_listed_and_monitored(demo: Demo):
    months = [f"month={month}" for month in ("2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02")]
    assert sorted(folder.name for folder in (demo.home / "lists").glob("month=*")) == months
    assert sorted(folder.name for folder in (demo.home / "monitoring").glob("month=*")) == months
    assert list(demo.first["drift"]) == [month.removeprefix("month=") for month in months[1:]]


@pytest.mark.slow
def test_all_is_in_the_home_but_the_key_which_lies_beside_it(demo: Demo):
    assert {path.name for path in demo.home.parent.iterdir()} == {"demo", "demo.key"}
    assert (demo.home.parent / "demo.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_second_time_finds_the_work_done(demo: Demo):
    assert demo.second == demo.first
    assert "revision" not in demo.err


@pytest.mark.slow
def test_a_demo_of_another_size_is_refused(demo: Demo):
    answer = holdfast("demo", "--home", demo.home, "--customers", "3000")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.endswith("demo holds the demo of 2500 customers; delete it or give another --home\n")


def test_the_home_of_another_operator_is_refused_and_left_as_it_is(tmp_path: Path):
    Home(tmp_path / "home").remember(source="tariff_panel", extract="/data")
    before = bytes_of(tmp_path)
    answer = holdfast("demo", "--home", tmp_path / "home")
    assert answer.code == 1
    assert answer.err == (
        f"holdfast: home {tmp_path}/home holds the operator tariff_panel; delete it or give another --home\n"
    )
    assert bytes_of(tmp_path) == before
    assert open_workspace(tmp_path / "home", None, print).home.facts()["source"] == "tariff_panel"


def test_too_few_leavers_to_judge_are_said_in_words():
    summary = {
        "customers": 2_000,
        "months": 14,
        "trained": {"test": {"notes": ["not tested out of time"]}},
        "list": {"folder": "lists", "listed": 1, "scored": 2},
        "drift": {"2026-02": "ok"},
        "campaign": {"folder": "campaigns", "report": {"campaign": "autumn", "note": "not enough data"}},
        "challenger": {"version": 2, "champion": 1, "reason": "too few leavers"},
    }
    text = in_words(summary | {"home": "var"})
    assert "There were too few leavers to judge" in text
