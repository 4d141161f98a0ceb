from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from features.feature_months import FeatureSet
from features.labels import ImmatureLabels
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from models import training_table
from models.training_table import LabelledMonth, Labelling, labelled_month, stack, tenure_bands, unusable, usable_months
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months

M = Month(2025, 2)
WANTED = FeatureSet(CHURN, (), "test")
TABLES = made_months(customers=60, months=4)
BILLED = {month: set(rows["customer_id"]) for (month,), rows in TABLES["bills"].group_by("month")}
LEFT = BILLED["2025-02"] - BILLED["2025-03"]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered"))
    deliver(ledger, TABLES)
    return ledger


@pytest.fixture
def ledger(delivered: MonthLedger, tmp_path: Path) -> MonthLedger:
    """For a test that delivers more."""
    return ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))


def by(ledger: MonthLedger, as_of: str = "2025-04", max_rows: int = 1_000, **churn: Any) -> Labelling:
    wanted = dataclasses.replace(WANTED, churn=dataclasses.replace(CHURN, **churn))
    return Labelling(ledger, wanted, 1, Month.parse(as_of), max_rows, NOW)


def made(month: int, churned: list[bool], **columns: list[object]) -> LabelledMonth:
    """A labelled month of drawn columns, the rest of the catalogue unknown."""
    from features.feature_table import catalogue

    types = {i.name: pa.float32() if i.kind == "number" else pa.large_string() for i in catalogue(())}
    count = len(churned)
    table = {name: pa.array(columns.get(name, [None] * count), kind) for name, kind in types.items()}
    ids = pa.array([f"c{place}" for place in range(count)], pa.large_string())
    entry = Entry("features", Month(2025, month), Month(2025, month), 1, 0, count, 0, "", "", "", "", "", "")
    return LabelledMonth(entry.month, pa.table({"customer_id": ids, **table}), np.array(churned), entry)


def test_every_scored_customer_of_the_month_gets_the_label_that_the_months_after_tell(delivered: MonthLedger):
    month = labelled_month(by(delivered), M)
    assert set(month.customers) == BILLED["2025-02"]
    assert set(month.customers[month.churned]) == LEFT
    assert 0 < len(LEFT) < 10


def test_labels_never_become_features(delivered: MonthLedger):
    columns = labelled_month(by(delivered), M).rows.column_names
    assert not {"churned", "involuntary"} & set(columns)


def test_immature_labels_are_refused(delivered: MonthLedger):
    with pytest.raises(ImmatureLabels, match=r"labels of 2025-02 at horizon 1 mature with 2025-03, after 2025-02"):
        labelled_month(by(delivered, as_of="2025-02"), M)


def test_a_later_correction_may_change_labels_and_never_features(ledger: MonthLedger):
    before = labelled_month(by(ledger), M)
    stayer = min(BILLED["2025-03"])
    march = TABLES["bills"].filter(pl.col("month") == "2025-03")
    deliver(ledger, {"bills": march.filter(pl.col("customer_id") != stayer)}, known_since="2025-05")
    february = TABLES["bills"].filter(pl.col("month") == "2025-02").with_columns(amount=pl.lit(1))
    deliver(ledger, {"bills": february}, known_since="2025-05")
    as_it_was, corrected = labelled_month(by(ledger), M), labelled_month(by(ledger, as_of="2025-05"), M)
    assert as_it_was.rows.equals(before.rows)
    assert corrected.rows.equals(before.rows)
    assert (as_it_was.churned == before.churned).all()
    assert set(corrected.customers[corrected.churned]) == LEFT | {stayer}


def test_a_sample_is_whole_buckets_with_the_same_customers_every_month(delivered: MonthLedger):
    first, second = (labelled_month(by(delivered, max_rows=1), month) for month in (M, M + 1))
    assert 0 < len(first.churned) < len(BILLED["2025-02"])
    assert set(second.customers) < set(first.customers)


