"""Doctor: looks at versions, machine, stores and key, and says what is missing and how to mend it."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.table import Table

from features import HoldfastError
from flows.output import console

if TYPE_CHECKING:
    from flows.workspace import Workspace

LOCK = Path(__file__).resolve().parent.parent / "infra" / "lock" / "runtime.txt"
LEAST_DISK_GB, LEAST_MEMORY_GB = 5, 4
GIGABYTE = 1e9


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, worth knowing, or missing so that something will fail."""

    what: str
    status: Literal["fine", "note", "missing"]
    found: str
    remedy: str = ""


def examine(home: Path, settings_file: Path | None) -> list[Finding]:
    """All findings, in the order in which a person would mend them: without its packages nothing more can be seen."""
    versions = [_python(), *_packages()]
    if any(finding.status == "missing" for finding in versions):
        return versions
    from features.home import Home
    from flows.settings import read_settings
    from flows.workspace import Workspace

    try:
        settings = read_settings(settings_file)
    except HoldfastError as problem:
        return [*versions, _of("settings", problem)]
    work = Workspace(Home(home.resolve()), settings, dt.datetime.now(dt.UTC), say=lambda _: None)
    return [*versions, *_machine(work.home.root), *_stores(work), _key(work)]


def _of(what: str, problem: HoldfastError) -> Finding:
    """A problem's line, parted into what was found and how to mend it."""
    found, _, remedy = str(problem).rpartition("; ")
    return Finding(what, "missing", found, remedy)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return Finding("Python", "fine", version)
    return Finding("Python", "missing", version, "use Python 3.11, 3.12 or 3.13")


def _packages() -> Iterator[Finding]:
    """The packages that Holdfast asks for, against the versions that it was tested with."""
    from packaging.requirements import Requirement

    lines = re.findall(r"^([\w.-]+==[^\\\n]+)", LOCK.read_text(), re.MULTILINE)
    pinned = [pin for pin in map(Requirement, lines) if pin.marker is None or pin.marker.evaluate()]
    locked = {pin.name: str(pin.specifier).removeprefix("==") for pin in pinned}
    for requirement in importlib.metadata.requires("holdfast") or ():
        if "extra ==" in requirement:
            continue
        package = re.split(r"[^\w.-]", requirement)[0]
        yield _package(package, locked.get(package))


def _package(package: str, locked: str | None) -> Finding:
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return Finding(package, "missing", "not installed", "install from the lock: make install")
    if version == locked:
        return Finding(package, "fine", version)
    return Finding(package, "note", version, f"the lock has {locked}: make install")


def _machine(home: Path) -> Iterator[Finding]:
    import psutil

    place = next(folder for folder in (home, *home.parents) if folder.is_dir())
    yield _enough("disk", shutil.disk_usage(place).free, LEAST_DISK_GB, f"free at {place}", "make room")
    remedy = "lower [engine] memory_gb and raise [engine] buckets in settings"
    yield _enough("memory", psutil.virtual_memory().available, LEAST_MEMORY_GB, "available", remedy)
    yield Finding("cores", "fine", str(len(os.sched_getaffinity(0))))
    if home.exists() and not home.is_dir():
        yield Finding("home", "missing", f"{home} is a file", "give --home a folder")
    elif not os.access(place, os.W_OK):
        yield Finding("home", "missing", f"{place} cannot be written", "choose another --home, or change its rights")
    elif home.is_dir() and home.stat().st_mode & 0o077:
        yield Finding("home", "note", f"others than you can look into {home}", f"chmod 700 {home}")


def _enough(what: str, held: float, least_gb: float, where: str, remedy: str) -> Finding:
    found = f"{held / GIGABYTE:.1f} GB {where}"
    return Finding(what, "fine", found) if held >= least_gb * GIGABYTE else Finding(what, "note", found, remedy)


def _stores(work: Workspace) -> Iterator[Finding]:
    home, months = work.home, work.ledger.months("customers")
    if not months:
        remedy = "holdfast ingest --source NAME --from FOLDER --all"
        yield Finding("tables", "note", f"no month in {home.root} yet", remedy)
        return
    yield Finding("tables", "fine", f"{len(months)} months, {months[0]} to {months[-1]}")
    if work.settings.mlflow.uri:
        yield Finding("MLflow", "fine", "the database that [mlflow] uri names")  # it may hold a password
    elif not (home.mlflow / "mlflow.db").is_file():
        yield Finding("MLflow", "note", "no model was trained yet", "holdfast train --as-of YYYY-MM")
    else:
        yield Finding("MLflow", "fine", str(home.mlflow / "mlflow.db"))


def _key(work: Workspace) -> Finding:
    from flows.key import VARIABLE, key_file

    try:
        key = work.key
    except HoldfastError as problem:
        return _of("key", problem)
    file = key_file(work.settings.privacy, work.home.root)
    if key is None or file is None:
        remedy = f"where ids come from phone numbers: holdfast key new FILE, then set {VARIABLE}=FILE"
        return Finding("key", "note", "none set", remedy)
    if file.stat().st_mode & 0o077:
        return Finding("key", "note", f"others than you can read {file}", f"chmod 600 {file}")
    return Finding("key", "fine", str(file))


def show_findings(findings: list[Finding]) -> None:
    table = Table(title="holdfast doctor")
    for column in ("what", "", "found", "how to mend it"):
        table.add_column(column)
    for finding in findings:
        table.add_row(finding.what, finding.status, finding.found, finding.remedy)
    console().print(table)
