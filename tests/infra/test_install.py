"""An environment is made once, widened in place, mended after an interruption, and never somebody else's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra import install

WORKING_PIP = '#!/bin/sh\nfor last; do :; done\nbasename "$last" >> "$(dirname "$0")/../asked"\n'
FAILING_PIP = "#!/bin/sh\necho 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES'\nexit 1\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with three small locks, whose environments get a `python` that only writes down what it is asked."""
    folder = tmp_path / "checkout"
    (folder / "locks").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[project]\n")
    for lock in ("build", "runtime", "dev"):
        (folder / "locks" / f"{lock}.txt").write_text("polars==2.1.0 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(install, "CHECKOUT", folder)
    monkeypatch.setattr(install, "LOCKS", folder / "locks")
    monkeypatch.setattr(install.subprocess, "run", making(WORKING_PIP))
    return folder


def making(pip: str) -> Callable[..., SimpleNamespace]:
    def make(command: list[str], **_: object) -> SimpleNamespace:
        python = Path(command[-1]) / "bin" / "python"
        python.parent.mkdir()
        python.write_text(pip)
        python.chmod(0o755)
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    return make


def asked(venv: Path) -> list[str]:
    """What pip was asked to install in this environment, in order."""
    return (venv / "asked").read_text().split()


def leave_half_a_package(venv: Path) -> Path:
    """A file that only making the environment anew removes."""
    left = venv / "half a package"
    left.touch()
    return left


def test_the_build_tools_come_first_and_the_project_last(checkout: Path):
    install.install("runtime", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "runtime.txt", "checkout"]


def test_a_finished_environment_is_left_alone(checkout: Path):
    install.install("runtime", checkout / "env")
    install.install("runtime", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "runtime.txt", "checkout"]


def test_a_development_environment_serves_the_demo_too(checkout: Path):
    install.install("dev", checkout / "env")
    install.install("runtime", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "dev.txt", "checkout"]


def test_the_demo_environment_is_widened_for_development_in_place(checkout: Path):
    install.install("runtime", checkout / "env")
    left = leave_half_a_package(checkout / "env")
    install.install("dev", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "runtime.txt", "checkout", "build.txt", "dev.txt", "checkout"]
    assert left.exists()


@pytest.mark.parametrize("changed", ["locks/runtime.txt", "locks/build.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_is_installed_in_place(checkout: Path, changed: str):
    install.install("runtime", checkout / "env")
    (checkout / changed).write_text("polars==2.2.0 \\\n    --hash=sha256:11\n")
    install.install("runtime", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "runtime.txt", "checkout"] * 2


def test_an_environment_left_unfinished_is_made_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(install.subprocess, "run", making(FAILING_PIP))
    with pytest.raises(install.InstallError):
        install.install("runtime", checkout / "env")
    left = leave_half_a_package(checkout / "env")
    monkeypatch.setattr(install.subprocess, "run", making(WORKING_PIP))
    install.install("runtime", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "runtime.txt", "checkout"]
    assert not left.exists()


def test_an_update_left_unfinished_makes_the_environment_anew(checkout: Path):
    install.install("runtime", checkout / "env")
    python = checkout / "env" / "bin" / "python"
    python.write_text(FAILING_PIP)
    with pytest.raises(install.InstallError):
        install.install("dev", checkout / "env")
    left = leave_half_a_package(checkout / "env")
    install.install("runtime", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "runtime.txt", "checkout"]
    assert not left.exists()


def test_a_moved_environment_is_made_anew_because_its_scripts_point_to_the_old_place(checkout: Path):
    install.install("runtime", checkout / "env")
    (checkout / "env").rename(checkout / "moved")
    left = leave_half_a_package(checkout / "moved")
    install.install("runtime", checkout / "moved")
    assert asked(checkout / "moved") == ["build.txt", "runtime.txt", "checkout"]
    assert not left.exists()


def test_an_environment_whose_python_was_removed_is_made_anew(checkout: Path):
    install.install("runtime", checkout / "env")
    python = checkout / "env" / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout / "no-longer-there")
    left = leave_half_a_package(checkout / "env")
    install.install("runtime", checkout / "env")
    assert asked(checkout / "env") == ["build.txt", "runtime.txt", "checkout"]
    assert not left.exists()


def test_a_folder_that_somebody_else_made_is_refused_and_kept(checkout: Path):
    (checkout / "env").mkdir()
    (checkout / "env" / "theirs").touch()
    with pytest.raises(install.InstallError, match="env was not made by make install; move it away"):
        install.install("runtime", checkout / "env")
    assert [file.name for file in (checkout / "env").iterdir()] == ["theirs"]


def test_a_failure_of_pip_is_told_in_its_own_words(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(install.subprocess, "run", making(FAILING_PIP))
    with pytest.raises(install.InstallError, match=r"pip failed on 1 packages of .*\n  ERROR: THESE PACKAGES DO NOT"):
        install.install("runtime", checkout / "env")


def test_the_first_word_says_what_is_made_and_with_which_python(checkout: Path, capsys: pytest.CaptureFixture[str]):
    install.install("runtime", checkout / "env")
    version = sys.version.split(maxsplit=1)[0]
    assert capsys.readouterr().out.startswith(f"[   0 s] making {checkout}/env with Python {version}\n")


def test_an_old_python_is_refused_with_the_ones_to_use(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(install.sys, "version_info", (3, 10, 13))
    with pytest.raises(install.InstallError, match=r"use 3\.11, 3\.12 or 3\.13"):
        install.install("runtime", checkout / "env")


@pytest.mark.parametrize(
    ("lacking", "remedy"), [("ensurepip", r"apt install python3\.\d+-venv"), ("libgomp", "apt install libgomp1")]
)
def test_what_the_machine_lacks_is_named_with_the_package_that_brings_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, lacking: str, remedy: str
):
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None if name == lacking else object())
    monkeypatch.setattr(install, "_loads", lambda library: not library.startswith(lacking))
    with pytest.raises(install.InstallError, match=remedy):
        install.install("runtime", checkout / "env")
    assert not (checkout / "env").exists()


def test_make_says_in_one_line_that_no_python_fits():
    command = ["make", "install-runtime", "PYTHON=false"]
    said = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert said.stderr.splitlines()[0] == (
        "make: no Python 3.11, 3.12 or 3.13; install one (Debian: apt install python3 python3-venv) or give PYTHON="
    )
