"""Code version: a short hash of a package's source, so that a table tells which code made it."""

from __future__ import annotations

import hashlib
from pathlib import Path


def code_version(package: Path) -> str:
    """Twelve hex digits over names and contents of all Python files in the folder of `package`."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(package).as_posix()}:{len(content)};".encode() + content)
    return digest.hexdigest()[:12]
