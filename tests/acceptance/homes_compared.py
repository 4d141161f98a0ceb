"""Homes compared: what a reader finds in a home, whether it is whole, and whether it is what another home holds."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from features.canonical_hash import canonical_hash
from features.contracts import CONTRACTS
from features.engine import collect
from features.month_ledger import Entry, MonthLedger
from features.warehouse import Warehouse

FOLDERS = ("lists", "monitoring", "evidently", "campaigns", "rejects")
"""What people and programs read beside the tables."""
LEDGERS = {"campaign_ledger": ("drawn_at",), "promotion_ledger": ("decided_at", "run_id")}
"""The append-only ones beside the month ledger, and what in them differs from run to run."""
AT_ONCE = ("lists/", "delivered ")
"""What has to be old as a whole or new as a whole."""
DATABASE = Path("mlflow/mlflow.db")

Seen = dict[str, str]
HASHED: dict[tuple[str, ...], str] = {}
"""Hashes of rows by their table, schema and the bytes of their files."""


@dataclass(frozen=True)
class Whole:
    """A home in which no run was disturbed: what a reader finds in it, and what is on record."""

    seen: Seen
    recorded: Seen


def whole(home: Path) -> Whole:
    return Whole(seen(home), rows_of_ledgers(home) | registered(home))


def half_done(home: Path, old: Whole, new: Whole) -> list[str]:
    """What a reader of a killed run's home finds that is neither as in `old` nor as in `new`, or mixed of both."""
    found, before, after = seen(home), old.seen, new.seen
    wrong = [
        f"{name} is neither old nor new"
        for name in sorted({*found, *before, *after})
        if found.get(name) not in (before.get(name), after.get(name)) and not _between_renames(home, name)
    ]
    for start in AT_ONCE:
        part, *wholes = ({n: held for n, held in one.items() if n.startswith(start)} for one in (found, before, after))
        if part not in wholes and part:
            wrong.append(f"{start.strip('/ ')}: some of it is old and some of it new")
    return wrong + _broken_champion(home)


def differences(home: Path, wanted: Whole) -> list[str]:
    """What differs between two homes, and what a killed run left lying about in the first."""
    found = whole(home)
    here, there = found.seen | found.recorded, wanted.seen | wanted.recorded
    names = sorted(name for name in {*here, *there} if here.get(name) != there.get(name))
    return [f"{name}: {here.get(name)} instead of {there.get(name)}" for name in names] + list(litter(home))


