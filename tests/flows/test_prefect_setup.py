from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.home import Home
from flows.prefect_setup import prepare_prefect


@pytest.fixture(autouse=True)
def no_prefect_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)


def test_prefect_keeps_its_state_in_the_home_and_needs_no_server(tmp_path: Path):
    prepare_prefect(Home(tmp_path / "home"))
    assert os.environ["PREFECT_HOME"] == str(tmp_path / "home" / "prefect")
    assert os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] == "true"
    assert (tmp_path / "home" / "prefect").is_dir()


def test_what_the_user_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    chosen = {
        "PREFECT_API_URL": "http://127.0.0.1:4200/api",
        "PREFECT_HOME": "/srv/prefect",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    prepare_prefect(Home(tmp_path))
    assert {name: os.environ[name] for name in chosen} == chosen
    assert "PREFECT_API_DATABASE_CONNECTION_URL" not in os.environ
