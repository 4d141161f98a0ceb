"""Segment plots: how the segments of each brand differ, and by what their number was chosen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from models.plots import GREY, picture, png
from models.segment_indicators import WORDS
from models.segments import NO_BRAND, BrandSegments, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from models.segment_stability import Clusters

FARTHEST = 2.0
"""Deviations at which the colours end: few means lie farther off, and they are printed as numbers too."""


def heat_map(groups: Sequence[BrandSegments], contrasts: Sequence[Floats]) -> bytes:
    """PNG: a row per segment, a column per indicator; how far the segment's mean lies off its brand's."""
    heights = [len(group.centroids) + 1.6 for group in groups]
    with picture((13, 0.5 * sum(heights) + 1)) as figure:
        axes = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axis, group, contrast in zip(axes, groups, contrasts, strict=True):
            _draw_heat(axis, group, contrast)
        figure.suptitle("Segments: deviation from the brand's mean, in standard deviations", fontsize=12)
        return _png(figure)


def _draw_heat(axis: Axes, group: BrandSegments, contrast: Floats) -> None:
    axis.imshow(contrast, cmap="RdBu_r", vmin=-FARTHEST, vmax=FARTHEST, aspect="auto")
    labels = [f"{name}: {label}" for name, label in zip(group.names, group.labels, strict=True)]
    axis.set_yticks(range(len(labels)), labels, fontsize=9)
    words = [WORDS[one.column] for one in group.axes]
    axis.set_xticks(range(len(words)), words, fontsize=8, rotation=25, ha="right")
    for row, values in enumerate(contrast):
        for column, value in enumerate(values):
            colour = "white" if abs(value) > 0.6 * FARTHEST else "black"
            text = f"{round(float(value), 1) + 0.0:.1f}"
            axis.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)


def stability_curves(found: Mapping[str | None, Clusters], threshold: float) -> bytes:
    """PNG: per brand, by number of segments, the agreement of halves and the spread within against a cloud's."""
    with picture((4.2 * len(found) + 0.8, 3.8)) as figure:
        axes = figure.subplots(1, len(found), squeeze=False, sharey=True)[0]
        for axis, (brand, clusters) in zip(axes, found.items(), strict=True):
            _draw_stability(axis, clusters, threshold)
            axis.set_title(f"{brand or NO_BRAND}: {len(clusters.centroids)} chosen", fontsize=10)
        axes[0].set_ylabel("adjusted Rand index; ratio")
        axes[0].legend(fontsize=8, loc="lower left")
        return _png(figure)


def _draw_stability(axis: Axes, clusters: Clusters, threshold: float) -> None:
    found = clusters.stabilities
    ks = [one.k for one in found]
    extremes = [one.lowest for one in found], [one.highest for one in found]
    axis.axhline(threshold, color=GREY, linestyle=":", label="least agreement")
    axis.fill_between(ks, *extremes, alpha=0.2, label="lowest to highest pair")
    axis.plot(ks, [one.mean for one in found], marker="o", label="agreement of halves")
    axis.plot(ks, [one.spread for one in found], "--", color="tab:orange", label="spread, against a cloud's")
    if clusters.chosen is not None:
        axis.plot([clusters.chosen.k], [clusters.chosen.mean], "o", markersize=12, fillstyle="none", color="black")
    axis.set_ylim(min(0.0, *extremes[0]), max(1.05, *(one.spread for one in found)))
    axis.set_xticks(ks)
    axis.set_xlabel("number of segments")


def _png(figure: Figure) -> bytes:
    with warnings.catch_warnings():
        # A brand in Chinese draws as boxes where no installed font has it; the tables beside hold its name.
        warnings.filterwarnings("ignore", message="Glyph")
        return png(figure)
