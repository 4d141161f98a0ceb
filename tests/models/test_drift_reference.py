from __future__ import annotations

import json

import numpy as np
import pytest

from features.months import Month
from models import ModelsError, churn
from models.drift_reference import (
    SAMPLE_ROWS,
    DriftReference,
    compared_months,
    gain_shares,
    learn,
    number_cells,
)
from models.encoding import Encoding
from models.training_table import TrainingTable
from tests.models.made_tables import QUICK, made_table

JANUARY = (Month(2025, 1),)


def columns(**given: np.ndarray) -> TrainingTable:
    """A training table with these columns; `plan` is a category of the codes of blue, green and red."""
    rows = len(next(iter(given.values())))
    encoding = Encoding(tuple(given), {"plan": ("blue", "green", "red")} if "plan" in given else {})
    table = made_table(customers=rows, months=1)
    matrix = np.stack(list(given.values()), axis=1).astype(np.float32)
    return TrainingTable(encoding, matrix, table.churned, table.customers, table.months, table.scored)


def test_cells_are_tenths_of_the_known_rows_and_the_unknown_come_last():
    values = np.append(np.arange(1000, dtype=np.float32), np.full(250, np.nan, dtype=np.float32))
    cells = number_cells(values)
    assert cells.edges == tuple(100 * decile - 0.5 for decile in range(1, 10))
    assert cells.means == tuple(100 * decile + 49.5 for decile in range(10))
    assert cells.shares == (0.08,) * 10 + (0.2,)
    assert cells.unknown == 0.2


def test_a_common_value_has_a_cell_of_its_own():
    values = np.concatenate([np.zeros(600), np.arange(1, 401)]).astype(np.float32)
    cells = number_cells(values)
    just_below = float(np.nextafter(np.float32(0), np.float32(-1)))
    assert cells.edges[:2] == (just_below, 0.0)
    assert cells.shares[:2] == (0.0, 0.6)
    assert cells.means[1] == 0.0


def test_a_constant_column_leaves_room_below_and_above():
    cells = number_cells(np.full(50, 3.5))
    assert cells.shares == (0.0, 1.0, 0.0, 0.0)
    assert cells.edges[1] == 3.5


def test_no_edge_is_a_single_customers_value():
    values = np.random.default_rng(1).gamma(2, 20, 5_000).astype(np.float32)
    cells = number_cells(values)
    assert not set(cells.edges) & {float(value) for value in values}
    assert min(values) < cells.means[0]
    assert cells.means[-1] < max(values)


def test_a_cell_of_fewer_than_ten_rows_is_joined_with_its_neighbour():
    values = np.concatenate([np.zeros(500), np.ones(497), [7, 8, 9]])
    rows = np.round(np.array(number_cells(values).shares) * 1000)
    assert sorted(rows[rows > 0]) == [500, 500]


def test_fewer_than_ten_unknown_rows_are_told_as_none():
    values = np.append(np.arange(991.0), np.full(9, np.nan))
    assert number_cells(values).unknown == 0.0
    assert number_cells(np.append(np.arange(990.0), np.full(10, np.nan))).unknown == 0.01


@pytest.mark.parametrize("known", [0, 9])
def test_fewer_than_ten_known_rows_tell_nothing(known: int):
    cells = number_cells(np.append(np.arange(float(known)), np.full(100, np.nan)))
    assert (cells.edges, cells.means, cells.shares) == ((), (0.0,), (0.0, 1.0))


def test_rare_categories_are_counted_with_the_unknown():
    plan = np.concatenate([np.zeros(60), np.ones(9), np.full(25, 2), np.full(6, np.nan)])
    reference = learn(columns(plan=plan), np.full(100, 0.5), {}, JANUARY)
    assert reference.categories["plan"].values == ("blue", "red")
    assert reference.categories["plan"].shares == (0.6, 0.25, 0.15)


