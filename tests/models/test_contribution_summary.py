from __future__ import annotations

import dataclasses

import numpy as np

from models import churn
from models.contribution_summary import as_table, summarise
from models.training_table import TrainingTable
from tests.models.made_tables import QUICK, made_table

TABLE = made_table(customers=500, months=5)
MODEL = churn.fit(TABLE, 1, QUICK, 1)


def with_few_unknown(table: TrainingTable) -> TrainingTable:
    """The same rows, with `fall` known but for nine customers of the last month."""
    matrix = table.matrix.copy()
    matrix[-9:, 0] = np.nan
    return dataclasses.replace(table, matrix=matrix)


def test_what_announces_leaving_is_strongest_and_rises_with_its_value():
    effects = summarise(MODEL, TABLE, 7, 1)
    assert effects[0].indicator == "fall"
    means = [group.mean for group in effects[0].groups]
    assert [group.level for group in effects[0].groups] == [0, 0.25, 0.5, 0.75, 1]
    assert means == sorted(means)
    assert means[0] < 0 < means[-1]


def test_a_category_is_told_by_its_values():
    plan = next(effect for effect in summarise(MODEL, TABLE, 7, 1) if effect.indicator == "plan")
    assert [group.group for group in plan.groups] == ["blue", "red"]
    assert plan.groups[0].mean < 0 < plan.groups[1].mean


def test_a_group_of_fewer_than_ten_customers_is_left_out():
    effects = summarise(MODEL, with_few_unknown(TABLE), 7, 1)
    assert "unknown" not in [group.group for group in effects[0].groups]
    assert min(row["rows"] for row in as_table(effects)) >= 10  # type: ignore[type-var]


def test_the_same_seed_gives_the_same_table():
    assert as_table(summarise(MODEL, TABLE, 7, 1)) == as_table(summarise(MODEL, TABLE, 7, 1))
