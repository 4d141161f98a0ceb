from __future__ import annotations

import os
from pathlib import Path

import pytest

from serving.list_folder import replace_folder

OLD = {"manifest.json": b"old", "halls/a.csv": b"old a", "halls/b.csv": b"old b"}
NEW = {"manifest.json": b"new", "halls/a.csv": b"new a"}


class Killed(BaseException):
    """The process ends here."""


def held(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_folder_holds_what_was_given_and_nothing_of_an_earlier_write(tmp_path: Path):
    replace_folder(tmp_path / "month", OLD)
    assert held(tmp_path / "month") == OLD
    replace_folder(tmp_path / "month", NEW)
    assert held(tmp_path / "month") == NEW
    assert sorted(path.name for path in tmp_path.iterdir()) == ["month"]


def test_files_are_readable_by_the_owner_alone(tmp_path: Path):
    folder = tmp_path / "lists" / "month"
    replace_folder(folder, OLD)
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (folder.parent, folder, folder / "halls")} == {0o700}


def test_the_same_files_are_not_written_again(tmp_path: Path):
    replace_folder(tmp_path / "month", OLD)
    before = (tmp_path / "month").stat().st_ino
    replace_folder(tmp_path / "month", OLD)
    assert (tmp_path / "month").stat().st_ino == before


def killed_at(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """End the process at the n-th sync or rename from now on."""
    left = [moment]

    def counted(work: object) -> object:
        def counting(*given: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return work(*given, **named)  # type: ignore[operator]

        return counting

    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))


def test_killed_at_any_moment_the_old_or_the_new_files_lie_there_whole(tmp_path: Path):
    moments = 0
    while True:
        lists = tmp_path / str(moments)
        replace_folder(lists / "month", OLD)
        with pytest.MonkeyPatch.context() as patch:
            killed_at(patch, moments)
            try:
                replace_folder(lists / "month", NEW)
            except Killed:
                whole = [held(folder) for folder in (lists / "month", lists / ".month.replaced") if folder.exists()]
                assert whole[0] in (OLD, NEW)
            else:
                break
        replace_folder(lists / "month", NEW)
        assert held(lists / "month") == NEW
        assert sorted(path.name for path in lists.iterdir()) == ["month"]
        moments += 1
    assert moments >= 8  # two files, each folder's names, two renames


def test_a_folder_that_was_moved_aside_comes_back(tmp_path: Path):
    replace_folder(tmp_path / "month", OLD)
    (tmp_path / "month").rename(tmp_path / ".month.replaced")
    replace_folder(tmp_path / "month", OLD)
    assert held(tmp_path / "month") == OLD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["month"]
