from __future__ import annotations

import datetime as dt
import io

import numpy as np
import polars as pl
import pytest

from features.canonical_hash import canonical_hash, schema_hash

ROWS = pl.DataFrame(
    {
        "customer_id": ["ann", "bob", None, ""],
        "amount": ["1.50", None, "0.00", "-2.25"],
        "minutes": [0.5, 0.0, None, -1.0],
        "count": [1, None, 0, -1],
        "left": [True, False, None, True],
        "day": [dt.date(2017, 3, 1), None, dt.date(1970, 1, 1), dt.date(1960, 1, 1)],
    },
    schema_overrides={"amount": pl.String},
).with_columns(pl.col("amount").cast(pl.Decimal(18, 4)), pl.col("count").cast(pl.Int32))


def changed(column: str, row: int, value: object) -> pl.DataFrame:
    values = ROWS[column].to_list()
    values[row] = value
    return ROWS.with_columns(pl.Series(column, values, ROWS[column].dtype, strict=False))


def test_the_hash_stays_as_it_is_because_ledgers_hold_it():
    assert canonical_hash(ROWS).hex()[:16] == "06fda7fed7f04d1e"
    assert canonical_hash(ROWS.clear()).hex()[:16] == "70aeeeb58f6ad362"


def test_chunks_and_slices_do_not_show():
    in_chunks = pl.concat([ROWS[:1], ROWS[1:3], ROWS[3:]], rechunk=False)
    assert in_chunks.n_chunks() == 3
    assert canonical_hash(in_chunks) == canonical_hash(ROWS)
    assert canonical_hash(pl.concat([ROWS, ROWS])[4:]) == canonical_hash(ROWS)


def test_the_way_through_a_file_or_arrow_does_not_show():
    file = io.BytesIO()
    ROWS.write_parquet(file)
    file.seek(0)
    assert canonical_hash(pl.read_parquet(file)) == canonical_hash(ROWS)
    assert canonical_hash(pl.DataFrame(ROWS.to_arrow())) == canonical_hash(ROWS)


@pytest.mark.parametrize(
    "other",
    [
        changed("customer_id", 2, ""),
        changed("customer_id", 3, None),
        changed("customer_id", 0, "anna"),
        changed("amount", 1, "0"),
        changed("amount", 2, None),
        changed("amount", 0, "1.5001"),
        changed("minutes", 2, 0.0),
        changed("minutes", 1, None),
        changed("minutes", 0, 0.5000000000000001),
        changed("minutes", 0, float("nan")),
        changed("count", 1, 0),
        changed("count", 2, None),
        changed("left", 2, False),
        changed("left", 0, False),
        changed("day", 2, None),
        changed("day", 0, dt.date(2017, 3, 2)),
        ROWS.reverse(),
        ROWS[:3],
        ROWS.rename({"minutes": "minutes_"}),
        ROWS.cast({"minutes": pl.Float32}),
        ROWS.cast({"count": pl.Int64}),
        ROWS.select(sorted(ROWS.columns)),
        ROWS.drop("left"),
    ],
)
def test_any_other_value_order_name_or_type_shows(other: pl.DataFrame):
    assert canonical_hash(other) != canonical_hash(ROWS)


def test_where_one_text_ends_and_the_next_begins_shows():
    assert canonical_hash(pl.DataFrame({"a": ["ab", "c"]})) != canonical_hash(pl.DataFrame({"a": ["a", "bc"]}))


def test_minus_zero_is_zero_and_every_nan_is_one():
    quiet, payload = np.array([0x7FC00000, 0xFFC00001], dtype=np.uint32).view(np.float32)
    one, other = (pl.DataFrame({"x": np.array([zero, nan])}) for zero, nan in ((0.0, quiet), (-0.0, payload)))
    assert one["x"].to_numpy().tobytes() != other["x"].to_numpy().tobytes()
    assert canonical_hash(one) == canonical_hash(other)


def test_categories_are_hashed_as_their_texts():
    one, other = pl.DataFrame({"x": ["b", "a"]}), pl.DataFrame({"x": ["a", "b"]})
    as_categories = [canonical_hash(frame.cast(pl.Categorical)) for frame in (one, other, one)]
    assert as_categories[0] == as_categories[2] != as_categories[1]


def test_a_schema_hash_tells_names_types_and_order_apart():
    schema = ROWS.schema
    assert schema_hash(schema) == schema_hash(ROWS.clear().schema)
    others = [ROWS.reverse().select(sorted(ROWS.columns)), ROWS.rename({"day": "date"}), ROWS.cast({"count": pl.Int64})]
    assert schema_hash(schema) not in {schema_hash(other.schema) for other in others}
