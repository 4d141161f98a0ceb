"""Usual movement: how far each indicator moves from one month to the next while nothing happens.

Months of 31 days follow months of 30, contracts end at quarters, bills vary with working days: each indicator has its
own restlessness, and a month is out of the ordinary only beside that.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.engine import count_cells
from features.months import Month, months_between
from models.stability_index import moved, share_elsewhere

if TYPE_CHECKING:
    from features.month_ledger import Entry, MonthLedger
    from models.drift_reference import DriftReference

PAIRS = 3
"""Neighbouring months that are compared: of three pairs at least one is of months of different length."""
BUCKETS = 2
"""Of a month that is compared with: 130,000 customers by a hash tell the share of a cell to 0.15 percentage points."""
DIGITS = 6

Cells = Mapping[str, Sequence[int]]
CellsOf = tuple[Mapping[str, Sequence[float]], Mapping[str, Sequence[str]]]
"""Edges of numbers and values of categories, by column."""


def months_to_compare(whole: Sequence[Month], as_of: Month) -> tuple[Month, ...]:
    """The latest neighbouring ones, ascending, of the months up to `as_of` that are `whole`; none if not two.

    `whole` ascends, see `whole_months`: while windows still fill, indicators move for that reason alone.
    """
    held = [month for month in whole if month <= as_of]
    latest = [held[-1] - back for back in reversed(range(PAIRS + 1))] if held else []
    unbroken = [month for month in latest if set(months_between(month, held[-1])) <= set(held)]
    return tuple(unbroken) if len(unbroken) > 1 else ()


def count_features(
    ledger: MonthLedger, features: Entry, reference: DriftReference, buckets: int | None = None
) -> Cells:
    """Rows of a feature month in each of the reference's cells, by column; of so many `buckets`, None for all."""
    edges = {name: cells.edges for name, cells in reference.numbers.items()}
    values = {name: cells.values for name, cells in reference.categories.items()}
    return count_entry(ledger, features, (edges, values), buckets)


def count_entry(ledger: MonthLedger, entry: Entry, cells: CellsOf, buckets: int | None = None) -> Cells:
    """Rows of a table's month in the cells of numbers and categories, of a bucket at a time counts only in memory."""
    counts: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros(1, dtype=np.int64))
    for bucket in ledger.warehouse.buckets_of(entry.table, entry.month, entry.version)[:buckets]:
        files = ledger.warehouse.files(entry.table, entry.month, entry.version, bucket)
        for name, found in count_cells(files, *cells).items():
            counts[name] = counts[name] + np.asarray(found)
    return {name: [int(count) for count in found] for name, found in counts.items()}


@dataclass(frozen=True)
class Movement:
    """How far a column moved from one month to the next.

    `noise_unit` times a quantile of chi-square with `freedom` degrees is the same quantile of the `psi` when nothing
    moved. `elsewhere` is the least share of customers who changed their cell.
    """

    psi: float
    noise_unit: float
    freedom: int
    elsewhere: float


def since(before: Sequence[int], counts: Sequence[int]) -> Movement:
    """How far a column's cells moved since the month before, of which as many customers as rows are known."""
    rows = sum(before)
    shares = [count / rows for count in before]
    return Movement(*moved(shares, (rows, rows), counts), share_elsewhere(shares, counts))


def largest(months: Sequence[Cells]) -> dict[str, float]:
    """By column, the largest PSI between neighbouring ones of `months`, which ascend."""
    pairs = list(itertools.pairwise(months))
    columns = months[0] if pairs else ()
    return {
        name: round(max(since(before[name], counts[name]).psi for before, counts in pairs), DIGITS) for name in columns
    }
