"""The flows on the real Prefect, with a server of the test's own; one of them on the command line without any."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.home import Home
from features.months import Month
from tests.flows.conftest import LAST, Operator, bytes_of

pytestmark = pytest.mark.slow

CUSTOMER = "customer-0007"


@pytest.fixture(scope="module", autouse=True)
def prefect() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


def run_month(home: Path, operator: Operator, month: str = LAST) -> Any:
    from flows import monthly_flows

    return monthly_flows.run_month(month, str(home), settings=str(operator.settings), return_state=True)


def task_runs(flow_run_id: Any) -> list[tuple[str, str]]:
    """Names and states of a flow run's tasks, in the order in which they began."""
    from prefect import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
    from prefect.client.schemas.sorting import TaskRunSort

    async def asked() -> list[Any]:
        async with get_client() as client:
            wanted = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
            return await client.read_task_runs(flow_run_filter=wanted, sort=TaskRunSort.EXPECTED_START_TIME_ASC)

    return [(run.name, run.state_type.value) for run in asyncio.run(asked())]


def name_of(flow_run_id: Any) -> str:
    from prefect import get_client

    async def asked() -> str:
        async with get_client() as client:
            return (await client.read_flow_run(flow_run_id)).name

    return asyncio.run(asked())


def test_a_month_runs_its_tasks_in_order_under_its_name_and_again_with_the_same_bytes(
    trained_home: Path, operator: Operator
):
    state = run_month(trained_home, operator)
    written = state.result()
    assert written == {"folder": str(trained_home / "lists" / f"month={LAST}"), "listed": 25, "scored": 205}
    assert name_of(state.state_details.flow_run_id) == f"run {LAST}"
    assert task_runs(state.state_details.flow_run_id) == [
        (f"{step} {LAST}", "COMPLETED") for step in ("ingest", "features", "score", "list")
    ]
    before = bytes_of(trained_home / "tables") | bytes_of(trained_home / "lists")
    assert run_month(trained_home, operator).result() == written
    assert bytes_of(trained_home / "tables") | bytes_of(trained_home / "lists") == before


def test_a_failing_step_fails_the_run_with_its_one_line_and_no_row(
    trained_home: Path, operator: Operator, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    from flows import monthly_flows

    extract = tmp_path / "extract"
    extract.mkdir()
    for name in ("customers.csv", "bills.csv"):
        text = (operator.extract / name).read_text()
        (extract / name).write_text(text.replace(f"{LAST},", "2025-77,"))
    state = monthly_flows.run_month(
        LAST, str(trained_home), None, str(extract), str(operator.settings), return_state=True
    )
    assert state.is_failed()
    problem = state.result(raise_on_failure=False)
    assert isinstance(problem, monthly_flows.StepFailed)
    assert "belong to no month" in str(problem)
    assert (problem.__cause__, problem.__context__) == (None, None)
    assert task_runs(state.state_details.flow_run_id) == [(f"ingest {LAST}", "FAILED")]
    assert "belong to no month" in caplog.text
    assert "Traceback" not in caplog.text
    assert CUSTOMER not in caplog.text


def test_an_unforeseen_error_in_a_step_shows_neither_traceback_nor_what_it_quotes(
    trained_home: Path,
    operator: Operator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    from flows import steps

    def crash(*_: Any) -> None:
        raise ValueError(f"cannot parse {CUSTOMER}")

    monkeypatch.setattr(steps, "ingest", crash)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    state = run_month(trained_home, operator)
    (report,) = tmp_path.glob("holdfast-*.log")
    assert str(state.result(raise_on_failure=False)) == f"unexpected ValueError; please report it with {report}"
    assert "Traceback" not in caplog.text
    assert CUSTOMER not in caplog.text


def test_a_month_that_is_none_fails_the_run_before_it_touches_the_home(tmp_path: Path, operator: Operator):
    state = run_month(tmp_path / "home", operator, month="../2025")
    assert state.is_failed()
    assert "../2025" in str(state.result(raise_on_failure=False))
    assert not (tmp_path / "home").exists()


def test_a_second_run_of_the_month_waits_for_the_first_and_finds_the_work_done(
    trained_home: Path, operator: Operator, caplog: pytest.LogCaptureFixture
):
    states: list[Any] = []
    second = threading.Thread(target=lambda: states.append(run_month(trained_home, operator)))
    with Home(trained_home).locked(f"run-{LAST}"):
        second.start()
        waited_for = f"another run holds run-{LAST} in {trained_home}; waiting for it to end"
        while waited_for not in caplog.text:
            assert second.is_alive()
            second.join(timeout=0.1)
        first = complete_by_steps(trained_home, operator)
    second.join(timeout=120)
    assert states[0].is_completed()
    assert bytes_of(trained_home / "tables") == first


def complete_by_steps(home: Path, operator: Operator) -> dict[str, bytes]:
    """What a first run of the month does while it holds the lock; the tables after it."""
    from flows import steps
    from flows.workspace import open_workspace

    work, month = open_workspace(home, operator.settings, lambda _: None), Month.parse(LAST)
    steps.ingest(work, steps.Arrival(months=[month]))
    steps.write_list(work, month)
    return bytes_of(home / "tables")


def test_ingest_features_and_training_are_flows_too(trained_home: Path, operator: Operator):
    from flows import monthly_flows

    home, settings = str(trained_home), str(operator.settings)
    assert monthly_flows.ingest_month("2025-03", home, settings=settings) == 564
    assert monthly_flows.build_features("2025-03", home, settings) == 264
    assert monthly_flows.train_churn("2025-06", home=home, settings=settings) == 1


def test_the_command_runs_a_month_without_a_server_and_prints_one_json_object(trained_home: Path, operator: Operator):
    program = [sys.executable, "-c", "from flows.cli import main; main()"]
    given = ["run-month", "--month", LAST, "--home", str(trained_home), "--settings", str(operator.settings), "--json"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ran = subprocess.run([*program, *given], env=alone, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["list"]["listed"] == 25
    assert "Traceback" not in ran.stderr
    assert (trained_home / "prefect" / "prefect.db").is_file()