def test_the_score_is_that_of_rows_the_trees_did_not_see():
    probabilities = np.append(np.full(300, np.nan), np.linspace(0, 1, 100))
    reference = learn(columns(bill=np.arange(400.0)), probabilities, {"bill": 1.0}, JANUARY)
    assert (reference.rows, reference.customers, reference.score_rows) == (400, 400, 100)
    assert sum(reference.score.shares) == pytest.approx(1)
    assert reference.score.unknown == 0.0


def test_the_same_rows_give_the_same_text_and_the_text_the_same_reference():
    table = made_table()
    unseen = np.linspace(0, 1, len(table.churned))
    text = learn(table, unseen, {"fall": 0.7, "plan": 0.3, "noise_0": 0.0}, table.scored).to_json()
    again = learn(table, unseen, {"plan": 0.3, "fall": 0.7}, table.scored)
    assert again.to_json() == text
    assert DriftReference.from_json(text) == again
    assert json.loads(text)["importance"] == {"fall": 0.7, "plan": 0.3}
    assert "customer 0" not in text


def test_months_with_the_whole_look_back_are_compared_with():
    scored = tuple(Month(2025, 3) + step for step in range(6))  # March to August
    whole = [Month(2025, month) for month in (6, 7, 8, 9)]
    assert compared_months(scored, whole) == (Month(2025, 6), Month(2025, 7), Month(2025, 8))


def test_where_no_month_has_its_whole_look_back_the_last_one_is_compared_with():
    scored = tuple(Month(2025, 1) + step for step in range(5))
    assert compared_months(scored, [Month(2025, 6)]) == (Month(2025, 5),)


def test_the_reference_is_of_the_rows_of_its_months_alone():
    table = made_table(customers=50, months=6)
    table.matrix[table.months < 4, 0] = np.nan  # no history yet
    unseen = np.where(table.months < 5, 0.9, 0.1)
    reference = learn(table, unseen, {}, table.scored[4:])
    assert (reference.months, reference.rows, reference.score_rows) == (("2025-05", "2025-06"), 100, 100)
    assert reference.numbers["fall"].unknown == 0.0
    assert learn(table, unseen, {}, table.scored).numbers["fall"].unknown == pytest.approx(2 / 3, abs=1e-6)
    assert max(learn(table, unseen, {}, table.scored[5:]).score.means) == 0.1


def test_customers_are_counted_once_however_many_months_they_have():
    table = made_table(customers=50, months=6)
    reference = learn(table, np.full(300, 0.5), {}, table.scored)
    assert (reference.rows, reference.customers) == (300, 50)


def test_a_large_table_is_sampled():
    rows = SAMPLE_ROWS + 500
    reference = learn(columns(bill=np.arange(float(rows))), np.full(rows, 0.1), {}, JANUARY)
    assert (reference.rows, reference.score_rows) == (SAMPLE_ROWS, SAMPLE_ROWS)


def test_importance_is_each_columns_share_of_the_gain():
    table = made_table()
    shares = gain_shares(churn.fit(table, 1, QUICK, 1))
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.__getitem__) == "fall"


def test_with_enough_leavers_only_the_months_that_did_not_train_have_an_unseen_score():
    table = made_table(customers=800)
    seen = np.isnan(churn.fitted(table, 1, QUICK, 1).unseen)
    months = {int(month) for month in table.months[~seen]}
    assert months
    assert max(months) == 5
    assert 0 not in months


def test_with_few_leavers_every_row_has_a_score_from_trees_that_never_saw_its_customer():
    import dataclasses

    table = made_table(customers=100, months=3)
    few = dataclasses.replace(QUICK, min_events=10_000)
    fitted = churn.fitted(table, 1, few, 1)
    assert not np.isnan(fitted.unseen).any()
    assert not np.allclose(fitted.unseen, fitted.model.predict(table.matrix, 1))


def test_a_reference_of_an_earlier_version_asks_for_a_training():
    with pytest.raises(ModelsError, match=r"is of an earlier version; run holdfast train --as-of YYYY-MM"):
        DriftReference.from_json('{"rows": 1}')
