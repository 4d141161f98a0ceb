from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.feature_months import build_feature_month, feature_set_at
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from models.screening_sample import screening_sample
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months

MARCH = Month(2025, 3)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered") / "tables")
    deliver(ledger, made_months(customers=300, months=4))
    return ledger


def features_of(ledger: MonthLedger, month: Month) -> Entry:
    return build_feature_month(ledger, month, feature_set_at(ledger, month, CHURN, "test"), now=NOW)


def bills(rows: pa.Table) -> list[float]:
    held: list[float] = rows.column("bill_amount_last").to_pylist()
    return held


def test_a_large_enough_sample_is_everybody_without_their_ids(delivered: MonthLedger):
    entry = features_of(delivered, MARCH)
    rows = screening_sample(delivered, entry, 1_000, seed=1)
    assert rows.num_rows == entry.rows
    assert "customer_id" not in rows.column_names


def test_a_smaller_one_holds_just_so_many_drawn_by_the_seed(delivered: MonthLedger):
    entry = features_of(delivered, MARCH)
    drawn = [screening_sample(delivered, entry, 50, seed) for seed in (1, 1, 2)]
    assert [rows.num_rows for rows in drawn] == [50, 50, 50]
    assert bills(drawn[0]) == bills(drawn[1])
    assert bills(drawn[0]) != bills(drawn[2])


def test_the_months_show_the_same_people(delivered: MonthLedger):
    """What April says was last month's bill is a bill of March's sample; for those who left since, others come."""
    march, april = (screening_sample(delivered, features_of(delivered, MARCH + step), 50, 1) for step in (0, 1))
    before = np.array(bills(april)) - np.array(april.column("bill_amount_change_1").to_pylist())
    assert np.isin(before.round(2), np.array(bills(march)).round(2)).sum() >= 40
