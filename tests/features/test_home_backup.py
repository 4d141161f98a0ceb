from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from features.home import Home
from features.home_backup import BackupError, back_up, restore

NOW = dt.datetime(2025, 8, 5, tzinfo=dt.UTC)
STATE = {
    "home.json": b'{"source": "made"}',
    "tables/bills/_delta_log/0.json": b"{}",
    "tables/bills/month=2025-01/bucket=0/part-1.parquet": b"PAR1" * 1_000,
    "lists/month=2025-01/province.csv": b"task_ref\nt1\n",
    "mlflow/artifacts/model.txt": b"tree",
    "something/of/the/future": b"1",
}
NO_STATE = {
    "resolver/month=2025-01/resolver.csv": b"t1,13900001234\n",
    "extracts/bills.csv": b"13900001234\n",
    "rejects/month=2025-01/customers.parquet": b"13900001234",
    "staging/half": b"",
    "locks/ingest.lock": b"",
    "runs/1.run": b"",
    "logs/mlflow.log": b"",
    "served.json": b"{}",
    "tables/bills/_staged/2025-02/part-0.parquet": b"PAR1",
    "tables/.locks/bills.lock": b"",
    "prefect/prefect.db-wal": b"",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    for name, content in (STATE | NO_STATE).items():
        file = made.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return made


def silent(_message: str) -> None:
    """Hear progress and say nothing."""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def names(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def test_what_was_saved_comes_back_and_nothing_else(home: Home, tmp_path: Path):
    made = back_up(home, tmp_path / "b.tar", NOW, silent)
    back = restore(tmp_path / "b.tar", tmp_path / "elsewhere")
    assert contents(tmp_path / "elsewhere") == STATE
    assert (made.files, back.files) == (6, 6)
    assert made.size == back.size == sum(map(len, STATE.values()))
    assert (back.before, back.made_at) == (str(home.root), "2025-08-05T00:00:00+00:00")


def test_no_number_and_no_passing_file_is_in_a_backup(home: Home, tmp_path: Path):
    back_up(home, tmp_path / "b.tar", NOW, silent)
    assert names(tmp_path / "b.tar") == ["manifest.json", *sorted(f"home/{name}" for name in STATE)]
    assert b"13900001234" not in (tmp_path / "b.tar").read_bytes()


def test_the_home_is_left_as_it_was_and_the_same_state_gives_the_same_bytes(home: Home, tmp_path: Path):
    for name in ("a", "b"):
        back_up(home, tmp_path / f"{name}.tar", NOW, silent)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert contents(home.root).keys() - {"locks/backup.lock", "locks/at_work.lock"} == (STATE | NO_STATE).keys()


def test_only_the_owner_can_read_a_backup_and_what_comes_of_it(home: Home, tmp_path: Path):
    back_up(home, tmp_path / "b.tar", NOW, silent)
    restore(tmp_path / "b.tar", tmp_path / "elsewhere")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("b.tar", "elsewhere")]
    assert modes == [0o600, 0o700]


def test_a_link_is_not_followed(home: Home, tmp_path: Path):
    (tmp_path / "holdfast.key").write_text("secret")
    (home.root / "lists" / "key").symlink_to(tmp_path / "holdfast.key")
    back_up(home, tmp_path / "b.tar", NOW, silent)
    assert "home/lists/key" not in names(tmp_path / "b.tar")


def test_a_database_is_copied_whole_while_somebody_writes_into_it(home: Home, tmp_path: Path):
    home.prefect.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(home.prefect / "prefect.db")) as server:
        server.execute("PRAGMA journal_mode = WAL")
        with server:
            server.execute("CREATE TABLE runs (name TEXT)")
            server.execute("INSERT INTO runs VALUES ('committed, and still in the journal alone')")
        server.execute("INSERT INTO runs VALUES ('not committed')")
        back_up(home, tmp_path / "b.tar", NOW, silent)
        server.rollback()
    restore(tmp_path / "b.tar", tmp_path / "elsewhere")
    with contextlib.closing(sqlite3.connect(tmp_path / "elsewhere" / "prefect" / "prefect.db")) as restored:
        assert restored.execute("SELECT name FROM runs").fetchall() == [("committed, and still in the journal alone",)]


def test_a_backup_waits_for_the_run_under_way(home: Home, tmp_path: Path):
    waits, said = threading.Event(), []

    def say(message: str) -> None:
        said.append(message)
        waits.set()

    with home.locked("run-2025-01"):
        other = threading.Thread(target=back_up, args=(home, tmp_path / "b.tar", NOW, say))
        other.start()
        assert waits.wait(10)
        (home.lists / "month=2025-01" / "manifest.json").write_text("the run's last file")
    other.join()
    assert "home/lists/month=2025-01/manifest.json" in names(tmp_path / "b.tar")
    assert said[0] == f"a run is at work in {home.root}; waiting for it to end"


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("there.tar", "there.tar exists; a backup never replaces a file"),
        ("home/lists/b.tar", "lies in the home that it shall save"),
        ("nowhere/b.tar", "nowhere does not exist"),
    ],
)
def test_where_a_backup_cannot_go(home: Home, tmp_path: Path, file: str, problem: str):
    (tmp_path / "there.tar").write_bytes(b"the only copy")
    with pytest.raises(BackupError, match=problem):
        back_up(home, tmp_path / file, NOW, silent)
    assert (tmp_path / "there.tar").read_bytes() == b"the only copy"


