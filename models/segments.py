"""Segments: customers of one brand who use the network alike, told apart by their three-month means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models import ModelsError

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FILE = "segments.json"
BRAND, TENURE, ON_RECORD = "brand", "tenure_months", "months_known_6"
MONTHS_ON_NET = 3
LARGEST_UNKNOWN_SHARE = 0.5
"""A customer, or a whole indicator of a brand, of whom more than this is unknown tells nothing about likeness."""
NO_BRAND = "Segment"
"""What segments are called where the operator sends no brand at all: everybody is clustered together."""


@dataclass(frozen=True)
class SegmentSettings:
    """How customers are grouped.

    `min_stability` is the adjusted Rand index that two halves of the customers must agree to on the customers they
    share; Steinley (2004, Psychological Methods 9) calls 0.8 and more good. `max_rows` bounds the sample that is
    learned from, whole buckets; `stability_rows` the customers of a brand in each half. A brand with fewer than
    `min_customers` is one segment, and no segment is smaller than `min_share` of its brand.
    """

    max_k: int = 6
    min_stability: float = 0.8
    pairs: int = 10
    max_rows: int = 200_000
    stability_rows: int = 3_000
    min_customers: int = 300
    min_share: float = 0.03
    seed: int = 11


@dataclass(frozen=True)
class Axis:
    """How one indicator becomes a coordinate: winsorised to [low, high], perhaps its logarithm, centred and scaled."""

    column: str
    log: bool
    low: float
    high: float
    centre: float
    spread: float

    def of(self, values: Floats) -> Floats:
        """Coordinates; an unknown value lies at the brand's median, so that it moves the customer nowhere."""
        transformed = transform(np.clip(values, self.low, self.high), log=self.log)
        return np.nan_to_num((transformed - self.centre) / self.spread, nan=0.0)


@dataclass(frozen=True)
class BrandSegments:
    """The segments of one brand (None: of everybody): a centroid and a label each; numbered from 1 in their order."""

    brand: str | None
    axes: tuple[Axis, ...]
    centroids: tuple[tuple[float, ...], ...]
    labels: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.brand or NO_BRAND} {number}" for number in range(1, len(self.centroids) + 1))

    def matrix(self, rows: pa.Table) -> Floats:
        """Coordinates of the rows, shape (rows, axes)."""
        matrix = np.empty((rows.num_rows, len(self.axes)))
        for place, axis in enumerate(self.axes):
            matrix[:, place] = axis.of(numbers(rows, axis.column))
        return matrix

    def nearest(self, rows: pa.Table) -> NDArray[np.int64]:
        """Place of the nearest centroid, the first of several as near; -1 where too much of a customer is unknown.

        Added up axis by axis, because the bits of a matrix product depend on how many rows there are: so a customer
        gets the same segment in a batch of any size.
        """
        matrix = self.matrix(rows)
        best, place = np.full(len(matrix), np.inf), np.full(len(matrix), -1)
        for number, centroid in enumerate(self.centroids):
            distance = np.zeros(len(matrix))
            for column, value in enumerate(centroid):
                distance += (matrix[:, column] - value) ** 2
            nearer = distance < best
            best[nearer], place[nearer] = distance[nearer], number
        unknown = sum(np.isnan(numbers(rows, axis.column)).astype(int) for axis in self.axes)
        return np.where(unknown > LARGEST_UNKNOWN_SHARE * len(self.axes), -1, place)


@dataclass(frozen=True)
class SegmentModel:
    """The segments of all brands; `proof` are the indicators that are known only where the last three months are."""

    proof: tuple[str, ...]
    brands: tuple[BrandSegments, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `assign` needs of a feature batch."""
        brand = [BRAND] if any(group.brand is not None for group in self.brands) else []
        axes = [axis.column for group in self.brands for axis in group.axes]
        return tuple(dict.fromkeys([*brand, TENURE, ON_RECORD, *self.proof, *axes]))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(name for group in self.brands for name in group.names)

    @property
    def labels(self) -> dict[str, str]:
        """A few words on each segment by its name, such as `high data, low voice`."""
        return {name: label for group in self.brands for name, label in zip(group.names, group.labels, strict=True)}

    def assign(self, batch: pa.Table) -> pa.Array:
        """The segment's name of every row of a feature batch.

        Null for customers without three consecutive months on net, for those of whom most is unknown, and for brands
        that training did not know. Raises ModelsError when a column is missing.
        """
        import pyarrow as pa

        self._refuse_missing(batch)
        needed = batch.select(self.columns)  # picking rows moves every column that is there
        places, first = np.full(batch.num_rows, -1), 0
        stayed = three_months_on_net(needed, self.proof)
        for group in self.brands:
            rows = np.flatnonzero(stayed & of_brand(needed, group.brand))
            found = group.nearest(needed.take(rows))
            places[rows] = np.where(found < 0, -1, found + first)
            first += len(group.centroids)
        return pa.array(self.names, pa.string()).take(pa.array(places, mask=places < 0))

    def _refuse_missing(self, batch: pa.Table) -> None:
        missing = [column for column in self.columns if column not in batch.column_names]
        if missing:
            raise ModelsError(
                f"features: the segments need column {', '.join(missing[:3])}{', ...' if missing[3:] else ''}, which "
                f"is missing; build the month again with the segments' feature set"
            )

    def files(self) -> dict[str, str]:
        """The model as JSON text by file name: nothing of it is a pickle."""
        brands = [asdict(group) | {"names": group.names} for group in self.brands]
        about = {"months_on_net": MONTHS_ON_NET, "largest_unknown_share": LARGEST_UNKNOWN_SHARE}
        content = {**about, "proof": self.proof, "columns": self.columns, "brands": brands}
        return {FILE: json.dumps(content, indent=1, ensure_ascii=False)}

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> SegmentModel:
        held = json.loads(files[FILE])
        return cls(tuple(held["proof"]), tuple(_brand_of(group) for group in held["brands"]))


def _brand_of(held: Mapping[str, Any]) -> BrandSegments:
    axes = tuple(Axis(**axis) for axis in held["axes"])
    return BrandSegments(held["brand"], axes, tuple(map(tuple, held["centroids"])), tuple(held["labels"]))


def three_months_on_net(rows: pa.Table, proof: Sequence[str]) -> Flags:
    """Who was on net in this month and the two before it, as far as the feature table can tell.

    On record in three months of the last six, those of the `proof` known (a change against the month before and a
    slope over three are known only where all three months are), and not activated in the last three months: the
    month of activation is only a part of one, and would pull the mean down. An unknown activation proves nothing.
    """
    tenure = numbers(rows, TENURE)
    stayed = np.isnan(tenure) | (tenure >= MONTHS_ON_NET)
    stayed &= numbers(rows, ON_RECORD) >= MONTHS_ON_NET
    for column in proof:
        stayed &= ~np.isnan(numbers(rows, column))
    return stayed


def of_brand(rows: pa.Table, brand: str | None) -> Flags:
    """Which rows are of the brand; all of them where the brand is None."""
    import pyarrow.compute as pc

    if brand is None:
        return np.ones(rows.num_rows, dtype=bool)
    same = pc.fill_null(pc.equal(rows.column(BRAND), brand), fill_value=False)
    return np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)


def numbers(rows: pa.Table, column: str) -> Floats:
    """A column as Float64, NaN where unknown."""
    import pyarrow as pa

    return np.asarray(rows.column(column).cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def transform(values: Floats, *, log: bool) -> Floats:
    """Amounts are skewed, so that their logarithm is compared; a credit note counts as nothing billed."""
    return np.log1p(np.maximum(values, 0.0)) if log else values
