from __future__ import annotations

from pathlib import Path

import pytest

from serving import campaign_files
from serving.campaign_files import write_campaign_file
from tests.serving.test_campaign_draw import campaign, draw, drawing_in


def test_files_and_folders_of_a_campaign_are_for_the_owner_alone(tmp_path: Path):
    drawing = drawing_in(tmp_path)
    folder = draw(drawing, campaign()).folder
    assert {path.stat().st_mode & 0o777 for path in (drawing.campaigns, folder.parent, folder)} == {0o700}
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == ["design.json", "manifest.json", "tasks.csv"]


def test_a_file_is_its_old_content_or_all_of_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "campaigns" / "tasks.csv"
    write_campaign_file(file, b"old")

    def killed(staged: Path, content: bytes) -> None:
        staged.write_bytes(content[:1])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(campaign_files, "write_privately", killed)
        with pytest.raises(KeyboardInterrupt):
            write_campaign_file(file, b"new")
    assert file.read_bytes() == b"old"
    write_campaign_file(file, b"new")
    assert (file.read_bytes(), [held.name for held in file.parent.iterdir()]) == (b"new", ["tasks.csv"])
