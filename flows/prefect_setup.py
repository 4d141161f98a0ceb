"""Prefect set-up: where Prefect keeps its state and how it runs without a server, set before it is first imported."""

from __future__ import annotations

import os

from features.home import Home
from flows.served import served


def prepare_prefect(home: Home) -> None:
    """Point Prefect at the home, and have it start a server of its own for the time of the run.

    Its SQLite file lies in the home too. A server that `holdfast up` keeps running for this home is used, since
    two on one file would lock each other out. What the user has set stays: with PREFECT_API_URL the flow runs on
    the server that it names. Telemetry is off already, since the workspace was opened.
    """
    up = served(home).get("prefect")
    if up:
        os.environ.setdefault("PREFECT_API_URL", f"{up}/api")
    home.prefect.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(home.prefect))
    os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
    # On two cores at load 10 its first start took 185 s.
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "600")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
