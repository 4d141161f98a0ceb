"""Contribution summary: which indicators move the score, and which way, told of groups of customers and of nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.churn import ChurnModel
from models.explanations import contributions
from models.small_cells import SMALL_CELL
from models.training_table import TrainingTable

Floats = NDArray[np.float64]
Cell = tuple[str, float | None, NDArray[np.bool_]]
"""Name and level of a group, and a mask of its rows."""

SAMPLE_ROWS = 2_000
"""Exact contributions cost about a millisecond a row; the mean of 400 rows of a fifth is known well enough for a
picture."""
GROUPS = 5
SHOWN = 20
UNKNOWN = "unknown"


@dataclass(frozen=True)
class GroupEffect:
    """The mean addition to the log-odds of one group of rows; `level` runs from 0, lowest values, to 1, highest.

    `level` is None for the unknown and for a category. A group has ten customers or more.
    """

    group: str
    level: float | None
    rows: int
    mean: float


@dataclass(frozen=True)
class IndicatorEffect:
    """How strongly an indicator moves scores (mean of the absolute addition), and the groups of its values."""

    indicator: str
    strength: float
    groups: tuple[GroupEffect, ...]


def summarise(model: ChurnModel, table: TrainingTable, seed: int, threads: int = 0) -> list[IndicatorEffect]:
    """The strongest indicators of a seeded sample of the last scoring month, strongest first.

    Every customer has one row in a month, so that ten rows are ten customers. Additions are on the calibrated
    log-odds: the trees' exact SHAP values times the slope of the calibration line.
    """
    places = np.flatnonzero(table.of(table.scored[-1:]))
    if len(places) > SAMPLE_ROWS:
        places = np.sort(np.random.default_rng(seed).choice(places, SAMPLE_ROWS, replace=False))
    matrix = table.matrix[places]
    added = contributions(model, matrix, threads).added * model.calibrator.slope
    strength = np.abs(added).mean(axis=0)
    strongest = [place for place in np.argsort(-strength, kind="stable")[:SHOWN] if strength[place] > 0]
    return [
        IndicatorEffect(name, float(strength[place]), _groups(model, name, matrix[:, place], added[:, place]))
        for place in strongest
        for name in [model.encoding.columns[place]]
    ]


def _groups(model: ChurnModel, name: str, values: NDArray[np.float32], added: Floats) -> tuple[GroupEffect, ...]:
    known = ~np.isnan(values)
    cells: list[Cell] = [(UNKNOWN, None, ~known)]
    if name in model.encoding.categories:
        cells += [(text, None, values == code) for code, text in enumerate(model.encoding.categories[name])]
    else:
        cells += _fifths(values, known)
    return tuple(_effect(group, level, added[rows]) for group, level, rows in cells if rows.sum() >= SMALL_CELL)


def _fifths(values: NDArray[np.float32], known: NDArray[np.bool_]) -> list[Cell]:
    """Groups of about equal size by rising value; equal values stay together, so there may be fewer groups."""
    if not known.any():
        return []
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, GROUPS + 1)[1:-1]))
    group = np.searchsorted(edges, values, side="left")
    return [
        (f"group {place + 1} of {len(edges) + 1}", place / len(edges), known & (group == place))
        for place in range(len(edges) + 1)
    ]


def _effect(group: str, level: float | None, added: Floats) -> GroupEffect:
    return GroupEffect(group, level, len(added), float(added.mean()))


def as_table(effects: Sequence[IndicatorEffect]) -> list[dict[str, object]]:
    """One flat row per group, for a table."""
    return [
        {"indicator": effect.indicator, "mean_absolute": effect.strength, **vars(group)}
        for effect in effects
        for group in effect.groups
    ]
