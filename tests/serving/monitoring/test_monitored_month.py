from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.engine import collect
from features.feature_months import build_feature_month
from features.month_ledger import Origin
from models.drift_reference import FILE
from serving import ServingError
from serving.monitoring.monitored_month import LISTS, PAGE, TABLE, VERDICT, Monitoring, monitor_month, verdict_of
from tests.made_operator import NOW, by_bucket
from tests.serving.monitoring.conftest import SCORED

FIGURES = {"drifted share", "score drift", "missing values", "weighted PSI"}


def files(monitoring: Monitoring) -> dict[Path, bytes]:
    """Everything that monitoring wrote for people, by path."""
    folders = (monitoring.folder, monitoring.workspace)
    return {file: file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file()}


def table_rows(monitoring: Monitoring) -> list[dict[str, Any]]:
    entry = monitoring.ledger.known(TABLE, SCORED)
    assert entry is not None
    return collect(monitoring.ledger.warehouse.read(TABLE, SCORED, entry.version)).to_dicts()


def give_a_list(monitoring: Monitoring, listed: int) -> None:
    listing = pl.DataFrame({"customer_id": [f"customer-{number:04}" for number in range(listed)]})
    staged = monitoring.ledger.warehouse.stage_month(LISTS, SCORED, by_bucket(listing))
    monitoring.ledger.enter([staged], Origin("made", "made", "test", NOW))


def test_a_month_leaves_a_verdict_a_page_a_snapshot_and_a_table(monitoring: Monitoring):
    content = monitor_month(monitoring, SCORED)
    folder = monitoring.folder_of(SCORED)
    assert json.loads((folder / VERDICT).read_text()) == content
    assert (folder / PAGE).stat().st_size > 100_000
    assert len(list(monitoring.workspace.glob("*/snapshots/*.json"))) == 1
    reference = monitoring.reference()
    names = [row["indicator"] for row in table_rows(monitoring)]
    assert names == ["probability", *sorted([*reference.numbers, *reference.categories])]
    assert {row["model_version"] for row in table_rows(monitoring)} == {3}


def test_the_verdict_says_what_was_measured_against_what(monitoring: Monitoring):
    content = monitor_month(monitoring, SCORED)
    features = build_feature_month(monitoring.ledger, SCORED, monitoring.wanted, now=NOW)
    assert (content["month"], content["rows"]) == (str(SCORED), features.rows)
    assert content["model"] == {"name": "churn-propensity", "version": 3, "trained_as_of": "2025-03"}
    assert content["measured_against"]["scoring_months"] == ["2025-02"]  # it has the longest history
    assert content["measured_against"]["customers"] <= 120
    assert content["inputs"]["features"] == features.content_hash
    assert content["thresholds"]["psi_drift"] == 0.25
    assert set(content["figures"]) == FIGURES
    assert content["verdict"] == "not enough data"  # 120 customers and 200 indicators
    assert "too few customers" in content["reasons"][0]


def test_a_champion_that_knows_what_is_usual_has_the_month_compared_with_the_one_before(monitoring: Monitoring):
    assert monitor_month(monitoring, SCORED)["inputs"]["last_month"] is None
    reference = monitoring.reference()
    usual = dict.fromkeys([*reference.numbers, *reference.categories], 0.01)
    knowing = {FILE: dataclasses.replace(reference, usual=usual).to_json()}
    champion = dataclasses.replace(monitoring.champion, files=knowing)
    monitoring = dataclasses.replace(monitoring, champion=champion)
    content = monitor_month(monitoring, SCORED)
    before = build_feature_month(monitoring.ledger, SCORED - 1, monitoring.wanted, now=NOW)
    assert content["inputs"]["last_month"] == before.content_hash
    score, *indicators = table_rows(monitoring)
    assert (score["psi_since_last_month"], score["jumped"]) == (None, False)
    assert {row["usual_psi_of_a_month"] for row in indicators} == {0.01}
    assert all(row["psi_since_last_month"] >= 0 for row in indicators)
    verdict = verdict_of(monitoring, SCORED)
    assert (verdict.overall, list(verdict.reasons)) == (content["verdict"], content["reasons"])