def test_a_folder_that_is_no_home_is_not_saved(tmp_path: Path):
    with pytest.raises(BackupError, match=r"is no home with months in it; give the right one with --home$"):
        back_up(Home(tmp_path), tmp_path / "b.tar", NOW, silent)


def test_nothing_is_left_of_a_backup_that_failed(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.fsync", lambda _handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        back_up(home, tmp_path / "b.tar", NOW, silent)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert not (home.root / ".backup").exists()


def test_a_folder_with_anything_in_it_is_not_restored_into(home: Home, tmp_path: Path):
    back_up(home, tmp_path / "b.tar", NOW, silent)
    before = contents(home.root)
    with pytest.raises(BackupError, match=r"home is not empty; a backup is restored into a new or empty folder only$"):
        restore(tmp_path / "b.tar", home.root)
    assert contents(home.root) == before


def test_an_empty_folder_and_one_that_a_killed_restore_left_are_restored_into(home: Home, tmp_path: Path):
    back_up(home, tmp_path / "b.tar", NOW, silent)
    (tmp_path / "elsewhere" / ".restoring" / "tables").mkdir(parents=True)
    restore(tmp_path / "b.tar", tmp_path / "elsewhere")
    assert contents(tmp_path / "elsewhere") == STATE


def made_archive(file: Path, held: Mapping[str, bytes], **manifest: Any) -> Path:
    """An archive of these members whose manifest is right unless said otherwise."""
    files = {
        name.removeprefix("home/"): {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in held.items()
    }
    told = {"format": 1, "home": "/old", "made_at": "", "files": files} | manifest
    with tarfile.open(file, "w") as archive:
        for name, content in {"manifest.json": json.dumps(told).encode(), **held}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


@pytest.mark.parametrize(
    ("held", "manifest", "problem"),
    [
        ({"home/../../out": b"x"}, {}, "'home/../../out', which its manifest does not"),
        ({"/etc/out": b"x"}, {}, "'/etc/out', which its manifest does not"),
        ({"home/a//b": b"x"}, {}, "which its manifest does not"),
        ({"home/a": b"x"}, {"files": {}}, "'home/a', which its manifest does not"),
        ({"home/resolver/a": b"x"}, {}, "'home/resolver/a', which its manifest does not"),
        ({"home/a": b"x"}, {"home": "old"}, "no whole backup of holdfast .its manifest names no home"),
        ({"home/a": b"x"}, {"home": None}, "no whole backup of holdfast"),
        ({"home/a": b"x"}, {"files": None}, "no whole backup of holdfast"),
        ({"home/a": b"x"}, {"files": {"a": 1}}, "no whole backup of holdfast"),
        ({"home/a": b"x"}, {"files": {"a": {"bytes": 1, "sha256": "0"}}}, "a is damaged, its digest is not that"),
        ({}, {"files": {"a": {"bytes": 1, "sha256": "0"}}}, "lacks 1 of its files, such as a"),
        ({}, {"format": 2}, "has format 2, this version reads 1; update holdfast"),
    ],
)
def test_what_is_not_as_its_manifest_says_leaves_the_folder_empty(
    tmp_path: Path, held: dict[str, bytes], manifest: dict[str, Any], problem: str
):
    file = made_archive(tmp_path / "b.tar", held, **manifest)
    with pytest.raises(BackupError, match=problem):
        restore(file, tmp_path / "inner" / "home")
    assert contents(tmp_path) == {"b.tar": file.read_bytes()}


def test_a_link_in_a_backup_is_refused(tmp_path: Path):
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        text = json.dumps({"format": 1, "home": "/old", "made_at": "", "files": {"a": {}}}).encode()
        first, link = tarfile.TarInfo("manifest.json"), tarfile.TarInfo("home/a")
        first.size, link.type, link.linkname = len(text), tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(first, io.BytesIO(text))
        archive.addfile(link)
    with pytest.raises(BackupError, match="'home/a', which its manifest does not"):
        restore(tmp_path / "b.tar", tmp_path / "home")


@pytest.mark.parametrize("kept", [0, 1, 600, 2_000, -20_000])
def test_a_part_of_a_backup_is_refused_in_one_line(home: Home, tmp_path: Path, kept: int):
    back_up(home, tmp_path / "b.tar", NOW, silent)
    whole = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "part.tar").write_bytes(whole[:kept])
    with pytest.raises(BackupError, match=r"^[^\n]*(no whole backup|lacks \d of its files)[^\n]*$"):
        restore(tmp_path / "part.tar", tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_missing_file_is_said(tmp_path: Path):
    with pytest.raises(BackupError, match=r"none.tar does not exist; give the file that holdfast backup wrote$"):
        restore(tmp_path / "none.tar", tmp_path / "home")
