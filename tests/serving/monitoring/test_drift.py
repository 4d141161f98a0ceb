from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from features.months import Month
from serving.monitoring.month_sample import MonthSample
from serving.monitoring.population_drift import SCORE, IndicatorDrift
from serving.monitoring.verdict import Judged, Verdict

ROWS = 400
FIGURES = {"drifted share": 0.285068, "score drift": 0.009813, "missing values": 0.140659, "list volume": 334.0}
SCORE_JUDGED = Judged(
    IndicatorDrift(SCORE, "number", 0.01, 0.001, 9, 0.02, 0.0, 0.0, 1.0), 0.02, "stable", unknown_rose=False
)
VERDICT = Verdict("watch", False, "look at the bills", ("score: stable", "bill moved"), 0.285068, SCORE_JUDGED, ())


def sample(seed: int, shift: float = 0.0) -> MonthSample:
    rng = np.random.default_rng(seed)
    return MonthSample(
        {
            "bill": rng.choice([10.0, 20.0, 40.0], ROWS) + shift,
            "nowhere": np.full(ROWS, np.nan),
            SCORE: rng.choice([0.01, 0.1], ROWS),
        },
        {"plan": rng.choice(np.array(["blue", "red", None], dtype=object), ROWS)},
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of one model, written once."""
    from serving.monitoring.drift import write_drift_report

    folder = tmp_path_factory.mktemp("drift")
    for month in (Month(2025, 3), Month(2025, 4)):
        write_drift_report(report(month), folder / f"{month}.html", folder / "evidently")
    return folder


def report(month: Month, version: int = 1, shift: float = 20.0):
    from serving.monitoring.drift import DriftReport

    samples = (sample(1), sample(2, shift))
    return DriftReport("Made operator", "churn-propensity", version, month, VERDICT, *samples, FIGURES)


def snapshots(folder: Path) -> list[Path]:
    return sorted(folder.glob("evidently/*/snapshots/*.json"))


def results(file: Path) -> dict[str, float]:
    """Every single value of a snapshot by the name it is shown under."""
    found = json.loads(file.read_text())["metric_results"].values()
    return {result["display_name"]: result["value"] for result in found if "value" in result}


def test_a_snapshot_carries_the_populations_figures_at_the_months_end(written: Path):
    march = json.loads(snapshots(written)[0].read_text()), json.loads(snapshots(written)[1].read_text())
    assert {one["timestamp"] for one in march} == {"2025-03-31T00:00:00", "2025-04-30T00:00:00"}
    shown = results(snapshots(written)[0])
    assert shown["Drifted share: share of the model's importance whose indicators drifted"] == 0.285068
    assert shown["Score drift: population stability index of the score"] == 0.009813
    assert shown["Missing values: share of unknown values, weighted by importance"] == 0.140659
    assert shown["List volume: customers on the warning list"] == 334.0


def test_the_sampled_columns_are_tested_and_the_shifted_one_drifts(written: Path):
    shown = results(snapshots(written)[0])
    assert shown["Value drift for bill"] > 0.1
    assert shown["Value drift for probability"] < 0.1
    assert shown["Value drift for plan"] < 0.1
    assert "Value drift for nowhere" not in shown  # a column of which nothing is known


def test_the_dashboards_panels_name_one_metric_over_all_months(written: Path):
    (dashboard,) = written.glob("evidently/*/dashboard.json")
    panels = json.loads(dashboard.read_text())["panels"]
    assert [panel["title"] for panel in panels] == ["Drifted share", "Score drift", "Missing values", "List volume"]
    for file in snapshots(written):
        metrics = [
            (result["metric_value_location"]["metric"]["params"].get("figure"), name)
            for name, result in json.loads(file.read_text())["metric_results"].items()
        ]
        assert {figure for figure, _ in metrics if figure} == set(FIGURES)
    same = [set(json.loads(file.read_text())["metric_results"]) for file in snapshots(written)]
    assert same[0] == same[1]  # a metric that differed by month would be a line of one point


def test_a_rerun_keeps_one_snapshot_and_the_same_bytes(written: Path):
    from serving.monitoring.drift import write_drift_report

    before = {file: file.read_bytes() for file in written.rglob("*.*") if file.is_file()}
    write_drift_report(report(Month(2025, 3)), written / "2025-03.html", written / "evidently")
    assert {file: file.read_bytes() for file in written.rglob("*.*") if file.is_file()} == before
    assert len(snapshots(written)) == 2


def test_another_version_of_the_model_takes_the_months_place(written: Path, tmp_path: Path):
    from serving.monitoring.drift import snapshot_file, write_drift_report

    for version in (1, 2):
        write_drift_report(report(Month(2025, 3), version), tmp_path / "page.html", tmp_path / "evidently")
    (only,) = snapshots(tmp_path)
    assert json.loads(only.read_text())["metadata"]["version"] == "2"
    assert only == snapshot_file(tmp_path / "evidently", report(Month(2025, 3)))


def test_panels_that_somebody_added_stay(tmp_path: Path):
    from serving.monitoring.drift import write_drift_report

    write_drift_report(report(Month(2025, 3)), tmp_path / "page.html", tmp_path / "evidently")
    (dashboard,) = tmp_path.glob("evidently/*/dashboard.json")
    dashboard.write_text('{"tabs": [], "panels": []}')
    write_drift_report(report(Month(2025, 4)), tmp_path / "page.html", tmp_path / "evidently")
    assert dashboard.read_text() == '{"tabs": [], "panels": []}'


def test_evidentlys_own_workspace_reads_what_was_written(written: Path):
    from evidently.ui.workspace import Workspace

    (project,) = Workspace(str(written / "evidently")).list_projects()
    assert project.name == "Made operator: churn-propensity"
    assert len(Workspace(str(written / "evidently")).list_runs(project.id)) == 2


def test_a_month_without_a_list_has_no_volume(tmp_path: Path):
    from serving.monitoring.drift import write_drift_report

    figures = {name: amount for name, amount in FIGURES.items() if name != "list volume"}
    without = dataclasses.replace(report(Month(2025, 3)), figures=figures)
    write_drift_report(without, tmp_path / "page.html", tmp_path / "evidently")
    assert not any("List volume" in name for name in results(snapshots(tmp_path)[0]))


def test_the_page_loads_nothing_from_elsewhere(written: Path):
    page = (written / "2025-03.html").read_text()
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//[^\"'> ]*", page)


def test_the_page_begins_with_title_model_verdict_reasons_and_advice(written: Path):
    page = (written / "2025-03.html").read_text()
    assert page.partition("<head>")[2].lstrip().startswith("<title>Drift of 2025-03: watch</title>")
    header, _, rest = page.partition("<body>")[2].partition("</header>")
    assert [text.strip() for text in re.findall(r">([^<>]+)<", header)][:5] == [
        "Drift of 2025-03: watch",
        "Made operator: churn-propensity version 1",
        "score: stable",
        "bill moved",
        "Advice: look at the bills.",
    ]
    assert "<div id=" in rest


def test_what_the_page_tells_is_text_and_never_markup(tmp_path: Path):
    from serving.monitoring.drift import write_drift_report

    sly = "<script>alert('&')</script>"
    told = dataclasses.replace(VERDICT, advice=sly, reasons=(sly,))
    given = dataclasses.replace(report(Month(2025, 3)), operator=sly, verdict=told)
    write_drift_report(given, tmp_path / "page.html", tmp_path / "evidently")
    header = (tmp_path / "page.html").read_text().partition("<body>")[2].partition("</header>")[0]
    assert "<script" not in header
    assert header.count("&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;") == 3
