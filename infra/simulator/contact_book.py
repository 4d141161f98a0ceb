"""Contact book: whom the operator contacted, in which month, for which campaign, how and with which offer."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np

from features.months import Month
from infra.simulator.outreach import CONTACT, Contacts

Called: TypeAlias = tuple[str, Month, str, str, str]
"""Number, month, campaign, channel and plan of one contact."""


def note(book: Path, called: Iterable[Called]) -> None:
    """Add contacts to the book, which only its owner may read, because it holds numbers; all of them or none."""
    rows = sorted({*_lines(book), *((number, str(month), *offer) for number, month, *offer in called)})
    half = book.with_name(f".{book.name}")
    half.touch(mode=0o600)
    with half.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written, lineterminator="\n").writerows([CONTACT.names or (), *rows])
    half.replace(book)


def read(book: Path) -> Contacts:
    """Every contact of the book, nobody's when there is none yet."""
    rows = [(int(number), np.datetime64(month, "M"), *offer) for number, month, *offer in _lines(book)]
    return Contacts(np.array(rows, CONTACT))


def _lines(book: Path) -> list[tuple[str, ...]]:
    if not book.is_file():
        return []
    with book.open(encoding="utf-8", newline="") as opened:
        return [tuple(line) for line in csv.reader(opened)][1:]
