"""Prefect set-up: where Prefect keeps its state and how it stays quiet, set before it is first imported."""

from __future__ import annotations

import os
from pathlib import Path

from features.home import Home


def prepare_prefect(home: Home) -> None:
    """Point Prefect at the home, unless a server is configured already, and silence its telemetry.

    Without a server Prefect starts one of its own for the time of the run, on a SQLite file in the home, so
    that every flow runs from the command line as it does from the UI.
    """
    home.prefect.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(home.prefect))
    os.environ.setdefault("PREFECT_API_DATABASE_CONNECTION_URL", _database(home.prefect / "prefect.db"))
    os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
    os.environ.setdefault("DO_NOT_TRACK", "true")


def _database(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file.resolve()}"
