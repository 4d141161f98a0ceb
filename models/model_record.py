"""Model record: all that is logged of one training, before MLflow has seen any of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DatasetInput:
    """A table month that a training read: its name, the hash of its rows, and where it lies."""

    name: str
    digest: str
    uri: str


@dataclass(frozen=True)
class ModelRecord:
    """What is logged of a training: the model and what a reviewer needs to judge it. No customer rows.

    `files` are the model's text files, `code` the file that MLflow runs to load them, `signature` the kind
    (`number` or `category`) of each input column, `output` the name and MLflow type of each column it gives.
    `tables`, `texts` and `pictures` become the run's artifacts: JSON, text and PNG by path. `description` is Markdown
    and stands on the run and on the version; `tags` go beside it and decide nothing. `example` holds made-up input
    by column, never a customer's.
    """

    name: str
    run_name: str
    fingerprint: str
    files: Mapping[str, str]
    code: Path
    signature: Mapping[str, str]
    output: Mapping[str, str]
    facts: Mapping[str, Any]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tables: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    datasets: Sequence[DatasetInput] = ()
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    requirements: Sequence[str] = ("mlflow", "numpy", "pandas")


def fingerprint(facts: Mapping[str, Any]) -> str:
    """SHA-256 of all that decides a training."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
