"""Made segment customers: rows of the feature table in which groups of a brand are planted, or none are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from models.segment_training import READ

Means = Mapping[str, float]
BILL, VOICE, DATA = "bill_amount_mean_3", "usage_voice_out_mean_3", "usage_data_mean_3"
THREE = (
    {BILL: 20.0, VOICE: 30.0, DATA: 3000.0},
    {BILL: 20.0, VOICE: 600.0, DATA: 100.0},
    {BILL: 200.0, VOICE: 600.0, DATA: 9000.0},
)
"""Three planted groups: surfers, callers, and dear customers who call and surf."""


def customers(
    groups: Sequence[Means], each: int = 200, brand: str | None = "Red", noise: float = 0.3, seed: int = 1
) -> pa.Table:
    """`each` customers of every group, lognormal around its means; on net for years, every other indicator unknown."""
    rng = np.random.default_rng(seed)
    rows = each * len(groups)
    held: dict[str, list[float | str | None]] = {column: [None] * rows for column in READ}
    for column in groups[0]:
        means = np.repeat([group[column] for group in groups], each)
        held[column] = (means * rng.lognormal(0, noise, rows)).tolist()
    held["brand"] = [brand] * rows
    for column, value in {"tenure_months": 40.0, "months_known_6": 6.0}.items():
        held[column] = [value] * rows
    for column in ("bill_amount_change_1", "bill_amount_slope_3"):
        held[column] = [0.0] * rows
    types = {column: pa.string() if column == "brand" else pa.float32() for column in READ}
    return pa.table({column: pa.array(values, types[column]) for column, values in held.items()})


def with_column(rows: pa.Table, column: str, values: Sequence[float | str | None]) -> pa.Table:
    place = rows.schema.get_field_index(column)
    return rows.set_column(place, column, pa.array(values, rows.schema.field(column).type))
