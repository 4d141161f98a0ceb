"""Plots: the pictures of a training, as PNG bytes; the only door to Matplotlib."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contribution_summary import IndicatorEffect
from models.curves import Curve, Reliability, ScoreCells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0b5394", "#e69138", "#6aa84f", "#a64d79", "#777777")
GREY = "#999999"
SIZE = (7.2, 5.2)
DPI = 110


@contextlib.contextmanager
def picture(size: tuple[float, float] = SIZE) -> Iterator[Figure]:
    """A figure with Matplotlib's own defaults, whatever this machine's user has chosen, and without a window."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        figure = Figure(size, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def png(figure: Figure) -> bytes:
    """The figure's bytes; without the library's version in them, so that the same figures give the same bytes."""
    kept = io.BytesIO()
    figure.savefig(kept, format="png", metadata={"Software": None})
    return kept.getvalue()


def roc(curves: Mapping[str, Curve], about: str) -> bytes:
    """Leavers found against stayers alarmed, model and baselines in the same axes."""
    with picture() as figure:
        axes = _titled(figure, "ROC: leavers found against stayers alarmed", about)
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="picked blindly")
        for (name, line), colour in zip(curves.items(), COLOURS, strict=False):
            axes.plot(line.alarmed, line.found, color=colour, label=words(name), zorder=_front(name))
        _shares(axes, "share of stayers alarmed", "share of leavers found")
        axes.legend(loc="lower right")
        return png(figure)


def precision_recall(curves: Mapping[str, Curve], about: str) -> bytes:
    """How many of the taken leave, against how many of the leavers are taken."""
    with picture() as figure:
        axes = _titled(figure, "Precision and recall", about)
        everybody = next(iter(curves.values())).precision[-1]
        axes.axhline(everybody, color=GREY, linestyle=":", label=f"picked blindly ({everybody:.2%})")
        for (name, line), colour in zip(curves.items(), COLOURS, strict=False):
            axes.plot(line.found[1:], line.precision[1:], color=colour, label=words(name), zorder=_front(name))
        _shares(axes, "recall: share of leavers found", "precision: share of leavers among the taken")
        axes.set_ylim(0, None)
        axes.legend(loc="upper right")
        return png(figure)


def gain_and_lift(curves: Mapping[str, Curve], about: str) -> bytes:
    """Leavers found, and how many times more than blindly, against the share of customers contacted."""
    with picture((10.4, 5.2)) as figure:
        gain, lift = figure.subplots(1, 2)
        figure.suptitle(f"Cumulative gain and lift\n{about}", fontsize=11)
        gain.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="picked blindly")
        lift.axhline(1, color=GREY, linestyle=":", label="picked blindly")
        for (name, line), colour in zip(curves.items(), COLOURS, strict=False):
            gain.plot(line.share, line.found, color=colour, label=words(name), zorder=_front(name))
            lift.plot(line.share[1:], line.lift[1:], color=colour, label=words(name), zorder=_front(name))
        taken = "share of customers taken, highest scores first"
        _shares(gain, taken, "share of leavers found")
        _shares(lift, taken, "lift: times as many leavers as blindly")
        lift.yaxis.set_major_formatter("{x:g}")
        lift.set_xscale("log")
        lift.xaxis.set_major_formatter(_percent)
        lift.set_ylim(0, None)
        gain.legend(loc="lower right")
        return png(figure)


def reliability(groups: Reliability, about: str) -> bytes:
    """Observed against foretold shares of leavers, with intervals; square-root axes, since most shares are small."""
    with picture() as figure:
        axes = _titled(figure, "Reliability: do probabilities come true?", about)
        top = float(max(groups.high.max(), groups.foretold.max())) * 1.05
        axes.plot([0, top], [0, top], color=GREY, linestyle=":", label="as foretold")
        errors = np.clip(np.stack([groups.observed - groups.low, groups.high - groups.observed]), 0, None)
        axes.errorbar(
            groups.foretold,
            groups.observed,
            errors,
            fmt="o",
            color=COLOURS[0],
            capsize=3,
            label="observed, 95 %",
        )
        _shares(axes, "mean probability foretold (square-root scale)", "share that left (square-root scale)")
        axes.set_xscale("function", functions=(_root, np.square))
        axes.set_yscale("function", functions=(_root, np.square))
        ticks = [tick for tick in (0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1) if tick <= top]
        axes.set_xticks([tick for tick in ticks if tick not in (0, 0.005)] if len(ticks) > 6 else ticks)
        axes.set_yticks(ticks)
        axes.xaxis.set_major_formatter(_percent)
        axes.yaxis.set_major_formatter(_percent)
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.legend(loc="upper left")
        return png(figure)


