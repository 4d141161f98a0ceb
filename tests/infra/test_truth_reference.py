"""The reference booster: it is given all months that are on hand, however few the first ones have before them."""

from __future__ import annotations

import numpy as np
import polars as pl

from infra.benchmarks.truth_reference import AS_CATEGORIES, ReferenceRows, some


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
    assert 0.10 < (january.height - 50) / 1_950 < 0.20
    assert january.join(february, on="customer_id").height < 200
