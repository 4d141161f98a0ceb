"""Settings: what an operator may choose, read once at the top and handed down as frozen dataclasses."""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features import HoldfastError
from features.engine import EngineSettings
from features.refusal import DeliveryRules
from models.churn import ChurnSettings
from models.evaluation import EvaluationSettings
from serving.warning_lists import ListSettings

INFRA = Path(__file__).resolve().parent.parent / "infra"
DEFAULTS = INFRA / "settings" / "default.toml"
SOURCES = INFRA / "sources"
KEY_VARIABLE = "HOLDFAST_KEY_FILE"


class SettingsError(HoldfastError):
    """A settings file or key that cannot be used."""


@dataclass(frozen=True)
class PrivacySettings:
    """Where the key of the pseudonymous ids lies; never inside the home that it protects."""

    key_file: str = ""


@dataclass(frozen=True)
class MlflowSettings:
    """Which database MLflow uses; empty for SQLite in the home."""

    uri: str = ""


@dataclass(frozen=True)
class Settings:
    """All settings, one section per part of the program."""

    engine: EngineSettings = field(default_factory=EngineSettings)
    delivery: DeliveryRules = field(default_factory=DeliveryRules)
    churn: ChurnSettings = field(default_factory=ChurnSettings)
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    lists: ListSettings = field(default_factory=ListSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    mlflow: MlflowSettings = field(default_factory=MlflowSettings)


def read_settings(file: Path | None = None) -> Settings:
    """The shipped defaults, overridden section by section by `file`; every problem is one line that names the key."""
    from pydantic import TypeAdapter, ValidationError

    chosen = _toml(DEFAULTS)
    for section, values in (_toml(file) if file else {}).items():
        if not isinstance(values, dict):
            raise SettingsError(f"{file}: {section} stands outside a section; put it under one of {', '.join(chosen)}")
        chosen[section] = chosen.get(section, {}) | values
    try:
        return TypeAdapter(Settings).validate_python(chosen)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{file}: {key} = {first['input']!r}: {first['msg'].lower()}; see {DEFAULTS.name} for what may be set"
        ) from None


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"settings file {file} does not exist; give --settings an existing TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsError(f"settings file {file} is not TOML: {broken}; mend it") from None


def read_key(settings: PrivacySettings, home: Path) -> bytes | None:
    """The key of the pseudonymous ids, or None where none is set; a key inside the home is refused."""
    chosen = os.environ.get(KEY_VARIABLE) or settings.key_file
    if not chosen:
        return None
    file = Path(chosen).expanduser().resolve()
    if file.is_relative_to(home):
        raise SettingsError(f"key file {file} lies in the home {home}; keep it elsewhere, apart from what it protects")
    if not file.is_file():
        raise SettingsError(f"key file {file} does not exist; make one with: holdfast key new {file}")
    key = file.read_bytes().strip()
    if len(key) < 32:
        raise SettingsError(f"key file {file} holds {len(key)} bytes, fewer than 32; make one with: holdfast key new")
    return key


def new_key(file: Path) -> None:
    """Write 32 random bytes as text, readable by the owner only; an existing file is never replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SettingsError(f"{file} exists; a key is never replaced, so choose another name") from None
    with os.fdopen(handle, "w") as written:
        written.write(secrets.token_hex(32) + "\n")
