"""A browser for tests, and `holdfast up` for it to look at: both gone afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.acceptance.postgres_server import free_port
from tests.conftest import CHROMIUM, SCREENSHOTS
from tests.flows import conftest as made
from tests.flows.conftest import Operator, holdfast

UP_WITHIN = 240
PATIENCE = 60_000
"""Milliseconds for anything to appear: far more than it takes, for machines that have other work too."""
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1900, "height": 1000}
"""MLflow gives the files that two runs share no room on a narrower page."""
HALLS = """
SELECT customer_id, month, status, brand, activated_on,
    CASE WHEN right(customer_id, 1) < '5' THEN '城东营业厅' ELSE '城西营业厅' END AS hall
FROM read_csv('customers.csv', all_varchar = true)
"""


@dataclass(frozen=True)
class Up:
    """A running `holdfast up`: its process, its home, what it says, and where each tool listens."""

    process: subprocess.Popen[bytes]
    home: Path
    said: Path
    ports: dict[str, int]

    def url(self, tool: str, path: str = "") -> str:
        return f"http://127.0.0.1:{self.ports[tool]}{path}"

    def asked(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """What Prefect's API answers: to a question, or to being looked at."""
        body = None if question is None else json.dumps(question).encode()
        request = urllib.request.Request(
            self.url("prefect", f"/api/{path}"), body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running_up(home: Path, settings: Path) -> Iterator[Up]:
    """`holdfast up` from its start until it says that all is there; ended at the latest here."""
    ports = {tool: free_port() for tool in ("prefect", "mlflow", "evidently")}
    command = [sys.executable, "-m", "flows", "up", "--home", str(home), "--settings", str(settings)]
    for tool, port in ports.items():
        command += [f"--{tool}-port", str(port)]
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
    said = home.with_name(f"{home.name}.said")
    with said.open("wb") as file:
        process = subprocess.Popen(command, env=alone, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    up = Up(process, home, said, ports)
    started = [psutil.Process(process.pid)]
    try:
        _wait_until_ready(up)
        started += family(up)
        yield up
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
        for left in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait()


def family(up: Up) -> list[psutil.Process]:
    """Every process that `up` started, directly or not."""
    return list(psutil.Process(up.process.pid).children(recursive=True))


def _wait_until_ready(up: Up) -> None:
    until = time.monotonic() + UP_WITHIN
    while "Ctrl-C ends them all." not in up.said.read_text():
        assert up.process.poll() is None, up.said.read_text()
        assert time.monotonic() < until, up.said.read_text()
        time.sleep(0.2)


def lived_through(folder: Path, webhook: str) -> Operator:
    """A made operator with two halls, in `home`: two trainings, three months scored, listed and monitored."""
    made.write_operator(folder)
    operator, home = made.operator_in(folder), folder / "home"
    (operator.mapping / "customers.sql").write_text(HALLS)
    with operator.settings.open("a") as settings:
        settings.write(f'\n[schedule]\nfailure_webhook = "{webhook}"\n')

    def run(*words: str | Path) -> None:
        answer = holdfast(*words, "--home", home, "--settings", operator.settings)
        assert answer.code == 0, answer.err

    before = dict(os.environ)  # the command line sets variables for its process
    for number in range(1, 7):
        run("ingest", "--source", operator.mapping, "--from", operator.extract, "--month", f"2025-0{number}")
    for month in ("2025-03", "2025-04"):
        run("train", "--as-of", month)
    for month in ("2025-04", "2025-05", "2025-06"):
        run("score", "--month", month)
        run("monitor", "--month", month)
    os.environ.clear()
    os.environ.update(before)
    return operator


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.fail(f"no {', '.join(CHROMIUM)} on the path; install one (Debian: apt install chromium)")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@contextlib.contextmanager
def page_of(browser: Browser) -> Iterator[Page]:
    """A page with its own storage; it must have asked nobody but this machine."""
    page = browser.new_page(viewport=WIDE, locale="en-GB", timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    page.close()
    local = ("127.0.0.1", "")  # data: and blob: name no host
    assert [url for url in asked if (urllib.parse.urlsplit(url).hostname or "") not in local] == []


def picture(page: Page, name: str, folder: Path) -> None:
    """Keep what the page shows for a person to look at: where HOLDFAST_SCREENSHOTS says, else in `folder`."""
    kept = Path(os.environ.get(SCREENSHOTS) or folder)
    kept.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=kept / f"{name}.png")
