"""The locks pin every package by hash and name no place to get it from."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[2]
LOCKS = ("build", "dev", "runtime")
PINNED = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(lock: str) -> list[str]:
    """The lock's requirements, each on one line with its hashes."""
    return (CHECKOUT / "infra" / "lock" / f"{lock}.txt").read_text().replace("\\\n", " ").splitlines()


def pins(lock: str) -> set[tuple[str, str]]:
    found = (PINNED.match(entry) for entry in entries(lock))
    return {(pin["name"], pin["version"]) for pin in found if pin}


def project() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


def asked_for() -> dict[str, list[str]]:
    """The requirements of pyproject.toml that each lock must hold."""
    asked, groups = project(), project()["dependency-groups"]
    runtime, build = asked["project"]["dependencies"], groups["build"]
    tools = [tool for tool in groups["dev"] if isinstance(tool, str)]
    everything = [*runtime, *build, *tools, *asked["project"]["optional-dependencies"]["spark"]]
    return {"build": [*build, *asked["build-system"]["requires"]], "runtime": runtime, "dev": everything}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_pinned_package_with_its_hashes_and_nothing_else(lock: str):
    for entry in entries(lock):
        pinned, *hashes = re.split(r"\s+(?=--)", entry.strip())
        assert PINNED.fullmatch(pinned.strip()), f"{pinned}: not a pinned package"
        assert hashes, f"{pinned}: no hash"
        assert all(HASH.fullmatch(hash_) for hash_ in hashes), f"{pinned}: {hashes}"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_of_the_project_is_locked_in_a_version_that_fits(lock: str):
    locked: dict[str, list[str]] = {}
    for name, version in pins(lock):
        locked.setdefault(name, []).append(version)
    for requirement in map(Requirement, asked_for()[lock]):
        versions = locked.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement} is not in the lock; make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement}: {versions}"


@pytest.mark.parametrize("smaller", ["build", "runtime"])
def test_development_runs_what_users_run(smaller: str):
    assert pins(smaller) - pins("dev") == set()


def test_what_is_installed_from_the_lock_misses_nothing():
    check = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout) == (0, "No broken requirements found.\n")
