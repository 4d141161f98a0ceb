"""Key: the secret behind the pseudonymous ids, made once and kept apart from the home that it protects."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from flows.settings import PrivacySettings, SettingsError

VARIABLE = "HOLDFAST_KEY_FILE"
SHORTEST = 32


def key_file(settings: PrivacySettings, home: Path) -> Path | None:
    """The file that the environment or the settings name, the environment first; else the one beside the home, if any.

    Beside it is where `holdfast demo` puts one: `var/demo.key` for the home `var/demo`.
    """
    chosen = os.environ.get(VARIABLE) or settings.key_file
    if chosen:
        return Path(chosen).expanduser().resolve()
    beside = home.with_name(home.name + ".key")
    return beside.resolve() if beside.is_file() else None


def read_key(settings: PrivacySettings, home: Path) -> bytes | None:
    """The key of the pseudonymous ids, or None where none is set; a key inside the home is refused."""
    file = key_file(settings, home)
    if file is None:
        return None
    if file.is_relative_to(home):
        raise SettingsError(f"key file {file} lies in the home {home}; keep it elsewhere, apart from what it protects")
    if not file.is_file():
        raise SettingsError(f"key file {file} does not exist; make one with: holdfast key new {file}")
    key = file.read_bytes().strip()
    if len(key) < SHORTEST:
        raise SettingsError(
            f"key file {file} holds {len(key)} bytes, fewer than {SHORTEST}; make one with: holdfast key new FILE"
        )
    return key


def key_mark(key: bytes) -> str:
    """What tells keys apart without telling anything of them: a hash of 256 random bits cannot be turned back."""
    return hashlib.sha256(b"holdfast key mark " + key).hexdigest()[:16]


def new_key(file: Path) -> None:
    """Write 32 random bytes as text, readable by the owner only; an existing file is never replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SettingsError(f"{file} exists; a key is never replaced, so choose another name") from None
    with os.fdopen(handle, "w") as written:
        written.write(secrets.token_hex(32) + "\n")
