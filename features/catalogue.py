"""Catalogue: what every indicator of the feature table is called and means."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "category"]

Angle: TypeAlias = Literal[
    "usage",
    "trend",
    "bill structure",
    "payment",
    "contacts",
    "service experience",
    "contract and plan fit",
    "device",
    "social circle and competitor",
    "products and life cycle",
    "custom indicators",
]
"""From which side a customer is looked at: the ten angles of the trade, and what the operator computes itself."""

ID_DIGITS = 12


@dataclass(frozen=True)
class Indicator:
    """One column of the feature table.

    `meaning` is a sentence for a retention manager; `window` counts the months looked at, the latest included;
    `table` names the contract table it is made of, `beside` those without which it cannot be worked out either.
    A number is stored as Float32, a category as String; null is always "unknown".
    """

    name: str
    angle: Angle
    unit: str
    meaning: str
    window: int
    table: str
    kind: Kind = "number"
    beside: tuple[str, ...] = ()


def feature_set_id(indicators: Iterable[Indicator]) -> str:
    """A short name for one list of indicators: models and feature tables with the same id fit each other.

    The first 12 hexadecimal digits of SHA-256 over the definitions in their order, since LightGBM takes columns
    by position: another order is another feature set.
    """
    definitions = [dataclasses.asdict(indicator) for indicator in indicators]
    written = json.dumps(definitions, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()[:ID_DIGITS]
