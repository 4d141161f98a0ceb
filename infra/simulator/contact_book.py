"""Contact book: whom the operator contacted, in which month, for which campaign, how and with which offer."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np

from features.months import Month
from infra.simulator.outreach import CONTACT, Contacts

Called: TypeAlias = tuple[str, Month, str, str, str]
"""Number, month, campaign, channel and plan of one contact."""


def note(book: Path, called: Iterable[Called]) -> Counter[str]:
    """Add contacts to the book, which only its owner may read, because it holds numbers; all of them or none.

    A number is contacted once a month: who is in the book stays in it, of several who come at once the first campaign
    in order has the call. Counted are the calls of each campaign that were left out for that.
    """
    new = sorted((number, str(month), *offer) for number, month, *offer in called)
    rows = _once_a_month([*_lines(book), *new])
    left_out = Counter(campaign for _, _, campaign, *_ in set(new).difference(rows))
    half = book.with_name(f".{book.name}")
    half.touch(mode=0o600)
    with half.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written, lineterminator="\n").writerows([CONTACT.names or (), *sorted(rows)])
    half.replace(book)
    return left_out


def read(book: Path) -> Contacts:
    """Every contact of the book, nobody's when there is none yet."""
    rows = [(int(number), np.datetime64(month, "M"), *offer) for number, month, *offer in _lines(book)]
    return Contacts(np.array(rows, CONTACT))


def _once_a_month(lines: Iterable[tuple[str, ...]]) -> Collection[tuple[str, ...]]:
    """The first line of each number and month."""
    first: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in lines:
        first.setdefault(line[:2], line)
    return first.values()


def _lines(book: Path) -> list[tuple[str, ...]]:
    if not book.is_file():
        return []
    with book.open(encoding="utf-8", newline="") as opened:
        return [tuple(line) for line in csv.reader(opened)][1:]
