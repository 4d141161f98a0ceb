"""The flows on the real Prefect, with a server of the test's own; one of them on the command line without any."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.home import Home
from features.months import Month
from tests.flows.conftest import BEFORE, LAST, Operator, bytes_of

pytestmark = pytest.mark.slow

CUSTOMER = "customer-0007"


@pytest.fixture(scope="module", autouse=True)
def prefect() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@contextlib.contextmanager
def working_in(home: Path, operator: Operator, extract: Path | None = None) -> Iterator[Any]:
    """The flows, with the environment that names home, settings and extract to them."""
    from flows import monthly_flows
    from flows.workspace import EXTRACT, HOME, SETTINGS

    os.environ |= {HOME: str(home), SETTINGS: str(operator.settings)} | ({EXTRACT: str(extract)} if extract else {})
    yield monthly_flows


def run_month(home: Path, operator: Operator, month: str = LAST, extract: Path | None = None) -> Any:
    with working_in(home, operator, extract) as flows:
        return flows.run_month(month, return_state=True)


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
    done = state.result()
    written = done["list"]
    assert written == {"folder": str(trained_home / "lists" / f"month={LAST}"), "listed": 25, "scored": 205}
    assert name_of(state.state_details.flow_run_id) == f"run {LAST}"
    assert task_runs(state.state_details.flow_run_id) == [
        (f"{step} {LAST}", "COMPLETED") for step in ("ingest", "features", "score", "list", "monitor")
    ]
    assert done["new_tables"] == 6  # two contract tables, features, scores, list, drift
    before = bytes_of(trained_home / "tables") | bytes_of(trained_home / "lists")
    assert run_month(trained_home, operator).result() == done | {"new_tables": 0}
    assert bytes_of(trained_home / "tables") | bytes_of(trained_home / "lists") == before


def test_a_failing_step_fails_the_run_with_its_one_line_and_no_row(
    trained_home: Path, operator: Operator, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    from flows.flow_run import StepFailed

    extract = tmp_path / "extract"
    extract.mkdir()
    for name in ("customers.csv", "bills.csv"):
        text = (operator.extract / name).read_text()
        (extract / name).write_text(text.replace(f"{LAST},", "2025-77,"))
    state = run_month(trained_home, operator, extract=extract)
    assert state.is_failed()
    problem = state.result(raise_on_failure=False)
    assert isinstance(problem, StepFailed)
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
    assert "month: String should match pattern" in str(state.result(raise_on_failure=False))
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
    from flows import list_steps, monitor_steps, steps
    from flows.workspace import open_workspace

    work, month = open_workspace(home, operator.settings, lambda _: None), Month.parse(LAST)
    steps.ingest(work, steps.Arrival(months=[month]))
    list_steps.write_list(work, month)
    monitor_steps.monitor(work, month)
    return bytes_of(home / "tables")


def test_every_step_of_the_month_is_a_flow_of_its_own_too(trained_home: Path, operator: Operator):
    from flows import model_flows

    with working_in(trained_home, operator) as flows:
        assert flows.ingest_month("2025-03") == 564
        assert flows.build_features("2025-03") == 264
        assert flows.score_month(BEFORE)["listed"] == 25
        assert flows.monitor_month(BEFORE)["verdict"]
        assert model_flows.train_churn(BEFORE)["version"] == 1


def test_a_backfill_stops_at_the_first_month_that_fails_and_goes_on_when_started_again(
    trained_home: Path, operator: Operator, tmp_path: Path
):
    extract = Path(shutil.copytree(operator.extract, tmp_path / "extract"))
    bills = (extract / "bills.csv").read_text()
    (extract / "bills.csv").write_text("".join(line for line in bills.splitlines(True) if LAST not in line))
    with working_in(trained_home, operator, extract) as flows:
        stopped = flows.backfill(BEFORE, "2025-08", return_state=True)
        assert stopped.is_failed()
        assert LAST in str(stopped.result(raise_on_failure=False))
        assert [folder.name for folder in (trained_home / "lists").glob("month=*")] == [f"month={BEFORE}"]
        (extract / "bills.csv").write_text(bills)
        before = bytes_of(trained_home / "lists")
        assert sorted(flows.backfill(BEFORE, LAST)) == [BEFORE, LAST]
        assert bytes_of(trained_home / "lists").items() >= before.items()


def test_a_run_of_several_months_gives_one_sign_of_life_throughout(
    trained_home: Path, operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    """The months within are flows with signs of their own; between two of them there would be none."""
    with working_in(trained_home, operator) as flows:
        monkeypatch.setattr(flows, "run_month", lambda *_: len(list((trained_home / "runs").glob("*.run"))))
        assert flows.backfill("2025-05", BEFORE) == {"2025-05": 1, BEFORE: 1}
        assert flows.run_closed_month() == 1
    assert list((trained_home / "runs").glob("*.run")) == []


def test_what_the_disk_refuses_is_tried_again_and_a_bad_month_is_not(
    trained_home: Path, operator: Operator, monkeypatch: pytest.MonkeyPatch
):
    from flows import monthly_flows, steps

    tried: list[str] = []
    ingest = steps.ingest

    def full_at_first(*given: Any) -> Any:
        tried.append("ingest")
        if len(tried) == 1:
            raise OSError(28, "No space left on device", "/home/tables")
        return ingest(*given)

    monkeypatch.setattr(steps, "ingest", full_at_first)
    monkeypatch.setattr(monthly_flows.ingest_task, "retry_delay_seconds", 0)
    with working_in(trained_home, operator) as flows:
        assert flows.ingest_month("2025-03") == 564
        assert len(tried) == 2
        assert flows.ingest_month("2031-01", return_state=True).is_failed()
        assert len(tried) == 3


def test_a_run_whose_process_was_killed_is_marked_crashed_at_the_next_start(trained_home: Path, operator: Operator):
    """The killed one leaves its sign behind without the lock; a living one holds it."""
    from prefect.client.orchestration import get_client
    from prefect.states import Running

    from features.home import kernel_lock
    from flows.flow_run import mark_dead_runs
    from flows.monthly_flows import build_features

    home = Home(trained_home)
    with get_client(sync_client=True) as client:
        dead, living = (
            client.create_flow_run(build_features, parameters={"month": LAST}, state=Running()).id for _ in range(2)
        )
        (trained_home / "runs").mkdir(exist_ok=True)
        (trained_home / "runs" / f"{dead}.run").touch()
        with kernel_lock(trained_home / "runs" / f"{living}.run"):
            assert mark_dead_runs(home) == [str(dead)]
            assert client.read_flow_run(living).state.is_running()  # type: ignore[union-attr]
        assert client.read_flow_run(dead).state.is_crashed()  # type: ignore[union-attr]
        assert mark_dead_runs(home) == [str(living)]
        run_month(trained_home, operator)
    assert list((trained_home / "runs").glob("*.run")) == []


@pytest.mark.parametrize(("ending", "left"), [(ValueError, 0), (KeyboardInterrupt, 1)])
def test_a_run_that_is_stopped_from_outside_leaves_its_sign_to_the_next_start(
    tmp_path: Path, ending: type[BaseException], left: int
):
    """Prefect tells of an error; whether it hears of a process that is being ended nobody knows."""
    from flows.flow_run import alive

    with pytest.raises(ending), alive(Home(tmp_path)):
        raise ending
    assert len(list((tmp_path / "runs").glob("*.run"))) == left


def test_a_run_leaves_tables_for_people_and_no_customer_in_them(trained_home: Path, operator: Operator):
    from prefect.client.orchestration import get_client

    run_month(trained_home, operator)
    with get_client(sync_client=True) as client:
        found = {artifact.key: artifact for artifact in client.read_artifacts()}
    assert found[f"list-{LAST}"].description.startswith(f"Warning list of {LAST}: 25 of 205 scored customers")
    assert '"listed": 25' in found[f"list-{LAST}"].data
    assert f"## {LAST}: " in found[f"drift-{LAST}"].data
    assert "customer-0" not in str([artifact.data for artifact in found.values()])


def test_the_command_runs_a_month_without_a_server_and_prints_one_json_object(trained_home: Path, operator: Operator):
    program = [sys.executable, "-c", "from flows.cli import main; main()"]
    given = ["run-month", "--month", LAST, "--home", str(trained_home), "--settings", str(operator.settings), "--json"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ran = subprocess.run([*program, *given], env=alone, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["list"]["listed"] == 25
    assert "Traceback" not in ran.stderr
    assert (trained_home / "prefect" / "prefect.db").is_file()
