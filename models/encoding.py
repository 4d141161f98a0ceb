"""Encoding: how feature rows become a matrix of numbers, fixed on the training months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models import ModelsError

if TYPE_CHECKING:
    import pyarrow as pa

Matrix = NDArray[np.float32]
MOST_CATEGORIES = 250
"""LightGBM keeps a category in a byte; rarer ones are unknown to the model."""


@dataclass(frozen=True)
class Encoding:
    """Columns in the booster's order, and for each categorical one the values that have a code.

    A number stays itself, a category becomes its place in `categories[column]`; null, and a category
    that training never saw, become NaN, which LightGBM treats as unknown.
    """

    columns: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]

    @property
    def categorical(self) -> list[int]:
        return [place for place, column in enumerate(self.columns) if column in self.categories]

    def kinds(self) -> dict[str, str]:
        """`number` or `category` by column, in the booster's order."""
        return {column: "category" if column in self.categories else "number" for column in self.columns}

    def matrix(self, rows: pa.Table) -> Matrix:
        """The float32 matrix (rows, columns) of an Arrow table.

        A missing column is an error, since LightGBM matches columns by position and would score the wrong
        ones in silence.
        """
        held = set(rows.column_names)  # asked once: Arrow lists them anew each time
        missing = [column for column in self.columns if column not in held]
        if missing:
            raise ModelsError(
                f"features: the model needs column {', '.join(missing[:3])}{', ...' if missing[3:] else ''}, which is "
                f"missing; build the month again with the model's feature set"
            )
        # Column by column in memory, as the rows come: a fifth of the time, and LightGBM reads both ways alike.
        matrix = np.empty((rows.num_rows, len(self.columns)), dtype=np.float32, order="F")
        for place, column in enumerate(self.columns):
            matrix[:, place] = self._numbers(rows, column)
        return matrix

    def _numbers(self, rows: pa.Table, column: str) -> NDArray[np.float32]:
        import pyarrow as pa
        import pyarrow.compute as pc

        values = rows.column(column)
        if column in self.categories:
            values = pc.index_in(values, value_set=pa.array(self.categories[column], type=values.type))
        if values.type != pa.float32():  # casting costs as much as copying, even where there is nothing to cast
            values = values.cast(pa.float32())
        numbers: NDArray[np.float32] = values.combine_chunks().to_numpy(zero_copy_only=False)
        return numbers


def learn_encoding(numbers: Iterable[str], categories: Mapping[str, Counter[str]], order: Iterable[str]) -> Encoding:
    """Fix columns in `order` and give codes to the commonest values of each categorical column.

    `categories` counts values over the training rows. Codes are given in alphabetical order, so that they
    do not depend on the order of the rows.
    """
    kept = {
        column: tuple(sorted(value for value, _ in sorted(counts.items(), key=_commonest_first)[:MOST_CATEGORIES]))
        for column, counts in categories.items()
    }
    known = {*numbers, *kept}
    return Encoding(tuple(column for column in order if column in known), kept)


def _commonest_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
