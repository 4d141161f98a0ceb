"""A registry that remembers: what would have been registered, and which version is champion, without MLflow."""

from __future__ import annotations

import json

from models import ModelsError
from models.model_record import ModelRecord
from models.registry import CHAMPION, CHURN, ModelVersion


class Remembered:
    """In the place of the registry; its versions are those of one model."""

    def __init__(self) -> None:
        self.records: list[ModelRecord] = []
        self.aliases: dict[tuple[str, str], int] = {}
        self.tags: dict[tuple[str, int, str], str] = {}

    @property
    def champion(self) -> int:
        return self.aliases.get((CHURN, CHAMPION), 0)

    def register(self, record: ModelRecord) -> int:
        known = [place for place, held in enumerate(self.records, 1) if held.fingerprint == record.fingerprint]
        if not known:
            self.records.append(record)
        return known[0] if known else len(self.records)

    def held(self, name: str, alias: str = CHAMPION) -> ModelVersion | None:
        version = self.number(name, alias)
        return None if version is None else self.version(name, version)

    def version(self, name: str, version: int) -> ModelVersion:
        if not 0 < version <= len(self.records):
            raise ModelsError(f"{name} has no version {version}")
        record = self.records[version - 1]
        return ModelVersion(name, version, {**record.files, "facts.json": json.dumps(record.facts)})

    def number(self, name: str, alias: str = CHAMPION) -> int | None:
        return self.aliases.get((name, alias))

    def run_of(self, name: str, version: int) -> str:
        return f"run of {name} {version}"

    def tag(self, name: str, version: int, key: str) -> str:
        return self.tags.get((name, version, key), "")

    def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        self.tags[name, version, key] = value

    def point(self, name: str, alias: str, version: int) -> None:
        self.aliases[name, alias] = version
