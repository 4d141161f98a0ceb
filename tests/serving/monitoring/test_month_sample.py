from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from features.feature_months import build_feature_month
from features.month_ledger import Entry
from models.drift_reference import CategoryReference, NumberReference
from serving.monitoring.monitored_month import Monitoring
from serving.monitoring.month_sample import Sampling, _coarse_category, _coarse_number, draw_sample
from serving.monitoring.population_drift import SCORE
from tests.made_operator import NOW
from tests.serving.monitoring.conftest import SCORED


@pytest.fixture
def features(monitoring: Monitoring) -> Entry:
    return build_feature_month(monitoring.ledger, SCORED, monitoring.wanted, now=NOW)


@pytest.fixture
def sampling(monitoring: Monitoring) -> Sampling:
    reference = monitoring.reference()
    shown = [*list(reference.numbers)[:5], *reference.categories]
    return Sampling(monitoring.ledger, monitoring.champion, reference, shown, 80, 7)


def test_the_same_seed_gives_the_same_sample_and_another_one_another(sampling: Sampling, features: Entry):
    first, again = draw_sample(sampling, features), draw_sample(sampling, features)
    other = draw_sample(dataclasses.replace(sampling, seed=8), features)
    assert all(np.array_equal(first.numbers[name], again.numbers[name], equal_nan=True) for name in first.numbers)
    assert not np.array_equal(first.numbers[SCORE], other.numbers[SCORE], equal_nan=True)


def test_a_sample_has_the_rows_and_columns_asked_for_and_no_id(sampling: Sampling, features: Entry):
    sample = draw_sample(sampling, features)
    columns = {**sample.numbers, **sample.categories}
    assert set(columns) == {*sampling.indicators, SCORE}
    assert {len(column) for column in columns.values()} == {80}


def test_a_sampled_number_is_the_mean_of_its_cell_and_nobodys_own(sampling: Sampling, features: Entry):
    sample = draw_sample(sampling, features)
    for name, cells in {**sampling.reference.numbers, SCORE: sampling.reference.score}.items():
        if name in sample.numbers:
            told = sample.numbers[name]
            assert set(told[~np.isnan(told)]) <= set(cells.means)


def test_columns_are_shuffled_apart_so_that_no_row_is_anybodys(sampling: Sampling, features: Entry):
    twice = dataclasses.replace(sampling, indicators=[sampling.indicators[0]] * 2, rows=10_000)
    whole = draw_sample(dataclasses.replace(sampling, rows=10_000), features)
    alone = draw_sample(twice, features)
    name = sampling.indicators[0]
    assert sorted(whole.numbers[SCORE][~np.isnan(whole.numbers[SCORE])]) == sorted(
        alone.numbers[SCORE][~np.isnan(alone.numbers[SCORE])]
    )
    assert not np.array_equal(whole.numbers[SCORE], alone.numbers[SCORE], equal_nan=True)
    assert len(whole.numbers[name]) == features.rows


def test_a_cell_of_fewer_than_ten_sampled_rows_is_unknown():
    cells = NumberReference((0.0, 10.0), (-1.0, 5.0, 15.0), (0.2, 0.4, 0.4, 0.0))
    values = np.array([-3.0] * 9 + [0.5] * 10 + [np.nan, 99.0], dtype=np.float32)
    coarse = _coarse_number(values, cells)
    assert np.isnan(coarse[:9]).all()
    assert coarse[9:19].tolist() == [5.0] * 10
    assert np.isnan(coarse[19:]).all()


def test_a_category_is_told_when_the_reference_knows_it_and_ten_rows_have_it():
    cells = CategoryReference(("blue", "red"), (0.5, 0.5, 0.0))
    told = _coarse_category(["blue"] * 10 + ["red"] * 9 + ["green"] * 20 + [None], cells)
    assert told.tolist() == ["blue"] * 10 + [None] * 30
