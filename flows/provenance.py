"""Provenance: by which commit and which locked packages the program runs, noted with every training."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "infra" / "lock" / "runtime.txt"


def made_by(root: Path = ROOT, lock: Path = LOCK) -> dict[str, str]:
    """`commit`, where the program runs in a checkout, and `lock`, the SHA-256 of the locked packages.

    A commit with `-dirty` behind it has changes that are in no commit. Outside a checkout there is none to tell.
    """
    told = {"lock": hashlib.sha256(lock.read_bytes()).hexdigest()} if lock.is_file() else {}
    commit = _commit(root)
    return told | ({"commit": commit} if commit else {})


def _commit(root: Path) -> str:
    if not (root / ".git").exists():
        return ""
    asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
