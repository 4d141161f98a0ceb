from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from models import contribution_summary, curves, plots
from models.churn import fit
from models.evaluation import Scored
from tests.models.made_tables import QUICK, made_table

TABLE = made_table(customers=300, months=4)
EFFECTS = contribution_summary.summarise(fit(TABLE, 1, QUICK, 1), TABLE, 7, 1)
_RNG = np.random.default_rng(3)
_CHANCE = _RNG.uniform(0.01, 0.6, 800)
SCORED = Scored(_RNG.random(800) < _CHANCE, np.arange(800), {"model": _CHANCE, "scorecard": np.round(_CHANCE, 1)})
LINES = {name: curves.curve(SCORED, name) for name in SCORED.scores}

PICTURES: dict[str, Callable[[], bytes]] = {
    "roc": lambda: plots.roc(LINES, "made"),
    "precision_recall": lambda: plots.precision_recall(LINES, "made"),
    "gain_and_lift": lambda: plots.gain_and_lift(LINES, "made"),
    "reliability": lambda: plots.reliability(curves.reliability(SCORED, "model"), "made"),
    "score_distribution": lambda: plots.score_distribution(curves.score_cells(SCORED, "model"), LINES["model"], "made"),
    "importance": lambda: plots.importance({"fall": 0.7, "plan": 0.3}, "made"),
    "contribution_summary": lambda: plots.contribution_summary(EFFECTS, "made"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_figures_give_the_same_bytes(name: str):
    first = PICTURES[name]()
    assert first == PICTURES[name]()
    width, height = struct.unpack(">II", first[16:24])
    assert width > 700
    assert height > 500


def test_a_picture_does_not_depend_on_what_this_machines_user_has_chosen():
    import matplotlib as mpl

    usual = PICTURES["roc"]()
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "black"}):
        assert PICTURES["roc"]() == usual
        assert mpl.rcParams["lines.linewidth"] == 9


def test_no_version_and_no_date_is_written_into_a_picture():
    assert b"Software" not in PICTURES["roc"]()
    assert b"Date" not in PICTURES["roc"]()
