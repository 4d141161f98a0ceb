"""Category pairs: of how many customers each of two categories tells the other, so that one of them will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.small_cells import SMALL_CELL

if TYPE_CHECKING:
    import pyarrow as pa

Codes = NDArray[np.int64]
UNKNOWN = -1


def each_tells_the_other(rows: pa.Table, columns: Sequence[str]) -> NDArray[np.float64]:
    """Of every pair of categories, the share of customers for whom each tells the other, shape (columns, columns).

    Of the two ways the lesser share: a plan tells the brand, but the brand says nothing of the plan. Unknown is a
    value too, except that who lacks both does not count, because of two that few have nearly everybody lacks both.
    """
    codes = [_codes(rows, column) for column in columns]
    shares = np.eye(len(columns))
    for one in range(len(columns)):
        for other in range(one):
            shares[one, other] = shares[other, one] = _each_tells(codes[one], codes[other])
    return shares


def _codes(rows: pa.Table, column: str) -> Codes:
    import pyarrow.compute as pc

    codes = pc.dictionary_encode(rows.column(column).combine_chunks()).indices
    return np.asarray(pc.fill_null(codes, UNKNOWN).to_numpy(zero_copy_only=False), dtype=np.int64)


def _each_tells(one: Codes, other: Codes) -> float:
    either = (one != UNKNOWN) | (other != UNKNOWN)
    if either.sum() < SMALL_CELL:
        return 0.0
    many = other.max() + 2
    together, counts = np.unique((one[either] + 1) * many + other[either] + 1, return_counts=True)
    return min(_tells(together // many, counts), _tells(together % many, counts))


def _tells(values: Codes, counts: Codes) -> float:
    """Share of customers who have, of those with the same value here, the commonest value there."""
    most = np.zeros(values.max() + 1, dtype=np.int64)
    np.maximum.at(most, values, counts)
    return float(most.sum() / counts.sum())
