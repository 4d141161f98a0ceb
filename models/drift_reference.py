"""Drift reference: how indicators and score were distributed when the model learned, as shares of cells and no rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.months import Month
from models import ModelsError
from models.churn import ChurnModel
from models.training_table import LEAST_ROWS_OF_A_CATEGORY, TrainingTable

FILE = "reference.json"
SAMPLE_ROWS = 100_000
"""A decile of this many rows is known to a tenth of a percentage point; sorting 245 columns of them takes seconds."""
SEED = 7
DECILES = 10
LEAST_ROWS = LEAST_ROWS_OF_A_CATEGORY
"""A cell of fewer rows is joined with its neighbour, so that no edge, mean or share tells of a few customers."""
SPIKE_SHARE = 0.05
"""A single value that this share of rows has, such as zero minutes, gets a cell of its own."""
DIGITS = 6

Floats = NDArray[np.float64]
Values = NDArray[Any]


@dataclass(frozen=True)
class NumberReference:
    """A number's cells: cell i holds edges[i-1] < value <= edges[i], the last one the unknown.

    `shares` has one more than the cells between the edges, the share of unknown rows, and sums to 1; `means` has
    the mean of each known cell, each of ten rows or more.
    """

    edges: tuple[float, ...]
    means: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def unknown(self) -> float:
        return self.shares[-1]


@dataclass(frozen=True)
class CategoryReference:
    """A category's cells: one per value, the last one the unknown and the rare, which are the same to the model."""

    values: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def unknown(self) -> float:
        return self.shares[-1]


@dataclass(frozen=True)
class DriftReference:
    """What a month is compared with; `rows` were sampled, of `customers` different ones, `score` of `score_rows`.

    `months` are the scoring months they are of, see `compared_months`. `importance` is each indicator's share of the
    model's gain; those without any are absent. `usual` is how far each moves from month to month, see usual_movement;
    empty where too few months were on hand to tell.
    """

    months: tuple[str, ...]
    rows: int
    customers: int
    score_rows: int
    score_customers: int
    numbers: Mapping[str, NumberReference]
    categories: Mapping[str, CategoryReference]
    score: NumberReference
    importance: Mapping[str, float]
    usual: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> DriftReference:
        """Read what `to_json` wrote; raises ModelsError for a reference of an earlier version of Holdfast."""
        held = json.loads(text)
        if "months" not in held:
            raise ModelsError(
                "the champion's drift reference is of an earlier version; run holdfast train --as-of YYYY-MM"
            )
        return cls(
            tuple(held["months"]),
            **{name: held[name] for name in ("rows", "customers", "score_rows", "score_customers", "importance")},
            numbers={name: _number(cells) for name, cells in held["numbers"].items()},
            categories={
                name: CategoryReference(tuple(cells["values"]), tuple(cells["shares"]))
                for name, cells in held["categories"].items()
            },
            score=_number(held["score"]),
            usual=held.get("usual", {}),
        )


def _number(cells: Mapping[str, Any]) -> NumberReference:
    return NumberReference(tuple(cells["edges"]), tuple(cells["means"]), tuple(cells["shares"]))


def compared_months(scored: tuple[Month, ...], whole: Collection[Month]) -> tuple[Month, ...]:
    """Those of the training's scoring months, ascending, that later months may be compared with.

    `whole` are the months with their whole look-back, see `whole_months`. Before the longest window is full, an
    indicator is unknown, or of fewer months, for everybody, and every later month would seem to drift from that.
    Where no scoring month is whole the last one stands alone: it has the longest history.
    """
    return tuple(month for month in scored if month in whole) or scored[-1:]


def learn(
    table: TrainingTable, probabilities: Floats, importance: Mapping[str, float], months: tuple[Month, ...]
) -> DriftReference:
    """The reference of a model from the rows it was trained on in `months`; the same rows give the same text.

    `probabilities` has one per row of `table`, shape (n,), NaN where the trees saw the row: a score is surer of what
    it was grown on, and later months would seem to drift from that. `importance` are shares by column, see
    `gain_shares`; `months` see `compared_months`.
    """
    encoding, compared = table.encoding, table.of(months)
    sampled, scored = _sample(compared), _sample(compared & ~np.isnan(probabilities))
    columns = {name: table.matrix[sampled, place] for place, name in enumerate(encoding.columns)}
    return DriftReference(
        tuple(map(str, months)),
        len(sampled),
        len(np.unique(table.customers[sampled])),
        len(scored),
        len(np.unique(table.customers[scored])),
        {name: number_cells(column) for name, column in columns.items() if name not in encoding.categories},
        {name: _category_cells(columns[name], values) for name, values in encoding.categories.items()},
        number_cells(probabilities[scored]),
        {name: round(share, DIGITS) for name, share in sorted(importance.items()) if share > 0},
    )


