from __future__ import annotations

from pathlib import Path

import pytest

from features.home import Home
from flows.prefect_setup import prepare_prefect
from flows.served import served, serving
from flows.workspace import WorkspaceError

ADDRESSES = {"prefect": "http://127.0.0.1:4200", "mlflow": "http://127.0.0.1:5000"}


def test_addresses_are_known_while_they_are_served_and_not_after(tmp_path: Path):
    home = Home(tmp_path)
    assert served(home) == {}
    with serving(home, ADDRESSES):
        assert served(home) == ADDRESSES
    assert served(home) == {}


def test_what_a_killed_server_left_behind_is_not_believed(tmp_path: Path):
    (tmp_path / "served.json").write_text('{"prefect": "http://127.0.0.1:4200"}')
    assert served(Home(tmp_path)) == {}


def test_a_home_is_served_once(tmp_path: Path):
    home = Home(tmp_path)
    with (
        serving(home, ADDRESSES),
        pytest.raises(WorkspaceError, match=r"is served already; see http://127\.0\.0\.1:4200"),
        serving(home, ADDRESSES),
    ):
        pass


def test_a_run_on_the_command_line_shows_in_the_prefect_that_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import os

    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with serving(Home(tmp_path), ADDRESSES):
        prepare_prefect(Home(tmp_path))
    assert os.environ["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"
