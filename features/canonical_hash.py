"""Canonical hash: equal tables have equal hashes, whatever file, engine or chunks held them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


def canonical_hash(frame: pl.DataFrame) -> bytes:
    """SHA-256 over names, types and values of `frame` in its row order.

    Nulls are hashed apart from values, minus zero as zero and every NaN as one. Lengths go before what
    they measure, so that no two different tables feed the same bytes.
    """
    import polars as pl

    digest = hashlib.sha256()
    for column in frame.iter_columns():
        digest.update(f"{len(column.name)}:{column.name}:{column.dtype}:{len(column)};".encode())
        digest.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
        digest.update(_value_bytes(column))
    return digest.digest()


def schema_hash(schema: Mapping[str, Any]) -> str:
    """SHA-256 over names and types of a Polars schema, in order."""
    return hashlib.sha256(str(dict(schema)).encode()).hexdigest()


def _value_bytes(column: pl.Series) -> bytes:
    import polars as pl

    if column.dtype == pl.String:
        filled = column.fill_null("")
        return filled.str.len_bytes().to_numpy().tobytes() + str(filled.str.join("").item()).encode()
    if column.dtype.is_float():
        # Filling replaces the many bit patterns of NaN by one; adding zero turns minus zero into zero, in NumPy:
        # Polars takes x + 0.0 for x.
        numbers = column.fill_null(0.0).fill_nan(float("nan")).to_numpy() + 0.0
        return bytes(numbers.tobytes())
    if isinstance(column.dtype, pl.Enum | pl.Categorical):
        return _value_bytes(column.cast(pl.String))
    return column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().tobytes()
