from __future__ import annotations

import numpy as np
import pytest

from models.curves import curve, reliability, score_cells
from models.evaluation import Scored


def scored(score: list[float], churned: list[int], customers: list[int] | None = None) -> Scored:
    ids = np.array(customers if customers is not None else range(len(score)))
    return Scored(np.array(churned, dtype=bool), ids, {"model": np.array(score)})


def test_a_curve_counts_leavers_and_stayers_from_the_highest_score_down():
    """Forty customers, four steps of ten; the ten highest hold three of four leavers."""
    score = [1 - place / 40 for place in range(40)]
    churned = [1, 1, 1] + [0] * 7 + [1] + [0] * 29
    line = curve(scored(score, churned), "model")
    assert line.share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert line.found.tolist() == [0, 0.75, 1, 1, 1]
    assert line.alarmed.tolist() == pytest.approx([0, 7 / 36, 16 / 36, 26 / 36, 1])
    assert line.precision[1:].tolist() == pytest.approx([0.3, 0.2, 4 / 30, 0.1])
    assert line.lift[1:].tolist() == pytest.approx([3, 2, 4 / 3, 1])


def test_tied_rows_count_in_equal_parts_whatever_their_order():
    lines = [curve(scored([0.5] * 20, order), "model") for order in ([1, 1] + [0] * 18, [0] * 18 + [1, 1])]
    assert [line.found.tolist() for line in lines] == [[0, 0.5, 1], [0, 0.5, 1]]


def test_no_step_takes_fewer_than_ten_customers_also_where_they_come_back_each_month():
    line = curve(scored([place / 60 for place in range(60)], [0, 1] * 30, [place % 20 for place in range(60)]), "model")
    assert line.share.tolist() == [0, 0.5, 1]


def test_groups_of_the_reliability_are_foretold_and_observed_shares():
    """Of a hundred, the upper half is foretold 40 % and half of it leaves."""
    groups = reliability(scored([0.1] * 50 + [0.4] * 50, [0] * 50 + [1, 0] * 25), "model")
    assert groups.foretold[0] == pytest.approx(0.1)
    assert groups.observed[0] == 0
    assert groups.foretold[-1] == pytest.approx(0.4)
    assert groups.observed[-1] == pytest.approx(0.5)
    assert groups.customers.min() >= 10


def test_score_cells_of_fewer_than_ten_customers_are_unknown():
    cells = score_cells(scored([0.01] * 30 + [0.9] * 9, [0] * 39), "model")
    assert sorted(cells.rows[~np.isnan(cells.rows)].tolist()) == [30]
    assert len(cells.edges) == len(cells.rows) + 1
