"""The reference booster: it is given all months that are on hand, however few the first ones have before them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from infra.benchmarks.truth_reference import AS_CATEGORIES, ReferenceRows, observables, some
from infra.benchmarks.truth_tables import TruthTables
from tests.infra.lived_operator import FIRST, beginning, lived


def rows_of(**numbers: float) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": ["ann"], **dict.fromkeys(AS_CATEGORIES, "some"), **numbers})


def test_columns_of_months_before_are_learned_from_though_the_first_month_has_none() -> None:
    rows = ReferenceRows.empty()
    rows.add(rows_of(minutes__0=1.0), np.array([True]))
    rows.add(rows_of(minutes__0=2.0, minutes__1=3.0), np.array([False]))
    assert rows.columns == [*AS_CATEGORIES, "minutes__0", "minutes__1"]
    learned = rows.dataset(slice(None)).construct()
    assert learned.get_feature_name() == [name.replace(" ", "_") for name in rows.columns]
    assert rows.matrix(rows_of(minutes__0=4.0))[0].tolist()[:-1] == [0.0] * len(AS_CATEGORIES) + [4.0]
    assert np.isnan(rows.matrix(rows_of(minutes__0=4.0))[0, -1])


def test_every_leaver_is_learned_from_and_of_stayers_other_ones_each_month() -> None:
    labelled = pl.DataFrame(
        {"customer_id": [f"{n:04}" for n in range(2_000)], "churned": [n < 50 for n in range(2_000)]}
    )
    january, february = (some(labelled, [1, month, 0]) for month in (0, 1))
    assert january["churned"].sum() == february["churned"].sum() == 50
    assert 0.07 < (january.height - 50) / 1_950 < 0.13
    assert january.join(february, on="customer_id").height < 200


def test_it_observes_every_month_that_a_window_may_have_one_row_per_customer(tmp_path: Path) -> None:
    tables = TruthTables(tmp_path)
    for month in lived(beginning(customers=300), months=7):
        tables(month)
    known = tables.known_months(FIRST + 6, 0)
    customers = known.table("customers", FIRST + 6)
    assert customers is not None
    there = customers.select("customer_id").to_native().collect()
    wide = observables(known, there)
    assert wide["customer_id"].to_list() == sorted(there["customer_id"])
    for column in ("voice_out_minutes", "amount", "complaints", "network_fault"):
        assert {f"{column}__{ago}" for ago in range(6)} <= set(wide.columns), column
    assert {f"circle_closed__{ago}" for ago in range(4)} <= set(wide.columns)
    assert not any(name.endswith("__6") for name in wide.columns)
    first_month = observables(tables.known_months(FIRST, 0), there)
    assert not any(name.endswith("__1") for name in first_month.columns)
