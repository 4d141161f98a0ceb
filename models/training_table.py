"""Training table: feature months stacked with their mature labels, as one matrix."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features import feature_table
from features.engine import collect
from features.feature_months import FeatureSet, build_feature_month
from features.labels import ImmatureLabels, immaturity, labels
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from models.encoding import Encoding, Matrix, learn_encoding

if TYPE_CHECKING:
    import pyarrow as pa

SLICES = ("brand", "tenure")
LEAST_ROWS_OF_A_CATEGORY = 10
"""A rarer value teaches nothing, and the model's files would tell of the few customers who have it."""
TENURE_COLUMN = "tenure_months"
TENURE_BANDS = ((6, "0-6 months"), (12, "6-12 months"), (24, "1-2 years"), (48, "2-4 years"))


@dataclass(frozen=True)
class LabelledMonth:
    """One scoring month: its feature rows with labels, one row per scored customer in key order."""

    month: Month
    rows: pa.Table
    churned: NDArray[np.bool_]
    entry: Entry

    @property
    def customers(self) -> NDArray[Any]:
        return np.asarray(self.rows.column("customer_id").to_pylist(), dtype=np.str_)

    def slices(self) -> dict[str, NDArray[Any]]:
        """Brand and tenure band of each row, `unknown` where the operator does not say."""
        brand = self.rows.column("brand").fill_null("unknown").to_pylist()
        tenure = self.rows.column(TENURE_COLUMN).to_numpy(zero_copy_only=False)
        return {"brand": np.asarray(brand, dtype=np.str_), "tenure": tenure_bands(tenure)}


@dataclass(frozen=True)
class TrainingTable:
    """Stacked rows: matrix (n, k) float32, label, customer and scoring month of each row."""

    encoding: Encoding
    matrix: Matrix
    churned: NDArray[np.bool_]
    customers: NDArray[Any]
    months: NDArray[np.int64]
    scored: tuple[Month, ...]

    def leavers(self) -> dict[Month, int]:
        return {month: int(self.churned[self.months == place].sum()) for place, month in enumerate(self.scored)}

    def rows(self, places: NDArray[np.int64]) -> TrainingTable:
        """The same table with only the rows at `places`."""
        parts = (self.matrix[places], self.churned[places], self.customers[places], self.months[places])
        return TrainingTable(self.encoding, *parts, self.scored)

    def up_to(self, last: Month) -> TrainingTable:
        """The same table without the scoring months after `last`."""
        scored = tuple(month for month in self.scored if month <= last)
        rows = self.months < len(scored)
        parts = (self.matrix[rows], self.churned[rows], self.customers[rows], self.months[rows])
        return TrainingTable(self.encoding, *parts, scored)

    def of(self, months: Sequence[Month]) -> NDArray[np.bool_]:
        """A mask of the rows that were scored in `months`."""
        mask: NDArray[np.bool_] = np.isin(self.months, [self.scored.index(month) for month in months])
        return mask


@dataclass(frozen=True)
class Labelling:
    """Which features go with which labels: leaving at `horizon`, as far as it was known at the close of `as_of`.

    `max_rows` bounds each scoring month's sample. `progress` is told of every bucket of a feature month that has
    to be built first, which can take minutes.
    """

    ledger: MonthLedger
    wanted: FeatureSet
    horizon: int
    as_of: Month
    max_rows: int
    now: dt.datetime
    progress: Callable[[str], None] = field(default=lambda _: None, compare=False)


def labelled_month(by: Labelling, month: Month) -> LabelledMonth:
    """Features as known at `month`, labels as known at `as_of`; whole buckets up to about `max_rows` rows.

    A bucket is a hash of the customer, so a few of them are a sample that keeps the same customers in
    every month. Raises ImmatureLabels when the labels cannot be known by `as_of`.
    """
    import pyarrow as pa

    def built(done: int, of: int) -> None:
        by.progress(f"features of {month}: bucket {done} of {of}")

    entry = build_feature_month(by.ledger, month, by.wanted, now=by.now, progress=built)
    warehouse = by.ledger.warehouse
    parts, churned, rows = [], [], 0
    for bucket in warehouse.buckets_of(entry.table, month, entry.version):
        features = warehouse.read(entry.table, month, entry.version, bucket)
        truth = labels(by.ledger.known_months(by.as_of, bucket), features, month, by.horizon, by.wanted.churn)
        part = collect(features.join(truth, on="customer_id", how="inner").sort("customer_id"))
        churned.append(part["churned"].to_numpy())
        parts.append(part.drop("churned", "involuntary").to_arrow())
        rows += part.height
        if rows >= by.max_rows:
            break
    return LabelledMonth(month, pa.concat_tables(parts), np.concatenate(churned), entry)


