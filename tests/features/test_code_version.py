from __future__ import annotations

from pathlib import Path

import pytest

from features.code_version import code_version


def test_the_same_code_has_the_same_version_wherever_it_lies(tmp_path: Path):
    for copy in ("one", "two"):
        (tmp_path / copy / "part").mkdir(parents=True)
        (tmp_path / copy / "part" / "usage.py").write_text("x = 1\n")
    (tmp_path / "two" / "notes.txt").write_text("no code")
    assert code_version(tmp_path / "one") == code_version(tmp_path / "two") == "2a9c099bbf22"


@pytest.mark.parametrize(
    ("file", "text"), [("usage.py", "x = 2\n"), ("usage.py", "x = 1\n\n"), ("other.py", "x = 1\n")]
)
def test_other_content_or_another_name_has_another_version(tmp_path: Path, file: str, text: str):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "usage.py").write_text("x = 1\n")
    (tmp_path / "two" / file).write_text(text)
    assert code_version(tmp_path / "one") != code_version(tmp_path / "two")
