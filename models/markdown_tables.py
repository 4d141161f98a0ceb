"""Markdown tables: figures, intervals and counts as a reviewer reads them in MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def interval(figure: Mapping[str, Any], form: str = ".3f") -> str:
    """A figure with its 95 % interval, or why there is none."""
    if figure["value"] is None:
        return str(figure.get("note", "not enough data"))
    if figure.get("low") is None:
        return f"{figure['value']:{form}}"
    return f"{figure['value']:{form}} ({figure['low']:{form}} to {figure['high']:{form}})"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """A Markdown table; None is a count too small to be told, or a place that does not exist."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(value) for value in line) + " |" for line in lines] if head else []


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
