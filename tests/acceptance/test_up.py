"""Three tools and the flows run together on this machine alone, and end together however they are ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.acceptance.browser import Up, family, running_up
from tests.flows import conftest as made
from tests.flows.conftest import Operator

pytestmark = pytest.mark.slow

# The made operator of the tests of flows, and the home filled with its months: made once for all of them.
operator, filled = made.operator, made.filled
SECOND = ("--prefect-port", "1", "--mlflow-port", "2", "--evidently-port", "3")


@pytest.fixture(scope="module")
def home(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the filled home, served twice: the second start finds the databases that the first one made."""
    return Path(shutil.copytree(filled, tmp_path_factory.mktemp("up") / "home"))


def listeners(processes: list[psutil.Process]) -> set[tuple[str, int]]:
    """Address and port of everything that accepts connections."""
    return {
        (found.laddr.ip, found.laddr.port)
        for process in processes
        for found in process.net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    }


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def assert_nothing_is_left(up: Up, started: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []
    assert [port for port in up.ports.values() if not is_free(port)] == []


def test_all_tools_listen_on_loopback_alone_and_ctrl_c_ends_every_one(home: Path, operator: Operator):
    with running_up(home, operator.settings) as up:
        said = up.said.read_text()
        for tool in ("prefect", "mlflow", "evidently"):
            assert f"{tool:<10} {up.url(tool)}" in said
        assert len(up.asked("deployments/filter", {})) == 13  # offered as soon as it says so
        started = family(up)
        assert {ip for ip, _ in listeners(started)} == {"127.0.0.1"}
        assert {port for _, port in listeners(started)} >= set(up.ports.values())

        refused = second_up(home, operator)
        assert refused.returncode == 1
        assert "is served already" in refused.stderr

        up.process.send_signal(signal.SIGINT)
        up.process.wait(60)
        assert "Traceback" not in up.said.read_text()
        assert_nothing_is_left(up, started)


def second_up(home: Path, operator: Operator) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows", "up", "--home", str(home), "--settings", str(operator.settings), *SECOND]
    return subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel that ends them is Linux")
def test_no_tool_outlives_a_parent_that_was_killed(home: Path, operator: Operator):
    with running_up(home, operator.settings) as up:
        started = family(up)
        assert len(started) >= 4
        up.process.kill()
        up.process.wait()
        assert_nothing_is_left(up, started)
