from __future__ import annotations

import os
from pathlib import Path

import pytest

from features import HoldfastError
from flows.workspace import WorkspaceError, open_workspace
from tests.flows.conftest import silent


def test_opening_a_workspace_writes_nothing(tmp_path: Path):
    open_workspace(tmp_path / "a" / "home", None, silent)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_home_is_refused(tmp_path: Path):
    (tmp_path / "home").write_text("")
    with pytest.raises(HoldfastError, match=r"home is a file; give --home a folder"):
        open_workspace(tmp_path / "home", None, silent)


def test_telemetry_is_off_and_threads_wait_before_libraries_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    wanted = {
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "OMP_WAIT_POLICY": "passive",
    }
    for name in wanted:
        monkeypatch.delenv(name, raising=False)
    open_workspace(tmp_path, None, silent)
    assert {name: os.environ[name] for name in wanted} == wanted


def test_how_threads_wait_can_be_chosen_by_the_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    open_workspace(tmp_path, None, silent)
    assert os.environ["OMP_WAIT_POLICY"] == "active"


def test_threads_of_the_settings_bound_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    (tmp_path / "my.toml").write_text("[engine]\nthreads = 3\n")
    work = open_workspace(tmp_path / "home", tmp_path / "my.toml", silent)
    assert (os.environ["POLARS_MAX_THREADS"], work.settings.engine.cores) == ("3", 3)


def test_an_empty_home_says_how_to_fill_it(tmp_path: Path):
    work = open_workspace(tmp_path / "home", None, silent)
    for asked in (work.source, work.refuse_empty):
        with pytest.raises(WorkspaceError, match=r"home is empty; fill it with holdfast ingest --source NAME --from"):
            asked()


def test_the_home_remembers_source_and_extract(tmp_path: Path):
    work = open_workspace(tmp_path / "home", None, silent)
    work.home.remember(source="tariff_panel", extract=str(tmp_path))
    assert work.source().name == "tariff_panel"
    assert work.source("prepaid_panel").name == "prepaid_panel"
    assert work.extract_folder() == tmp_path


def test_an_extract_folder_that_is_unknown_or_gone_is_asked_for(tmp_path: Path):
    work = open_workspace(tmp_path / "home", None, silent)
    with pytest.raises(WorkspaceError, match=r"no extract folder is known yet; give it with --from FOLDER"):
        work.extract_folder()
    with pytest.raises(WorkspaceError, match=r"extract folder .*absent does not exist"):
        work.extract_folder(tmp_path / "absent")
