"""Month sample: some thousand customers' most important indicators, made coarse so that no row is anybody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.month_ledger import Entry, MonthLedger
from models.drift_reference import LEAST_ROWS, CategoryReference, DriftReference, NumberReference
from models.registry import Champion
from serving.monitoring.population_drift import SCORE

if TYPE_CHECKING:
    import pyarrow as pa

Column = NDArray[Any]


@dataclass(frozen=True)
class MonthSample:
    """Columns of equal length: numbers as Float64 with NaN for unknown, categories as text with None."""

    numbers: Mapping[str, Column]
    categories: Mapping[str, Column]

    def known(self) -> set[str]:
        """Columns with any known value; no drift can be told of the others."""
        return {name for name, column in self.numbers.items() if not np.isnan(column).all()} | {
            name for name, column in self.categories.items() if any(value is not None for value in column)
        }


@dataclass(frozen=True)
class Sampling:
    """What is sampled: so many rows of these indicators, with the score that `champion` gives each row."""

    ledger: MonthLedger
    champion: Champion
    reference: DriftReference
    indicators: Sequence[str]
    rows: int
    seed: int


def draw_sample(sampling: Sampling, features: Entry) -> MonthSample:
    """A seeded sample of a feature month; the same month, champion and seed give the same sample.

    A value becomes the mean of its cell of the model's reference, a cell of fewer than ten sampled rows becomes
    unknown, and every column is shuffled by itself. Drift is told column by column and does not mind; but a
    report that shows the sample in whatever way then shows nobody's value and nobody's row.
    """
    rng = np.random.default_rng([sampling.seed, features.month.year, features.month.month])
    wanted = np.sort(rng.choice(features.rows, min(features.rows, sampling.rows), replace=False))
    rows = _taken(sampling.ledger, features, wanted)
    score = sampling.champion.model.predict(sampling.champion.model.encoding.matrix(rows), 1)
    numbers, categories = sampling.reference.numbers, sampling.reference.categories
    return MonthSample(
        {
            **{
                name: rng.permutation(_coarse_number(_numbers(rows, name), numbers[name]))
                for name in sampling.indicators
                if name in numbers
            },
            SCORE: rng.permutation(_coarse_number(score, sampling.reference.score)),
        },
        {
            name: rng.permutation(_coarse_category(rows.column(name).to_pylist(), categories[name]))
            for name in sampling.indicators
            if name in categories
        },
    )


def _taken(ledger: MonthLedger, features: Entry, places: NDArray[np.int64]) -> pa.Table:
    """The rows at `places` of the whole month in stored order; a batch at a time is in memory besides them."""
    import pyarrow as pa

    warehouse, parts, start = ledger.warehouse, [], 0
    for bucket in warehouse.buckets_of(features.table, features.month, features.version):
        for batch in warehouse.batches(features.table, features.month, features.version, bucket):
            end = start + batch.num_rows
            parts.append(batch.take(pa.array(places[(places >= start) & (places < end)] - start)))
            start = end
    return pa.concat_tables(parts)


def _numbers(rows: pa.Table, name: str) -> Column:
    return np.asarray(rows.column(name).to_numpy(), dtype=np.float32)


def _coarse_number(values: Column, cells: NumberReference) -> Column:
    """Each value's cell mean; NaN where it is unknown or its cell holds too few rows."""
    known = ~np.isnan(values)
    cell = np.searchsorted(np.asarray(cells.edges, dtype=values.dtype), values, "left")
    counts = np.bincount(cell[known], minlength=len(cells.means))
    told = known & (counts[np.minimum(cell, len(counts) - 1)] >= LEAST_ROWS)
    coarse = np.full(len(values), np.nan)
    coarse[told] = np.asarray(cells.means)[cell[told]]
    return coarse


def _coarse_category(values: Sequence[str | None], cells: CategoryReference) -> Column:
    """The values that the reference knows and that enough rows have; None for the others."""
    counts = {value: values.count(value) for value in cells.values}
    told = [value if value is not None and counts.get(value, 0) >= LEAST_ROWS else None for value in values]
    return np.asarray(told, dtype=object)
