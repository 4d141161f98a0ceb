from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NetworkUsed

TWO_TESTS = """
import pytest

def test_on_anything():
    pass

@pytest.mark.real_data
def test_marked(real_data):
    pass

def test_unmarked(real_data):
    pass
"""
IN_BROWSER = """
import pytest

def test_on_anything():
    pass

@pytest.mark.browser
def test_marked():
    pass
"""


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


@pytest.mark.parametrize("elsewhere", ["192.0.2.1", "example.invalid"])
def test_no_other_machine_can_be_reached(elsewhere: str):
    with socket.socket() as out, pytest.raises(NetworkUsed, match=f"connected to {elsewhere}:80"):
        out.connect((elsewhere, 80))


def test_real_data_tests_are_not_run_where_no_folder_is_named(tmp_path: Path):
    assert outcome(tmp_path, named="") == "1 passed, 2 deselected"


def test_real_data_tests_fail_where_the_named_folder_lacks_the_data(tmp_path: Path):
    assert outcome(tmp_path, named=str(tmp_path)) == "1 passed, 2 errors"


def test_real_data_tests_run_where_the_data_are(tmp_path: Path):
    for panel in ("tariff_panel", "prepaid_panel", "telco_california"):
        (tmp_path / panel).mkdir()
        (tmp_path / panel / "rows.csv").touch()
    assert outcome(tmp_path, named=str(tmp_path)) == "3 passed"


def test_browser_tests_are_not_run_where_no_browser_is(tmp_path: Path):
    assert outcome(tmp_path, named="", tests=IN_BROWSER, browser="") == "1 passed, 1 deselected"


def test_browser_tests_run_where_one_is_or_has_to_be(tmp_path: Path):
    assert outcome(tmp_path, named="", tests=IN_BROWSER, browser="required") == "2 passed"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chromium").touch(mode=0o755)
    assert outcome(tmp_path, named="", tests=IN_BROWSER, browser="") == "2 passed"


def outcome(folder: Path, named: str, tests: str = TWO_TESTS, browser: str = "") -> str:
    """The count at the end of a pytest run of `tests` under this project's conftest; its path is `folder`/bin."""
    (folder / "test_two.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  real_data: reads real data\n  browser: needs one\n")
    (folder / "conftest.py").write_text((Path(__file__).with_name("conftest.py")).read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(folder)]
    env = {"PATH": str(folder / "bin"), "HOLDFAST_REAL_DATA": named, "HOLDFAST_BROWSER": browser}
    said = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False).stdout
    return said.strip().splitlines()[-1].split(" in ")[0]
