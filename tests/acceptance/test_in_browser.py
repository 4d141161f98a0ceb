"""The tools of a home as people use them, in a real browser: every figure shown stands in a file of the home."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import queue
import re
import threading
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.acceptance.browser import Up, chromium, lived_through, page_of, picture, running_up
from tests.flows.conftest import LAST

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DONE_WITHIN = 120_000
"""Milliseconds from the submitted form to the end of the run: process start, imports, five steps."""
MONTHS = ["2025-04", "2025-05", "2025-06"]
Shoot = Callable[[str], None]


@pytest.fixture(scope="module")
def told() -> Iterator[queue.Queue[Any]]:
    """What is posted to the webhook that the settings name; its address is the queue's `url`."""
    posted: queue.Queue[Any] = queue.Queue()

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    posted.url = f"http://127.0.0.1:{server.server_port}/failed"  # type: ignore[attr-defined]
    yield posted
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def up(told: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("browser")
    operator = lived_through(folder, told.url)
    with running_up(folder / "home", operator.settings) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_of(browser) as opened:
        yield opened


@pytest.fixture
def shoot(page: Page, tmp_path: Path) -> Shoot:
    return lambda name: picture(page, name, tmp_path)


def read(*parts: Path | str) -> Any:
    return json.loads(Path(*parts).read_text(encoding="utf-8"))


def open_form(page: Page, up: Up, flow: str) -> None:
    page.goto(up.url("prefect", "/deployments"))
    page.get_by_role("row").filter(has_text=flow).get_by_role("link", name=flow).first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    expect(page.get_by_text("Validate parameters")).to_be_visible()


def submit(page: Page, month: str) -> None:
    page.locator("form textarea").first.fill(month)
    page.get_by_role("button", name="Submit").click()


def test_a_month_is_run_from_prefect_s_form_and_shows_the_list_that_lies_on_disk(up: Up, page: Page, shoot: Shoot):
    open_form(page, up, "run-month")
    for meaning in (
        "Month as YYYY-MM, for example 2025-02.",
        "Registered source mapping; empty for the one that filled the home.",
        "Name of a campaign to draw from this month; empty for none.",
    ):
        expect(page.locator("form")).to_contain_text(meaning)
    submit(page, "2025-13")
    expect(page.get_by_text("Validation failed for field 'month'").first).to_be_visible()
    shoot("prefect-form-refuses")
    submit(page, LAST)
    page.wait_for_url("**tab=Runs**")  # back on the deployment's page, so the server took it

    page.goto(up.url("prefect", "/runs"))
    page.get_by_text(f"run {LAST}", exact=True).first.click(timeout=DONE_WITHIN)
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=DONE_WITHIN)
    expect(page.get_by_text("Finished in state Completed()").last).to_be_visible()
    shoot("prefect-run")
    page.get_by_text("Task Runs", exact=True).click()
    for step in ("ingest", "features", "score", "list", "monitor"):
        expect(page.get_by_role("link", name=f"{step} {LAST}", exact=True)).to_be_visible()

    manifest = read(up.home, "lists", f"month={LAST}", "manifest.json")
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_role("link").filter(has_text=f"Warning list of {LAST}").click()
    page.wait_for_url("**/artifacts/**")
    expect(page.get_by_text(f"Warning list of {LAST}")).to_contain_text(
        f"{manifest['listed']} of {manifest['scored']} scored customers, "
        f"value at risk {manifest['value_at_risk']:,.2f} (CNY)"
    )
    rows = page.locator("table tbody tr")
    expect(rows).to_have_count(2)
    shown = [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows.all()]
    assert shown == [[hall["hall"], str(hall["listed"]), f"{hall['file']}.csv"] for hall in manifest["halls"]]
    assert sum(int(listed) for _, listed, _ in shown) == manifest["listed"] == 25
    shoot("prefect-list")


def test_two_trainings_are_compared_in_mlflow_with_their_plots(up: Up, page: Page, shoot: Shoot):
    page.goto(up.url("mlflow", "/#/experiments/1/runs?workflowType=machine_learning"))
    expect(page.get_by_text("2 matching runs")).to_be_visible()
    for _ in range(2):
        page.get_by_role("checkbox", name="toggle row selection (unchecked)").first.check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Comparing 2 Runs from 1 Experiment")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()  # the assistant's half of the page
    ids = re.findall(r"[0-9a-f]{32}", urllib.parse.unquote(page.url))
    kept = up.home / "mlflow" / "artifacts" / "churn-propensity"
    aucs = [read(kept, run, "artifacts", "test.json")["pooled"]["horizon_1"]["model"]["auc"]["value"] for run in ids]
    assert len(set(aucs)) == 2
    for auc in aucs:
        expect(page.locator(".parcoords, .js-plotly-plot").get_by_text(f"{auc:.5f}")).to_be_visible()
    shoot("mlflow-comparison")

    for run, month in zip(ids, ("2025-04", "2025-03"), strict=True):
        page.goto(up.url("mlflow", f"/#/experiments/1/runs/{run}/artifacts?workflowType=machine_learning"))
        expect(page.get_by_role("heading", name=f"as-of {month}, horizon 1")).to_be_visible()
        page.get_by_text("roc.png", exact=True).click()
        image = page.locator("img[src^=blob]").first
        expect(image).to_be_visible()
        assert image.evaluate("image => image.naturalWidth") > 500
        shoot(f"mlflow-roc-{month}")