def usable_months(by: Labelling) -> list[Month]:
    """Scoring months on hand whose labels are mature by `as_of` and fit for use, ascending."""
    return [month for month in by.ledger.months("customers", by.as_of) if not unusable(by, month)]


def mature_months(by: Labelling) -> list[Month]:
    """The usable months; ImmatureLabels says why where there are none."""
    months = usable_months(by)
    if not months:
        raise ImmatureLabels(_nothing_to_learn_from(by))
    return months


def _nothing_to_learn_from(by: Labelling) -> str:
    held, first = by.ledger.months("customers", by.as_of), by.wanted.churn.first_label_month
    reason = unusable(by, max(held[0], first or held[0])) if held else "no month was on hand"
    return f"as of {by.as_of} there is nothing to learn from: {reason}; take a later --as-of, or ingest more months"


def unusable(by: Labelling, month: Month) -> str:
    """Why the scoring month cannot be learned from or judged by; empty when it can."""
    churn, ledger = by.wanted.churn, by.ledger
    if churn.first_label_month is not None and month < churn.first_label_month:
        return f"labels before {churn.first_label_month} are not fit for use, as source.toml says"
    for table in churn.watched:
        if ledger.known(table, month, month) is None:
            return f"{table} {month} was not on hand at its close"
    return immaturity(
        month, by.horizon, churn, by.as_of, lambda table, needed: ledger.known(table, needed, by.as_of) is not None
    )


def stack(months: Sequence[LabelledMonth], wanted: FeatureSet, kept: Container[str] | None = None) -> TrainingTable:
    """One table of one month or more; its encoding is learned from them alone.

    Its columns are those that are ever known, and of these what a screening kept, where one is given.
    """
    known = [
        indicator
        for indicator in feature_table.catalogue(wanted.custom)
        if (kept is None or indicator.name in kept) and _ever_known(months, indicator.name)
    ]
    encoding = learn_encoding(
        [indicator.name for indicator in known if indicator.kind == "number"],
        {indicator.name: _count(months, indicator.name) for indicator in known if indicator.kind == "category"},
        [indicator.name for indicator in known],
    )
    return TrainingTable(
        encoding,
        _stacked_matrix(encoding, months),
        np.concatenate([month.churned for month in months]),
        np.concatenate([month.customers for month in months]),
        np.concatenate([np.full(len(month.churned), place) for place, month in enumerate(months)]),
        tuple(month.month for month in months),
    )


def _stacked_matrix(encoding: Encoding, months: Sequence[LabelledMonth]) -> Matrix:
    """Filled month by month: concatenating would hold every number twice."""
    ends = np.cumsum([month.rows.num_rows for month in months])
    matrix = np.empty((ends[-1], len(encoding.columns)), dtype=np.float32)
    for month, end in zip(months, ends, strict=True):
        matrix[end - month.rows.num_rows : end] = encoding.matrix(month.rows)
    return matrix


def _ever_known(months: Sequence[LabelledMonth], column: str) -> bool:
    """Whether any row has a value: an operator sends some of the columns only, and nothing is learned of the others."""
    return any(month.rows.column(column).null_count < month.rows.num_rows for month in months)


def _count(months: Sequence[LabelledMonth], column: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for month in months:
        for pair in month.rows.column(column).drop_null().value_counts().to_pylist():
            counts[pair["values"]] += pair["counts"]
    return Counter({value: count for value, count in counts.items() if count >= LEAST_ROWS_OF_A_CATEGORY})


def tenure_bands(tenure_months: NDArray[Any]) -> NDArray[Any]:
    """Band of each tenure in months; the last one starts at 48, where the domain's care of old customers does."""
    bands = np.full(len(tenure_months), "4 years and more", dtype="<U16")
    for limit, band in reversed(TENURE_BANDS):
        bands[tenure_months < limit] = band
    bands[np.isnan(tenure_months)] = "unknown"
    return bands
