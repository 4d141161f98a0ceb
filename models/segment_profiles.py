"""Segment profiles: what the customers of each segment are like, as a table that a retention manager reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation import NOT_ENOUGH
from models.segment_indicators import WORDS
from models.segments import BrandSegments, SegmentModel, numbers
from models.small_cells import SMALL_CELL, TOO_FEW, counted
from models.wilson import wilson

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Outcomes:
    """Who left of an earlier month, whose labels are known: the segment of each of its customers at that time."""

    month: str
    horizon: int
    segments: pa.Array
    churned: NDArray[np.bool_]


def profiles(model: SegmentModel, rows: pa.Table, outcomes: Outcomes | None) -> dict[str, Any]:
    """Size, share, indicators and churn share of every segment, by name, and who is in none.

    Counts and figures of fewer than ten customers are suppressed, and so are the shares of churn of fewer than ten
    leavers, or ten who stayed. `customers` counts those in a segment, so that nobody learns a small rest from it.
    """
    segments = model.assign(rows)
    names = np.asarray(segments.fill_null("").to_pylist(), dtype=np.str_)
    held = {
        name: _profile(group, rows, names, name, label) | {"churn": churn_share(outcomes, name)}
        for group in model.brands
        for name, label in zip(group.names, group.labels, strict=True)
    }
    outside = int((names == "").sum())
    return {
        "segments": held,
        "customers": len(names) - outside,
        "in_no_segment": counted(outside),
        "churn": None if outcomes is None else {"scored": outcomes.month, "horizon": outcomes.horizon},
    }


def _profile(group: BrandSegments, rows: pa.Table, names: NDArray[np.str_], name: str, label: str) -> dict[str, Any]:
    here = np.flatnonzero(names == name)
    sizes = [int((names == one).sum()) for one in group.names]
    about = {"brand": group.brand, "label": label}
    if len(here) < SMALL_CELL:
        return about | {"customers": TOO_FEW, "share_of_brand": None, "indicators": {}}
    part = rows.take(here)
    indicators = {axis.column: _figures(numbers(part, axis.column)) for axis in group.axes}
    share = None if min(sizes) < SMALL_CELL else len(here) / sum(sizes)
    return about | {"customers": len(here), "share_of_brand": share, "indicators": indicators}


def _figures(values: NDArray[np.float64]) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    unknown = len(values) - len(known)
    if len(known) < SMALL_CELL:
        return {"mean": None, "median": None, "unknown": None}
    told = counted(unknown)
    return {"mean": float(known.mean()), "median": float(np.median(known)), "unknown": told}


def churn_share(outcomes: Outcomes | None, name: str) -> dict[str, Any]:
    """The share of leavers of a segment with Wilson's 95 % interval, or why there is none."""
    absent = {"value": None, "low": None, "high": None, "note": NOT_ENOUGH}
    if outcomes is None:
        return absent
    churned = outcomes.churned[np.asarray(outcomes.segments.fill_null("").to_pylist(), dtype=np.str_) == name]
    left, customers = int(churned.sum()), len(churned)
    if min(left, customers - left) < SMALL_CELL:
        return absent
    low, high = map(float, wilson(left / customers, customers))
    return {"value": left / customers, "low": low, "high": high, "customers": customers}


def as_markdown(table: Mapping[str, Any], model: SegmentModel) -> str:
    """The profile table as Markdown, one table per brand: a row per segment, the mean of each indicator a column."""
    parts = [_brand_as_markdown(group, table["segments"]) for group in model.brands]
    return "\n\n".join([*parts, f"Customers in no segment: {_shown(table['in_no_segment'])}."]) + "\n"


def _brand_as_markdown(group: BrandSegments, held: Mapping[str, Any]) -> str:
    columns = [axis.column for axis in group.axes]
    head = ["segment", "in short", "customers", "share", "churn (95 %)", *(WORDS[column] for column in columns)]
    lines = [_line(head), _line(["---"] * len(head))]
    for name in group.names:
        row = held[name]
        means = [row["indicators"].get(column, {}).get("mean") for column in columns]
        share = "–" if row["share_of_brand"] is None else f"{row['share_of_brand']:.0%}"
        figures = [_shown(row["customers"]), share, _churn(row["churn"]), *(_shown(mean) for mean in means)]
        lines.append(_line([name, row["label"], *figures]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _churn(churn: Mapping[str, Any]) -> str:
    if churn["value"] is None:
        return str(churn["note"])
    return f"{churn['value']:.1%} ({churn['low']:.1%}–{churn['high']:.1%})"


def _shown(figure: Any) -> str:
    if figure is None:
        return "–"
    if isinstance(figure, int):
        return f"{figure:,}"
    return f"{figure:,.2f}" if isinstance(figure, float) else str(figure)