def test_evidently_s_dashboard_shows_the_figures_of_several_months(up: Up, page: Page, shoot: Shoot):
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if "data_series" in answer.url else None)
    page.goto(up.url("evidently"))
    page.get_by_text("Made operator: churn-propensity").click()
    for title in ("Drifted share", "Score drift", "Missing values", "List volume"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    bars = page.locator(".MuiBarElement-root")
    expect(bars.nth(4 * len(MONTHS) - 1)).to_be_attached()
    series = [(one["params"]["figure"], body) for body in (a.json() for a in answers) for one in body["series"]]
    for figure, body in series:
        drawn = dict(
            zip((source["metadata"]["month"] for source in body["sources"]), body["series"][0]["values"], strict=True)
        )
        assert set(drawn) >= set(MONTHS)
        assert drawn == {month: verdict(up.home, month)["figures"][figure] for month in drawn}
    assert {figure for figure, _ in series} == {"drifted share", "score drift", "missing values", "list volume"}

    bars.first.hover(force=True)
    drift = verdict(up.home, MONTHS[0])["figures"]["drifted share"]
    expect(page.locator(".MuiChartsTooltip-paper")).to_contain_text(f"{drift:.3f}".rstrip("0").rstrip("."))
    expect(page.locator(".MuiChartsTooltip-paper")).to_contain_text("2025-04-30")
    shoot("evidently-dashboard")
    bars.last.scroll_into_view_if_needed()
    shoot("evidently-dashboard-below")


def verdict(home: Path, month: str) -> Any:
    return read(home, "monitoring", f"month={month}", "verdict.json")


def test_a_failed_run_is_told_to_the_webhook_of_the_settings_in_one_line(
    up: Up, told: queue.Queue[Any], page: Page, shoot: Shoot
):
    deployment = up.asked("deployments/name/ingest-month/ingest-month")["id"]
    run = up.asked(f"deployments/{deployment}/create_flow_run", {"parameters": {"month": "2031-01"}})
    message = told.get(timeout=DONE_WITHIN / 1000)
    assert message["flow_run_id"] == run["id"]
    assert message["text"].startswith("ingest-month, run ingest 2031-01: Failed. ")
    assert "2031-01" in message["text"].partition("Failed. ")[2]
    assert "Traceback" not in message["text"]
    page.goto(up.url("prefect", f"/runs/flow-run/{run['id']}"))
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("Finished in state Failed").last).to_be_visible()
    shoot("prefect-failed-run")
    assert "Traceback" not in page.locator("body").inner_text()


def test_the_closed_month_is_planned_for_the_fifth_at_six_in_the_operator_s_time(up: Up, page: Page, shoot: Shoot):
    deployment = up.asked("deployments/name/run-closed-month/run-closed-month")
    (schedule,) = deployment["schedules"]
    assert schedule["active"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 6 5 * *", "Asia/Shanghai")
    page.goto(up.url("prefect", f"/deployments/deployment/{deployment['id']}?tab=Upcoming"))
    expect(page.get_by_text(re.compile(r"Scheduled for \d{4}/\d\d/05 06:00:00 AM")).first).to_be_visible()
    shoot("prefect-schedule")
    wanted = {"flow_runs": {"deployment_id": {"any_": [deployment["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"}
    planned = up.asked("flow_runs/filter", wanted)
    shanghai = dt.timezone(dt.timedelta(hours=8))
    starts = [dt.datetime.fromisoformat(run["expected_start_time"]).astimezone(shanghai) for run in planned]
    assert starts
    assert {(start.day, start.hour, start.minute) for start in starts} == {(5, 6, 0)}
    assert starts[0] - dt.datetime.now(shanghai) < dt.timedelta(days=32)


def test_a_form_offers_only_registered_sources(up: Up):
    """By path, whoever can open the form could have any file read."""
    deployment = up.asked("deployments/name/ingest-month/ingest-month")["id"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        up.asked(
            f"deployments/{deployment}/create_flow_run", {"parameters": {"month": "2025-06", "source": "/etc/passwd"}}
        )
    assert refused.value.code == 409
