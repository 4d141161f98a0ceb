"""The built wheel carries all that the program needs and nothing else, and runs where no checkout is."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGES = ("features", "models", "serving", "flows", "infra")
CHECKOUT_ONLY = {"infra/install.py", "infra/lock/build.txt", "infra/lock/dev.txt"}


def run(*command: str | Path, cwd: Path) -> str:
    """Output of a command that must succeed; nothing of this process's environment reaches it."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "DO_NOT_TRACK": "true"}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=CHECKOUT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scripts of an environment with the wheel; its dependencies are those of the environment that runs the tests."""
    env = tmp_path_factory.mktemp("env")
    run(sys.executable, "-m", "venv", "--without-pip", env, cwd=env)
    python = env / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel, cwd=env)
    # Written after the install, or pip would find the checkout's own editable install and leave it at that. A path
    # file in a folder that a path file names is not read, so the checkout itself stays out of sight.
    (site_packages,) = env.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return env / "bin"


def source_files() -> set[str]:
    files = (file for package in PACKAGES for file in (CHECKOUT / package).rglob("*") if file.is_file())
    return {str(file.relative_to(CHECKOUT)) for file in files if "__pycache__" not in file.parts} - CHECKOUT_ONLY


def test_the_wheel_holds_the_five_packages_with_their_data_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.startswith("holdfast-0.1.0.dist-info/")}
    assert held == source_files()


def test_settings_and_source_mappings_are_among_the_data(wheel: Path):
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {"infra/settings/default.toml", "infra/lock/runtime.txt"}
    for source in ("tariff_panel", "prepaid_panel", "telco_california", "simulated_operator"):
        wanted |= {f"infra/sources/{source}/source.toml", f"infra/sources/{source}/customers.sql"}
    assert wanted - held == set()


def test_the_license_travels_with_the_wheel(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("holdfast-0.1.0.dist-info/licenses/LICENSE") == (CHECKOUT / "LICENSE").read_bytes()
        assert b"License-Expression: Apache-2.0\n" in archive.read("holdfast-0.1.0.dist-info/METADATA")


def test_no_dependency_brings_a_package_of_the_same_name():
    """`features` or `models` are names that others could choose too; the first on the path would win."""
    owners = importlib.metadata.packages_distributions()
    assert {package: set(owners.get(package, [])) - {"holdfast"} for package in PACKAGES} == {
        package: set() for package in PACKAGES
    }


def test_the_installed_packages_are_those_of_the_wheel(installed: Path, tmp_path: Path):
    ask = f"import {', '.join(PACKAGES)}; print(*[p.__file__ for p in ({', '.join(PACKAGES)})], sep='\\n')"
    files = run(installed / "python", "-c", ask, cwd=tmp_path).splitlines()
    assert [file for file in files if not Path(file).is_relative_to(installed.parent)] == []


def test_the_installed_command_explains_itself(installed: Path, tmp_path: Path):
    said = run(installed / "holdfast", "--help", cwd=tmp_path)
    assert all(command in said for command in ("ingest", "features", "train", "backtest", "run-month", "doctor"))


def test_the_installed_doctor_finds_the_shipped_lock_and_settings(installed: Path, tmp_path: Path):
    findings = json.loads(run(installed / "holdfast", "doctor", "--json", cwd=tmp_path))["findings"]
    assert {"Python", "polars", "mlflow"} <= {finding["what"] for finding in findings}


def test_the_installed_command_takes_a_shipped_source_from_extract_to_indicators(installed: Path, tmp_path: Path):
    small = ("--customers", "300", "--months", "3")
    run(installed / "holdfast", "simulate", "start", "--home", "home", *small, cwd=tmp_path)
    run(installed / "holdfast", "key", "new", "key", cwd=tmp_path)
    (tmp_path / "own.toml").write_text('[privacy]\nkey_file = "key"\n')
    here = ("--home", "home", "--settings", "own.toml")
    source = ("--source", "simulated_operator", "--from", "home/extracts")
    run(installed / "holdfast", "ingest", *source, "--all", "--backload", *here, cwd=tmp_path)
    built = json.loads(run(installed / "holdfast", "features", "--as-of", "2025-03", "--json", *here, cwd=tmp_path))
    assert built["features"]["rows"] >= 250
