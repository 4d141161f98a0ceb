"""Catalogue: what every indicator of the feature table is called and means."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "category"]

ID_DIGITS = 12


@dataclass(frozen=True)
class Indicator:
    """One column of the feature table.

    `meaning` is a sentence for a retention manager; `window` counts the months looked at, the latest included;
    `table` names the contract table it is made of. A number is stored as Float32, a category as String; null
    is always "unknown".
    """

    name: str
    angle: str
    unit: str
    meaning: str
    window: int
    table: str
    kind: Kind = "number"


def feature_set_id(indicators: Iterable[Indicator]) -> str:
    """A short name for one list of indicators: models and feature tables with the same id fit each other.

    The first 12 hexadecimal digits of SHA-256 over the definitions in their order, since LightGBM takes columns
    by position: another order is another feature set.
    """
    definitions = [dataclasses.asdict(indicator) for indicator in indicators]
    written = json.dumps(definitions, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()[:ID_DIGITS]