def test_usable_are_the_months_whose_labels_were_mature_by_then(delivered: MonthLedger):
    assert [str(month) for month in usable_months(by(delivered, as_of="2025-04"))] == ["2025-01", "2025-02", "2025-03"]
    assert [str(month) for month in usable_months(by(delivered, as_of="2025-02"))] == ["2025-01"]
    assert usable_months(by(delivered, as_of="2025-01")) == []
    assert [str(month) for month in usable_months(by(delivered, gap=1))] == ["2025-01", "2025-02"]


def test_labels_before_the_first_label_month_are_not_used(delivered: MonthLedger):
    labelling = by(delivered, first_label_month=M)
    assert [str(month) for month in usable_months(labelling)] == ["2025-02", "2025-03"]
    assert unusable(labelling, M - 1) == "labels before 2025-02 are not fit for use, as source.toml says"


def test_a_month_that_came_late_was_never_scored_and_is_not_learned_from(tmp_path: Path):
    ledger = ledger_in(tmp_path)
    deliver(ledger, TABLES, ["2025-01", "2025-03", "2025-04"])
    deliver(ledger, {"customers": TABLES["customers"]}, ["2025-02"])
    deliver(ledger, {"bills": TABLES["bills"]}, ["2025-02"], known_since="2025-04")
    labelling = by(ledger)
    assert [str(month) for month in usable_months(labelling)] == ["2025-01", "2025-03"]
    assert unusable(labelling, M) == "bills 2025-02 was not on hand at its close"


def test_a_gap_in_the_deliveries_costs_the_months_it_would_decide_and_no_others(tmp_path: Path):
    ledger = ledger_in(tmp_path)
    deliver(ledger, TABLES, ["2025-01", "2025-03", "2025-04"])
    assert [str(month) for month in usable_months(by(ledger))] == ["2025-03"]
    assert "need bills 2025-02" in unusable(by(ledger), M - 1)


def test_a_category_of_a_few_customers_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training_table, "LEAST_ROWS_OF_A_CATEGORY", 2)
    table = stack([made(1, [False, True, True], brand=["Red", "Blue", "Red"])], WANTED)
    assert table.encoding.categories == {"brand": ("Red",)}


def test_rows_of_several_months_are_stacked_in_their_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training_table, "LEAST_ROWS_OF_A_CATEGORY", 1)
    table = stack(
        [
            made(1, [False, True], bill_amount_last=[1, 2], brand=["Red", None]),
            made(2, [True], bill_amount_last=[3], brand=["Blue"]),
        ],
        WANTED,
    )
    assert table.encoding.columns == ("brand", "bill_amount_last")
    np.testing.assert_array_equal(table.matrix, np.array([[1, 1], [np.nan, 2], [0, 3]], dtype=np.float32))
    assert table.churned.tolist() == [False, True, True]
    assert table.customers.tolist() == ["c0", "c1", "c0"]
    assert table.months.tolist() == [0, 0, 1]
    assert table.leavers() == {Month(2025, 1): 1, Month(2025, 2): 1}
    assert table.of([Month(2025, 2)]).tolist() == [False, False, True]
    assert table.rows(np.array([2, 0])).customers.tolist() == ["c0", "c0"]


def test_an_indicator_that_no_row_knows_is_left_out():
    table = stack([made(1, [False, True], tenure_months=[None, None], age_years=[30, None])], WANTED)
    assert table.encoding.columns == ("age_years",)


def test_slices_are_brand_and_tenure_and_unknown_has_its_own():
    slices = made(1, [False] * 3, brand=["Red", None, "Blue"], tenure_months=[5, None, 48]).slices()
    assert slices["brand"].tolist() == ["Red", "unknown", "Blue"]
    assert slices["tenure"].tolist() == ["0-6 months", "unknown", "4 years and more"]


def test_tenure_bands_begin_where_they_say():
    bands = tenure_bands(np.array([0, 5, 6, 11, 12, 23, 24, 47, 48, 300, np.nan], dtype=np.float32))
    assert bands.tolist() == [
        *["0-6 months"] * 2,
        *["6-12 months"] * 2,
        *["1-2 years"] * 2,
        *["2-4 years"] * 2,
        *["4 years and more"] * 2,
        "unknown",
    ]