def score_distribution(cells: ScoreCells, line: Curve, about: str) -> bytes:
    """How many customers have which probability, and below it how many of all and of the leavers lie above each."""
    with picture((7.2, 6.4)) as figure:
        bars, above = figure.subplots(2, 1, sharex=True)
        figure.suptitle(f"Distribution of the score\n{about}", fontsize=11)
        bars.stairs(np.nan_to_num(cells.rows), cells.edges, fill=True, color=COLOURS[0])
        bars.set_ylabel("customers\n(cells under 10 left out)")
        above.plot(line.cut[1:], line.found[1:], color=COLOURS[1], label="of the leavers")
        above.plot(line.cut[1:], line.share[1:], color=COLOURS[0], label="of all customers")
        _shares(above, "probability of leaving in the window (logarithmic scale)", "share with this score or higher")
        above.set_xscale("log")
        above.xaxis.set_major_formatter(_percent)
        above.legend(loc="upper right")
        return png(figure)


def importance(shares: Mapping[str, float], about: str) -> bytes:
    """The indicators by the share of the loss that splits on them saved (LightGBM's gain)."""
    with picture((7.2, 6.4)) as figure:
        axes = _titled(figure, "Importance by gain", about)
        names = list(shares)[::-1]
        axes.barh(names, [shares[name] for name in names], color=COLOURS[0])
        axes.set_xlabel("share of all gain")
        axes.xaxis.set_major_formatter(_percent)
        axes.tick_params(axis="y", labelsize=8)
        return png(figure)


def contribution_summary(effects: Sequence[IndicatorEffect], about: str) -> bytes:
    """For each indicator, the mean addition to the log-odds of groups of its values, from low (blue) to high (red)."""
    import matplotlib as mpl
    from matplotlib.cm import ScalarMappable

    with picture((8.4, 6.8)) as figure:
        axes = _titled(figure, "What moves the score: mean SHAP value of groups of customers", about)
        colours = mpl.colormaps["coolwarm"]
        names = [effect.indicator for effect in effects][::-1]
        axes.axvline(0, color=GREY, linewidth=1)
        for height, effect in enumerate(reversed(effects)):
            for group in effect.groups:
                colour = "#bbbbbb" if group.level is None else colours(group.level)
                marker = "D" if group.level is None else "o"
                axes.scatter([group.mean], [height], color=colour, edgecolors="black", linewidths=0.4, marker=marker)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set_xlabel("mean addition to the log-odds of leaving (grey diamond: unknown, or a category)")
        bar = figure.colorbar(ScalarMappable(cmap=colours), ax=axes, ticks=[0, 1], pad=0.01)
        bar.ax.set_yticklabels(["lowest\nvalues", "highest\nvalues"], fontsize=8)
        return png(figure)


def words(name: str) -> str:
    """The name of a model or baseline in a legend."""
    return name.replace("_", " ")


def _titled(figure: Figure, title: str, about: str) -> Axes:
    axes = figure.subplots()
    axes.set_title(f"{title}\n{about}", fontsize=10)
    return axes


def _shares(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.xaxis.set_major_formatter(_percent)
    axes.yaxis.set_major_formatter(_percent)
    axes.grid(visible=True, color="#e6e6e6")


def _front(name: str) -> float:
    """The model's line lies over those of its baselines."""
    return 3.0 if name == "model" else 2.0


def _percent(value: float, _place: Any = None) -> str:
    return f"{value * 100:.4g} %"


def _root(value: Any) -> Any:
    return np.sqrt(np.clip(value, 0, None))
