"""Small cells: a report as it may be tracked, without counts of fewer than ten customers or leavers of a part."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from models.evaluation import NOT_ENOUGH

COUNTS = ("rows", "customers", "events")
SMALL_CELL = 10
"""Fewer customers than this are no group of their own: whoever knows some of them learns of the others."""
TOO_FEW = f"fewer than {SMALL_CELL}"


def without_small_cells(report: Mapping[str, Any], least: int) -> dict[str, Any]:
    """A backtest's report with its small counts blanked, in slices and among customers that training never saw.

    What all the judged rows hold is told: it is a statement about the whole population.
    """
    made = copy.deepcopy(dict(report))
    for sliced in made.get("slices", {}).values():
        for parts in sliced.values():
            hide_small(parts, least)
    for unseen in made.get("unseen", {}).values():
        _blank_small(unseen, least)
        _silence(unseen)
    return made


def hide_small(parts: Mapping[str, dict[str, Any]], least: int) -> None:
    """Blank, in place, the small counts of parts of one whole, and all that would give them away.

    The whole is told, so what the told parts leave of it must be two parts or more and no small cell either: until
    it is, the smallest of them goes too (complementary suppression, as statistical offices do it). A part without
    all its counts has no metrics: a lift is a whole number of leavers divided by the leavers.
    """
    before = {name: dict(part) for name, part in parts.items()}
    for part in parts.values():
        _blank_small(part, least)
    for count in COUNTS:
        _blank_complements(parts, before, count, least)
    for part in parts.values():
        _silence(part)


def _blank_complements(
    parts: Mapping[str, dict[str, Any]], before: Mapping[str, Mapping[str, Any]], count: str, least: int
) -> None:
    """Blank the smallest told counts until the blank ones are two or more and together `least` or more."""
    told = [name for name in parts if parts[name][count] is not None]
    blank = [before[name][count] or 0 for name in parts if parts[name][count] is None]
    for name in sorted(told, key=lambda name: (before[name][count], name)):
        if not blank or (len(blank) > 1 and sum(blank) >= least):
            return
        parts[name][count] = None
        blank.append(before[name][count])


def _blank_small(part: dict[str, Any], least: int) -> None:
    if part["customers"] is not None and part["customers"] < least:
        part |= dict.fromkeys(COUNTS)
    if part["events"] is not None and part["events"] < least:
        part["events"] = None


def _silence(part: dict[str, Any]) -> None:
    """No metric and no difference of a part that lacks a count."""
    if all(part[count] is not None for count in COUNTS):
        return
    for told in (part.get("metrics", {}), part.get("differences", {})):
        for figures in told.values():
            for metric in figures:
                figures[metric] = {"value": None, "low": None, "high": None, "note": NOT_ENOUGH}


def counted(customers: int) -> int | str:
    """A number of customers as a report may tell it: none, or enough to be told, or that they are too few."""
    return customers if customers == 0 or customers >= SMALL_CELL else TOO_FEW


def shown(count: int, least: int) -> int | None:
    """A count of customers, None where it is too small to be told."""
    return count if count >= least else None
