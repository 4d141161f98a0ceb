from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import pytest

from flows import cli
from flows.crash_report import reported

ROW = "13900001111"


def crash(row: str) -> None:
    raise ValueError(f"cannot parse {row!r}")


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that crash reports go into."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_report_says_where_the_error_arose_and_hides_what_it_quotes(reports: Path):
    try:
        crash(ROW)
    except ValueError as error:
        line = reported(error)
    (report,) = reports.iterdir()
    assert line == f"unexpected ValueError; please report it with {report}"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "in crash" in report.read_text()
    assert ROW not in report.read_text()


def test_an_unforeseen_error_of_a_command_is_one_line(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(cli, "app", lambda: crash(ROW))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    (report,) = reports.iterdir()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (1, "")
    assert said.err == f"holdfast: unexpected ValueError; please report it with {report}\n"


def test_a_missing_package_is_named_with_its_remedy(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def without_polars() -> None:
        raise ModuleNotFoundError("No module named 'polars'", name="polars")

    monkeypatch.setattr(cli, "app", without_polars)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "holdfast: the package polars is missing; install from the lock: make install\n"
    assert list(reports.iterdir()) == []
