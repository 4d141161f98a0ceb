"""Small cells: a report as it may be tracked, without counts of fewer than ten customers or leavers of a part."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

COUNTS = ("rows", "customers", "events")


def without_small_cells(report: Mapping[str, Any], least: int) -> dict[str, Any]:
    """A backtest's report with its small counts blanked, in slices and among customers that training never saw.

    What all the judged rows hold is told: it is a statement about the whole population. Where one part alone is
    blank, the rest would give it away by subtraction, so the smallest other one goes with it (complementary
    suppression, as statistical offices do it).
    """
    made = copy.deepcopy(dict(report))
    for sliced in made.get("slices", {}).values():
        for parts in sliced.values():
            hide_small(parts, least)
    for unseen in made.get("unseen", {}).values():
        _blank_small(unseen, least)
    return made


def hide_small(parts: Mapping[str, dict[str, Any]], least: int) -> None:
    """Blank, in place, the small counts of parts of one whole, and where it is but one, the next smallest too."""
    for part in parts.values():
        _blank_small(part, least)
    for count in COUNTS:
        told = {name: part[count] for name, part in parts.items() if part[count] is not None}
        if told and len(parts) - len(told) == 1:
            parts[min(told, key=lambda name: (told[name], name))][count] = None


def _blank_small(part: dict[str, Any], least: int) -> None:
    if part["customers"] is not None and part["customers"] < least:
        part |= dict.fromkeys(COUNTS)
    if part["events"] is not None and part["events"] < least:
        part["events"] = None


def shown(count: int, least: int) -> int | None:
    """A count of customers, None where it is too small to be told."""
    return count if count >= least else None