def test_the_snapshot_shows_the_figures_of_the_verdict(monitoring: Monitoring):
    give_a_list(monitoring, 33)
    content = monitor_month(monitoring, SCORED)
    (snapshot,) = monitoring.workspace.glob("*/snapshots/*.json")
    results = json.loads(snapshot.read_text())["metric_results"].values()
    shown = {
        result["metric_value_location"]["metric"]["params"].get("figure"): result.get("value") for result in results
    }
    assert content["figures"]["list volume"] == 33.0
    for name in (FIGURES | {"list volume"}) - {"weighted PSI"}:
        assert shown[name] == content["figures"][name]


def test_a_rerun_finds_the_work_done_and_leaves_every_byte(monitoring: Monitoring):
    first = monitor_month(monitoring, SCORED)
    before, entries = files(monitoring), len(monitoring.ledger.entries())
    times = {file: file.stat().st_mtime_ns for file in before}
    assert monitor_month(monitoring, SCORED) == first
    assert files(monitoring) == before
    assert {file: file.stat().st_mtime_ns for file in before} == times
    assert len(monitoring.ledger.entries()) == entries


def test_a_run_that_died_before_its_verdict_is_done_again_to_the_same_bytes(monitoring: Monitoring):
    monitor_month(monitoring, SCORED)
    before, entries = files(monitoring), len(monitoring.ledger.entries())
    (monitoring.folder_of(SCORED) / VERDICT).unlink()
    monitor_month(monitoring, SCORED)
    assert files(monitoring) == before
    assert len(monitoring.ledger.entries()) == entries


def test_a_list_that_comes_later_is_monitored_again_and_keeps_one_snapshot(monitoring: Monitoring):
    monitor_month(monitoring, SCORED)
    give_a_list(monitoring, 20)
    assert monitor_month(monitoring, SCORED)["figures"]["list volume"] == 20.0
    assert len(list(monitoring.workspace.glob("*/snapshots/*.json"))) == 1


def test_nothing_that_is_written_names_a_customer_or_quotes_a_row(monitoring: Monitoring):
    monitor_month(monitoring, SCORED)
    features = build_feature_month(monitoring.ledger, SCORED, monitoring.wanted, now=NOW)
    people = collect(monitoring.ledger.warehouse.read(features.table, SCORED, features.version))
    bills = {repr(value) for value in people["bill_amount_last"].drop_nulls().to_list()}
    bills = {bill for bill in bills if len(bill) > 10}  # 8.25 may be a script's own
    written = {**files(monitoring), Path("reference"): monitoring.champion.files[FILE].encode()}
    assert len(bills) > 60
    for file, content in written.items():
        assert b"customer-" not in content, file
        assert b"customer_id" not in content, file
        assert not [bill for bill in bills if bill.encode() in content], file


def test_a_month_that_another_version_scored_is_refused(monitoring: Monitoring):
    newer = dataclasses.replace(monitoring.champion, version=4)
    with pytest.raises(ServingError, match=r"2025-04 was scored by churn-propensity/3, and the champion is .*/4; run"):
        monitor_month(dataclasses.replace(monitoring, champion=newer), SCORED)
    assert files(monitoring) == {}


def test_a_month_that_was_not_scored_is_refused(monitoring: Monitoring):
    with pytest.raises(ServingError, match="2025-05 was not scored"):
        monitor_month(monitoring, SCORED + 1)


def test_a_champion_without_a_reference_has_to_be_trained_again(monitoring: Monitoring):
    without = dataclasses.replace(monitoring.champion, files={})
    with pytest.raises(ServingError, match=r"without reference.json, .*run holdfast train --as-of 2025-03 again"):
        monitor_month(dataclasses.replace(monitoring, champion=without), SCORED)
