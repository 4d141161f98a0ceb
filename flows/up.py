"""Up: the tools of a home on loopback, with its deployments served, until one interrupt ends them all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from flows.served import serving
from flows.workspace import SETTINGS, Workspace, WorkspaceError

LOOPBACK = "127.0.0.1"
READY_WITHIN = 240
"""Seconds; a first start fills two databases, and took up to a minute on two busy cores."""
END_WITHIN = 20
PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


@dataclass(frozen=True)
class Ports:
    """Where the user interfaces listen; each tool's own usual port."""

    prefect: int = 4200
    mlflow: int = 5000
    evidently: int = 8000


@dataclass(frozen=True)
class Tool:
    """One program that is kept running: its command, what its environment adds, where it answers when ready."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    address: str = ""
    answers: str = ""


def run_tools(work: Workspace, ports: Ports, ready: Callable[[Mapping[str, str]], None]) -> NoReturn:
    """Start the three servers, then what runs the flows; `ready` is told their addresses. Never returns by itself.

    Ends with KeyboardInterrupt on Ctrl-C or a polite kill, or with WorkspaceError when one of them ends by
    itself. Whatever happens, none is left behind.
    """
    tools = _tools(work, ports)
    addresses = {tool.name: tool.address for tool in tools if tool.address}
    for tool in tools:
        _refuse_taken_port(tool)
    for sign in (signal.SIGINT, signal.SIGTERM):  # a shell starts what runs in its background deaf to the first
        signal.signal(sign, _interrupt)
    *servers, flows = tools
    with serving(work.home, addresses), contextlib.ExitStack() as running:
        started: dict[str, subprocess.Popen[bytes]] = {}
        for group in (servers, [flows]):
            for tool in group:
                work.say(f"starting {tool.name}")
                started[tool.name] = running.enter_context(_running(work, tool))
            _wait_until_ready(group, started)
        ready(addresses)
        while True:
            _refuse_ended(started)
            time.sleep(1)


def _tools(work: Workspace, ports: Ports) -> list[Tool]:
    """Prefect, MLflow and Evidently, and the process that runs flows, which needs the first of them."""
    here, home = ("--host", LOOPBACK), work.home
    urls = {name: f"http://{LOOPBACK}:{port}" for name, port in vars(ports).items()}
    api = {"PREFECT_HOME": str(home.prefect), "PREFECT_API_URL": f"{urls['prefect']}/api"}
    module = (sys.executable, "-m")
    for folder in (home.prefect, home.mlflow, home.evidently):
        folder.mkdir(parents=True, exist_ok=True)
    work.registry.make_database()
    return [
        Tool(
            "prefect",
            (*module, "prefect", "server", "start", *here, "--port", str(ports.prefect)),
            {**api, "PREFECT_UI_API_URL": api["PREFECT_API_URL"]},
            urls["prefect"],
            f"{urls['prefect']}/api/health",
        ),
        Tool(
            "mlflow",
            (*module, "mlflow", "server", *here, "--port", str(ports.mlflow), "--workers", "1", *_store(work)),
            # Its job runner would take 270 MB for jobs that nobody sends.
            {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            urls["mlflow"],
            f"{urls['mlflow']}/health",
        ),
        Tool(
            "evidently",
            (_program("evidently"), "ui", "--workspace", str(home.evidently), *here, "--port", str(ports.evidently)),
            {},
            urls["evidently"],
            urls["evidently"],
        ),
        Tool(
            "flows",
            (*module, "flows", "serve", "--home", str(home.root), *_settings()),
            # Whoever submits a form waits for it; Prefect asks every ten seconds.
            {**api, "PREFECT_RUNNER_POLL_FREQUENCY": "2"},
            # The last one that is registered: until then the user interface offers nothing to run.
            answers=f"{api['PREFECT_API_URL']}/deployments/name/run-closed-month/run-closed-month",
        ),
    ]


def _store(work: Workspace) -> tuple[str, str]:
    return "--backend-store-uri", work.registry.uri


def _settings() -> tuple[str, ...]:
    return ("--settings", os.environ[SETTINGS]) if SETTINGS in os.environ else ()


def _program(name: str) -> str:
    """A program of this installation; it cannot be started as a module."""
    return str(Path(sys.executable).with_name(name))


@contextlib.contextmanager
def _running(work: Workspace, tool: Tool) -> Iterator[subprocess.Popen[bytes]]:
    """The tool in a process group of its own, so that Ctrl-C reaches it in our order and its children end with it."""
    logs = work.home.root / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{tool.name}.log").open("ab") as log:
        process = subprocess.Popen(
            tool.command,
            env={**os.environ, **tool.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # No thread was started before.
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        try:
            yield process
        finally:
            _end(process)


def _die_with_parent() -> None:
    """Have the kernel end this process when its parent is killed, or the next start would find the ports taken."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_WITHIN)


def _wait_until_ready(tools: list[Tool], started: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Until every one answers; an error names the one that does not, and its log."""
    until = time.monotonic() + READY_WITHIN
    for tool in tools:
        while tool.answers and not _answers(tool.answers):
            _refuse_ended(started)
            if time.monotonic() > until:
                raise WorkspaceError(f"{tool.name} did not answer within {READY_WITHIN} s; see logs/{tool.name}.log")
            time.sleep(0.5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _refuse_ended(started: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in started.items():
        if process.poll() is not None:
            raise WorkspaceError(f"{name} ended with exit code {process.returncode}; see logs/{name}.log in the home")


def _refuse_taken_port(tool: Tool) -> None:
    if not tool.address:
        return
    port = int(tool.address.rsplit(":", 1)[1])
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise WorkspaceError(f"port {port} is taken; give another one with --{tool.name}-port") from None


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
