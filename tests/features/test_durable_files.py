from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.durable_files import make_folder, sync, write_durably


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced and renamed, in order."""
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name}")
        fsync(handle)

    def renamed(self: Path, target: Path) -> Path:
        done.append(f"rename {self.name} to {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    return done


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path):
    write_durably(tmp_path / "facts.json", b"old and long")
    write_durably(tmp_path / "facts.json", b"new")
    assert (tmp_path / "facts.json").read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["facts.json"]


def test_content_is_synced_before_it_gets_its_name_and_the_name_after(tmp_path: Path, steps: list[str]):
    write_durably(tmp_path / "facts.json", b"new")
    staged = ".facts.json.staged"
    assert steps == [f"sync {staged}", f"rename {staged} to facts.json", f"sync {tmp_path.name}"]


def test_what_a_killed_writer_left_half_written_is_gone_after_the_next_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def killed(_handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            write_durably(tmp_path / "facts.json", b"half of it")
    assert not (tmp_path / "facts.json").exists()
    write_durably(tmp_path / "facts.json", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["facts.json"]


def test_a_private_file_and_the_folders_made_for_it_are_for_the_owner_alone(tmp_path: Path):
    file = tmp_path / "a" / "b" / "numbers.csv"
    for content in (b"old", b"new"):
        write_durably(file, content, private=True)
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (file.parent, file.parent.parent)} == {0o700}


def test_every_folder_that_was_made_is_synced_into_the_one_above(tmp_path: Path, steps: list[str]):
    make_folder(tmp_path / "a" / "b")
    assert steps == [f"sync {tmp_path.name}", "sync a"]
    make_folder(tmp_path / "a" / "b")
    assert len(steps) == 2


def test_a_file_can_be_synced_as_well_as_a_folder(tmp_path: Path, steps: list[str]):
    (tmp_path / "file").write_text("x")
    sync(tmp_path / "file")
    assert steps == ["sync file"]
