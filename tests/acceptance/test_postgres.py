"""MLflow and Prefect keep their state in PostgreSQL where an operator wants that: one month, end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.registry import CHURN, Registry
from tests.acceptance.postgres_server import (
    PASSWORD,
    Server,
    carried_programs,
    free_port,
    postgres_server,
    programs,
)
from tests.flows import conftest as made
from tests.flows.conftest import BEFORE, LAST, Operator

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
READY_WITHIN = 120
DATABASES = Path(__file__).resolve().parents[2] / "infra" / "databases.sql"

# The made operator of the tests of flows, and the home filled with its months: made once for all of them.
operator, filled, home = made.operator, made.filled, made.home


@dataclass(frozen=True)
class Tools:
    """The two databases' server, and the API of a Prefect server on one of them."""

    postgres: Server
    prefect: str

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PREFECT_API_URL": self.prefect, "PGPASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    with postgres_server(programs()) as server:
        for statement in DATABASES.read_text().split(";")[:-1]:
            server.rows("postgres", statement)
        with prefect_server(server, tmp_path_factory.mktemp("prefect")) as api:
            yield Tools(server, api)


@contextmanager
def prefect_server(postgres: Server, folder: Path) -> Iterator[str]:
    port = free_port()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder),
        "PREFECT_API_DATABASE_CONNECTION_URL": postgres.url("prefect", "postgresql+asyncpg"),
        "PGPASSWORD": PASSWORD,
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        process.terminate()
        process.wait(30)


def wait_for(api: str) -> None:
    until = time.monotonic() + READY_WITHIN
    while True:
        try:
            urllib.request.urlopen(f"{api}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < until, f"Prefect did not answer within {READY_WITHIN} s"
            time.sleep(0.3)
        else:
            return


def asked(api: str, path: str, question: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{api}/{path}", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_month_runs_with_both_tools_on_postgresql(
    tools: Tools,
    home: Path,
    operator: Operator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    settings = tmp_path / "postgres.toml"
    settings.write_text(operator.settings.read_text() + f'\n[mlflow]\nuri = "{tools.postgres.url("mlflow")}"\n')

    def holdfast(*words: str) -> Any:
        command = [sys.executable, "-m", "flows", *words, "--home", str(home), "--settings", str(settings), "--json"]
        ended = subprocess.run(command, env=tools.environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    holdfast("train", "--as-of", BEFORE)
    wait_for(tools.prefect)
    done = holdfast("run-month", "--month", LAST)

    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    champion = Registry(home / "mlflow", tools.postgres.url("mlflow")).champion()
    assert (champion.name, champion.version) == (CHURN, 1)
    query = f"SELECT version FROM model_versions WHERE name = '{CHURN}'"
    assert tools.postgres.rows("mlflow", query) == [(1,)]
    assert done["list"]["listed"] == 25

    wanted = {"flow_runs": {"name": {"any_": [f"run {LAST}"]}}}
    (run,) = asked(tools.prefect, "flow_runs/filter", wanted)
    assert run["state_type"] == "COMPLETED"
    query = f"SELECT state_type::text, parameters->>'month' FROM flow_run WHERE name = 'run {LAST}'"
    assert tools.postgres.rows("prefect", query) == [("COMPLETED", LAST)]

    assert not (home / "mlflow" / "mlflow.db").exists()
    assert not (home / "prefect" / "prefect.db").exists()


def test_the_server_that_the_development_package_carries_works():
    with postgres_server(carried_programs()) as server:
        assert server.rows("postgres", "SELECT 1 + 1") == [(2,)]
