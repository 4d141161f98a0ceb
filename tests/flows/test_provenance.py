from __future__ import annotations

import subprocess
from pathlib import Path

from flows.provenance import made_by

NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def git(folder: Path, *words: str) -> str:
    me = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    ran = subprocess.run(["git", "-C", str(folder), *me, *words], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_a_checkout_tells_its_commit_and_whether_it_was_changed_since(tmp_path: Path):
    (tmp_path / "lock.txt").touch()
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "lock.txt")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert made_by(tmp_path, tmp_path / "lock.txt") == {"lock": NOTHING, "commit": commit}
    (tmp_path / "lock.txt").write_text("more")
    assert made_by(tmp_path, tmp_path / "lock.txt")["commit"] == f"{commit}-dirty"


def test_outside_a_checkout_there_is_no_commit_to_tell(tmp_path: Path):
    (tmp_path / "lock.txt").touch()
    assert made_by(tmp_path, tmp_path / "lock.txt") == {"lock": NOTHING}
    assert made_by(tmp_path, tmp_path / "absent.txt") == {}
