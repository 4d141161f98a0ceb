"""Training table: feature months stacked with their mature labels, as one matrix."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features import feature_table
from features.feature_months import FeatureSet, build_feature_month
from features.labels import labels
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from features.warehouse import collect
from models import ModelsError
from models.encoding import Encoding, Matrix, learn_encoding

if TYPE_CHECKING:
    import pyarrow as pa

SLICES = ("brand", "tenure")
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

    def of(self, months: Sequence[Month]) -> NDArray[np.bool_]:
        """A mask of the rows that were scored in `months`."""
        mask: NDArray[np.bool_] = np.isin(self.months, [self.scored.index(month) for month in months])
        return mask


def labelled_month(
    ledger: MonthLedger,
    month: Month,
    horizon: int,
    wanted: FeatureSet,
    as_of: Month,
    max_rows: int,
    now: dt.datetime,
) -> LabelledMonth:
    """Features as known at `month`, labels as known at `as_of`; whole buckets up to about `max_rows` rows.

    A bucket is a hash of the customer, so a few of them are a sample that keeps the same customers in
    every month. Raises ImmatureLabels when the labels cannot be known by `as_of`.
    """
    import pyarrow as pa

    entry = build_feature_month(ledger, month, wanted, now=now)
    warehouse = ledger.warehouse
    parts, churned, rows = [], [], 0
    for bucket in warehouse.buckets_of(wanted.table, month, entry.version):
        features = warehouse.read(wanted.table, month, entry.version, bucket)
        truth = labels(ledger.known_months(as_of, bucket), features, month, horizon, wanted.churn)
        part = collect(features.join(truth, on="customer_id", how="inner").sort("customer_id"))
        churned.append(part["churned"].to_numpy())
        parts.append(part.drop("churned", "involuntary").to_arrow())
        rows += part.height
        if rows >= max_rows:
            break
    return LabelledMonth(month, pa.concat_tables(parts), np.concatenate(churned), entry)


def mature_months(ledger: MonthLedger, horizon: int, wanted: FeatureSet, as_of: Month) -> list[Month]:
    """Scoring months whose labels are mature by `as_of` and fit for use, ascending."""
    first = wanted.churn.first_label_month
    return [
        month
        for month in ledger.months("customers", as_of)
        if (first is None or month >= first)
        and wanted.churn.matures(month, horizon) <= as_of
        and _on_hand_at_its_close(ledger, month)
    ]


def _on_hand_at_its_close(ledger: MonthLedger, month: Month) -> bool:
    return ledger.known("customers", month, month) is not None


def stack(months: Sequence[LabelledMonth], wanted: FeatureSet) -> TrainingTable:
    """One table of all months, with the columns that are ever known; its encoding is learned from exactly these rows."""
    if not months:
        raise ModelsError("no scoring month has mature labels; ingest more months or train with a later --as-of")
    known = [indicator for indicator in feature_table.catalogue(wanted.custom) if _ever_known(months, indicator.name)]
    encoding = learn_encoding(
        [indicator.name for indicator in known if indicator.kind == "number"],
        {indicator.name: _count(months, indicator.name) for indicator in known if indicator.kind == "category"},
        [indicator.name for indicator in known],
    )
    return TrainingTable(
        encoding,
        np.concatenate([encoding.matrix(month.rows) for month in months]),
        np.concatenate([month.churned for month in months]),
        np.concatenate([month.customers for month in months]),
        np.concatenate([np.full(len(month.churned), place) for place, month in enumerate(months)]),
        tuple(month.month for month in months),
    )


def _ever_known(months: Sequence[LabelledMonth], column: str) -> bool:
    """Whether any row has a value: an operator sends some of the columns only, and nothing is learned of the others."""
    return any(month.rows.column(column).null_count < month.rows.num_rows for month in months)


def _count(months: Sequence[LabelledMonth], column: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for month in months:
        for pair in month.rows.column(column).drop_null().value_counts().to_pylist():
            counts[pair["values"]] += pair["counts"]
    return counts


def tenure_bands(tenure_months: NDArray[Any]) -> NDArray[Any]:
    """Band of each tenure in months; the last one starts at 48, where the domain's care of old customers does."""
    bands = np.full(len(tenure_months), "4 years and more", dtype="<U16")
    for limit, band in reversed(TENURE_BANDS):
        bands[tenure_months < limit] = band
    bands[np.isnan(tenure_months)] = "unknown"
    return bands
