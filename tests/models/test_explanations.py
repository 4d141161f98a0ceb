from __future__ import annotations

import numpy as np
import pytest

from models import churn
from models.churn import ChurnModel
from models.encoding import Matrix
from models.explanations import contributions
from tests.models.made_tables import QUICK, made_table

TABLE = made_table(customers=200, months=4)


@pytest.fixture(scope="module")
def model() -> ChurnModel:
    return churn.fit(TABLE, 1, QUICK, 1)


def margins(model: ChurnModel, matrix: Matrix) -> np.ndarray:
    return np.asarray(model.booster.predict(matrix, raw_score=True))


def test_start_and_contributions_sum_to_the_margin_exactly(model: ChurnModel):
    found = contributions(model, TABLE.matrix, 1)
    assert found.added.shape == TABLE.matrix.shape
    np.testing.assert_allclose(found.margins(), margins(model, TABLE.matrix), rtol=1e-9, atol=1e-12)


def test_everybody_starts_at_the_same_margin(model: ChurnModel):
    assert len(np.unique(contributions(model, TABLE.matrix, 1).start)) == 1


def test_what_announces_leaving_moves_the_margin_most_and_in_the_right_direction(model: ChurnModel):
    found = contributions(model, TABLE.matrix, 1)
    fall = found.columns.index("fall")
    assert np.abs(found.added).mean(axis=0).argmax() == fall
    falling, rising = TABLE.matrix[:, fall] > 1, TABLE.matrix[:, fall] < -1
    assert found.added[falling, fall].mean() > 0 > found.added[rising, fall].mean()


def test_a_row_has_the_same_contributions_alone_as_among_others_and_on_more_threads(model: ChurnModel):
    among, alone = contributions(model, TABLE.matrix, 2), contributions(model, TABLE.matrix[5:6], 1)
    assert among.added[5].tolist() == alone.added[0].tolist()


def test_nobody_has_no_contributions(model: ChurnModel):
    assert contributions(model, TABLE.matrix[:0], 1).added.shape == (0, 6)
