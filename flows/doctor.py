"""Doctor: looks at versions, machine, stores and key, and says what is missing and how to mend it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from features import HoldfastError
from flows.settings import INFRA, KEY_VARIABLE, Settings, read_key, read_settings

LOCK = INFRA / "lock" / "runtime.txt"
CORE = ("polars", "narwhals", "dataframely", "deltalake", "duckdb", "lightgbm", "scikit-learn", "mlflow", "prefect")
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
    """All findings, in the order in which a person would mend them."""
    settings = read_settings(settings_file)
    return [*_versions(), *_machine(home), *_stores(home), _key(home, settings)]


def _versions() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    yield Finding("Python", "fine" if fits else "missing", python, "" if fits else "use Python 3.11, 3.12 or 3.13")
    locked = dict(
        line.split(" ")[0].split("==") for line in LOCK.read_text().splitlines() if "==" in line and line[0].isalpha()
    )
    for package in CORE:
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(package, "missing", "not installed", "install from the lock: make install")
            continue
        same = version == locked.get(package)
        remedy = "" if same else f"the lock has {locked.get(package)}: make install"
        yield Finding(package, "fine" if same else "note", version, remedy)


def _machine(home: Path) -> Iterator[Finding]:
    import psutil

    place = next(folder for folder in (home.resolve(), *home.resolve().parents) if folder.exists())
    free = shutil.disk_usage(place).free / GIGABYTE
    short = free < LEAST_DISK_GB
    yield Finding("disk", "note" if short else "fine", f"{free:.1f} GB free at {place}", "make room" if short else "")
    memory = psutil.virtual_memory().available / GIGABYTE
    short = memory < LEAST_MEMORY_GB
    yield Finding(
        "memory",
        "note" if short else "fine",
        f"{memory:.1f} GB available",
        "lower [engine] memory_gb and raise [engine] buckets in settings" if short else "",
    )
    yield Finding("cores", "fine", str(os.cpu_count()))
    if not os.access(place, os.W_OK):
        yield Finding("home", "missing", f"{place} cannot be written", "choose another --home")


def _stores(home: Path) -> Iterator[Finding]:
    from features.home import Home
    from features.month_ledger import MonthLedger
    from features.warehouse import Warehouse

    place = Home(home.resolve())
    if not place.tables.is_dir():
        yield Finding("tables", "note", f"no table in {home} yet", "holdfast ingest --source NAME --from FOLDER --all")
        return
    months = MonthLedger(Warehouse(place.tables)).months("customers")
    yield Finding("tables", "fine", f"{len(months)} months, {months[0]} to {months[-1]}" if months else "no month")
    if not (place.mlflow / "mlflow.db").is_file():
        yield Finding("MLflow", "note", "no model was trained yet", "holdfast train --as-of YYYY-MM")
    else:
        yield Finding("MLflow", "fine", str(place.mlflow / "mlflow.db"))


def _key(home: Path, settings: Settings) -> Finding:
    try:
        key = read_key(settings.privacy, home.resolve())
    except HoldfastError as problem:
        return Finding("key", "missing", str(problem), "see the finding")
    if key is None:
        remedy = f"where ids come from phone numbers: holdfast key new FILE, then set {KEY_VARIABLE}=FILE"
        return Finding("key", "note", "none set", remedy)
    return Finding("key", "fine", "set")


def show_findings(findings: list[Finding]) -> None:
    table = Table(title="holdfast doctor")
    for column in ("what", "", "found", "how to mend it"):
        table.add_column(column)
    for finding in findings:
        table.add_row(finding.what, finding.status, finding.found, finding.remedy)
    Console().print(table)