def seen(home: Path) -> Seen:
    """Hashes of the rows of every current table month, and of every file that is not hidden, by name."""
    ledger = MonthLedger(Warehouse(home / "tables"))
    current = {(entry.table, entry.month): entry for entry in ledger.entries()}
    found = {}
    for (table, month), entry in current.items():
        rows = _hash_of_rows(ledger.warehouse, entry)
        told = "" if rows == entry.content_hash else f", and the ledger tells of {entry.content_hash}"
        found[f"{'delivered' if table in CONTRACTS else 'made'} {table} {month}"] = rows + told
    for folder in FOLDERS:
        for file in sorted((home / folder).rglob("*")):
            path = file.relative_to(home)
            if file.is_file() and not any(part.startswith(".") or part.endswith(".staged") for part in path.parts):
                found[str(path)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def _hash_of_rows(warehouse: Warehouse, entry: Entry) -> str:
    """Read anew only where the files hold other bytes than any before: most of a home is as it was at each kill."""
    files = warehouse.files(entry.table, entry.month, entry.version)
    held = (entry.table, entry.schema_hash, *(hashlib.sha256(file.read_bytes()).hexdigest() for file in files))
    if held not in HASHED:
        HASHED[held] = _read_and_hashed(warehouse, entry)
    return HASHED[held]


def _read_and_hashed(warehouse: Warehouse, entry: Entry) -> str:
    digest = hashlib.sha256()
    for bucket in warehouse.buckets_of(entry.table, entry.month, entry.version):
        digest.update(canonical_hash(collect(warehouse.read(entry.table, entry.month, entry.version, bucket))))
    return digest.hexdigest()


def _between_renames(home: Path, name: str) -> bool:
    """The moment between two renames: no list is there, and the old one lies beside its place."""
    folder = home / Path(*Path(name).parts[:2])
    return name.startswith("lists/") and not folder.exists() and folder.with_name(f".{folder.name}.replaced").is_dir()


def rows_of_ledgers(home: Path) -> Seen:
    """The rows of all ledgers in order, without the versions and times that differ from run to run."""
    warehouse = Warehouse(home / "tables")
    kept = ("table", "month", "known_since", "revision", "rows", "rejected", "content_hash", "schema_hash")
    entries = [[str(asdict(entry)[name]) for name in kept] for entry in MonthLedger(warehouse).entries()]
    told = {f"month ledger {number}": " ".join(entry) for number, entry in enumerate(entries)}
    for table, differing in LEDGERS.items():
        for number, row in enumerate(warehouse.rows(table)):
            text = json.dumps({name: value for name, value in row.items() if name not in differing}, sort_keys=True)
            told[f"{table} {number}"] = hashlib.sha256(text.encode()).hexdigest()
    return told


def registered(home: Path) -> Seen:
    """Versions, aliases, finished runs and the models' own files, read from MLflow's database without MLflow."""
    versions = _asked(home, "SELECT name, version, source FROM model_versions ORDER BY 1, 2")
    told = {f"version {name} {number}": _model_files(home, source) for name, number, source in versions}
    for name, alias, number in _asked(home, "SELECT name, alias, version FROM registered_model_aliases"):
        told[f"alias {name}@{alias}"] = str(number)
    for status, runs in _asked(home, "SELECT status, count(*) FROM runs WHERE status != 'KILLED' GROUP BY 1"):
        told[f"runs {status}"] = str(runs)
    return told


def _broken_champion(home: Path) -> list[str]:
    """Champions whose files are not all there."""
    versions = "model_versions JOIN registered_model_aliases USING (name, version)"
    behind = _asked(home, f"SELECT source FROM {versions} WHERE alias = 'champion'")
    return [
        f"champion {source} lacks files" for (source,) in behind if "reference.json" not in _model_files(home, source)
    ]


def _model_files(home: Path, source: str) -> str:
    """Hashes of the text files of a version."""
    wanted = source.rpartition("/")[2]
    ((location,),) = _asked(home, f"SELECT artifact_location FROM logged_models WHERE model_id = '{wanted}'")
    folder = Path(unquote(location.removeprefix("file://"))) / "artifacts" / "model"
    digests = ((file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in sorted(folder.glob("*")))
    return " ".join(f"{name}={digest[:16]}" for name, digest in digests)


def _asked(home: Path, question: str) -> list[tuple[Any, ...]]:
    """The answer of MLflow's database; none before it is made, nor while it is being made."""
    if not (home / DATABASE).is_file():
        return []
    connection = sqlite3.connect(home / DATABASE)
    try:
        return connection.execute(question).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def litter(home: Path) -> Iterator[str]:
    """Half-made files, and files in the tables' folders that no version names.

    What was killed while it committed leaves delta-rs's own half-made entry, which readers pass over and the table's
    next commit removes: there is one at most.
    """
    for path in sorted(home.rglob("*")):
        half = path.name.startswith(".") or path.suffix in (".staged", ".tmp") or path.parent.name == "_staged"
        half = half or ("#" in path.name and not path.name.endswith(".json#1"))
        if half or path.is_relative_to(home / "staging" / "files"):
            yield f"left lying about: {path.relative_to(home)}"
    warehouse = Warehouse(home / "tables")
    for table in sorted(entry.name for entry in warehouse.tables.iterdir() if (entry / "_delta_log").is_dir()):
        yield from _unnamed(warehouse, table)


def _unnamed(warehouse: Warehouse, table: str) -> Iterator[str]:
    folder = warehouse.tables / table
    logged = [
        json.loads(line) for log in (folder / "_delta_log").glob("*.json") for line in log.read_text().splitlines()
    ]
    named = {unquote(action["add"]["path"]) for action in logged if "add" in action}
    held = {str(file.relative_to(folder)) for file in folder.rglob("*.parquet") if "_staged" not in file.parts}
    for name in sorted(held - named):
        yield f"no version names {table}/{name}"