def gain_shares(model: ChurnModel) -> dict[str, float]:
    """Each column's share of the loss that the trees of `model` saved by splitting on it (LightGBM's gain)."""
    gains = model.booster.feature_importance("gain")
    total = float(gains.sum()) or 1.0
    return {column: float(gain) / total for column, gain in zip(model.encoding.columns, gains, strict=True)}


def _sample(eligible: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of a seeded sample of eligible rows without replacement, ascending; all when no more than wanted."""
    places = np.flatnonzero(eligible)
    return np.sort(np.random.default_rng(SEED).choice(places, min(len(places), SAMPLE_ROWS), replace=False))


def number_cells(column: Values) -> NumberReference:
    """Cells by deciles of the known values; fewer where values repeat, none where fewer than ten are known."""
    known = np.sort(column[~np.isnan(column)])
    unknown = len(column) - len(known)
    if len(known) < LEAST_ROWS:
        return NumberReference((), (0.0,), (0.0, 1.0))
    edges = _without_small_cells(_edges(known), known)
    counts = _counts(edges, known)
    cells = np.append(counts, unknown if unknown >= LEAST_ROWS else 0)
    shares = cells / cells.sum()
    return NumberReference(
        tuple(map(float, edges)), _means(edges, known, counts), tuple(round(float(share), DIGITS) for share in shares)
    )


def _edges(known: Values) -> Values:
    """Deciles between which the cells lie, ascending, each once.

    A decile is the mean of the ten values around it, so that it is nobody's own; a common value keeps itself,
    with a second edge just below it: what moves away from it to either side is then seen.
    """
    edges: list[Any] = []
    for decile in range(1, DECILES):
        place = len(known) * decile // DECILES
        value = known[place]
        if np.searchsorted(known, value, "right") - np.searchsorted(known, value, "left") >= SPIKE_SHARE * len(known):
            edges += [np.nextafter(value, known.dtype.type(-np.inf)), value]
        else:
            around = known[max(0, place - LEAST_ROWS // 2) : place + LEAST_ROWS // 2]
            edges.append(around.mean(dtype=np.float64).astype(known.dtype))
    return np.unique(np.asarray(edges, dtype=known.dtype))


def _without_small_cells(edges: Values, known: Values) -> Values:
    """The edges left when each cell of one to nine rows was joined with its neighbour."""
    while len(edges):
        counts = _counts(edges, known)
        small = np.flatnonzero((counts > 0) & (counts < LEAST_ROWS))
        if not len(small):
            break
        edges = np.delete(edges, min(int(small[0]), len(edges) - 1))
    return edges


def _counts(edges: Values, known: Values) -> NDArray[np.int64]:
    return np.bincount(np.searchsorted(edges, known, "left"), minlength=len(edges) + 1)


def _means(edges: Values, known: Values, counts: NDArray[np.int64]) -> tuple[float, ...]:
    """Mean of each cell; of an empty one the edge it lies at."""
    sums = np.bincount(np.searchsorted(edges, known, "left"), weights=known, minlength=len(edges) + 1)
    at = np.append(edges, edges[-1:]) if len(edges) else np.zeros(1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), at)
    return tuple(float(f"{mean:.{DIGITS}g}") for mean in means)


def _category_cells(codes: Values, values: tuple[str, ...]) -> CategoryReference:
    """Shares of the values that the model knows; a value of fewer than ten sampled rows joins the unknown."""
    known = codes[~np.isnan(codes)].astype(np.int64)
    counts = np.bincount(known, minlength=len(values))
    kept = np.flatnonzero(counts >= LEAST_ROWS)
    unknown = len(codes) - int(counts[kept].sum())
    cells = np.append(counts[kept], unknown if unknown >= LEAST_ROWS else 0)
    shares = tuple(round(float(share), DIGITS) for share in cells / max(1, cells.sum()))
    return CategoryReference(tuple(values[place] for place in kept), shares)
