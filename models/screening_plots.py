"""Screening plots: how the redundant go with those that stand for them, and what loads on which factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.indicator_month import Floats, mean_correlation
from models.plots import picture, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.screening_training import Evidence

MOST_SHOWN = 40


def pictures(evidence: Evidence) -> dict[str, bytes]:
    """PNG by name: the largest groups of redundant indicators, and the factors; none where there is nothing to show."""
    made = {}
    grouped = _largest_groups(evidence)
    if grouped:
        made["correlation_of_groups.png"] = correlation_of_groups(evidence, grouped)
    if evidence.factors:
        made["factor_loadings.png"] = factor_loadings(evidence)
    return made


def _largest_groups(evidence: Evidence) -> list[str]:
    """Kept numbers each with those they stand for, whole groups, the largest first; categories do not correlate."""
    screening = evidence.screening
    numbers = [one.name for one in evidence.catalogue if one.kind == "number" and one.name in screening.kept]
    groups = [[name, *(one.name for one in screening.represented_by(name))] for name in numbers]
    shown: list[str] = []
    for group in sorted((group for group in groups if len(group) > 1), key=len, reverse=True):
        if len(shown) + len(group) <= MOST_SHOWN:
            shown += group
    return shown


def correlation_of_groups(evidence: Evidence, shown: Sequence[str]) -> bytes:
    """PNG: mean rank correlation over the months; in each group, after the kept one, those that it stands for."""
    kept = set(evidence.screening.kept)
    size = 0.24 * len(shown) + 3.2
    with picture((size + 1, size)) as figure:
        axes = figure.subplots()
        image = _heat(axes, mean_correlation(evidence.months, shown))
        axes.set_xticks(range(len(shown)), shown, fontsize=7, rotation=90)
        axes.set_yticks(range(len(shown)), [f"{'KEPT ' if name in kept else ''}{name}" for name in shown], fontsize=7)
        axes.set_title("Largest groups of redundant indicators: mean rank correlation over the months", fontsize=10)
        figure.colorbar(image, ax=axes, shrink=0.6)
        return png(figure)


def factor_loadings(evidence: Evidence) -> bytes:
    """PNG: the kept indicators that load most, in the order of the factor that they load most on."""
    loadings = np.array([list(factor.loadings.values()) for factor in evidence.factors]).T
    names, strength = list(evidence.factors[0].loadings), np.abs(loadings).max(axis=1)
    strongest = np.argsort(-strength, kind="stable")[:MOST_SHOWN]
    rows = sorted(strongest, key=lambda place: (int(np.abs(loadings[place]).argmax()), -strength[place]))
    with picture((0.5 * len(evidence.factors) + 5.2, 0.22 * len(rows) + 3.4)) as figure:
        axes = figure.subplots()
        image = _heat(axes, loadings[rows])
        axes.set_yticks(range(len(rows)), [names[place] for place in rows], fontsize=7)
        told = [f"{factor.name} ({factor.share:.0%})" for factor in evidence.factors]
        axes.set_xticks(range(len(told)), told, fontsize=7, rotation=60, ha="right")
        axes.set_title("Factors among the kept indicators: loadings (share of variance)", fontsize=10)
        figure.colorbar(image, ax=axes, shrink=0.6)
        return png(figure)


def _heat(axes: Axes, values: Floats) -> Any:
    return axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
