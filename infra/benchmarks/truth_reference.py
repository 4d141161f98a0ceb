"""Truth reference: a booster that is given raw observables of many more customers, as a mark that is hard to reach.

Raw observables are the columns of the tables themselves, the last months side by side, as a data scientist would
throw them at a booster: no trend, no share, no recency is worked out for it. Of tables with several rows per
customer it gets counts, sums or the largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.contracts import CONTRACTS
from features.contracts.customers import LEFT_BY_CHOICE, LEFT_BY_FORCE
from features.engine import collect
from features.known_months import KnownMonths

if TYPE_CHECKING:
    import lightgbm as lgb

MONTHS = 6
CIRCLES = 4
"""The circles of this month and of three before: who has closed a number since can be called no more."""
SIDE_BY_SIDE = ("usage", "bills", "contacts")
AS_CATEGORIES = ("brand", "payment_type", "plan_id", "prefecture", "dealer", "status")
KEEP_STAYERS = 0.1
"""Of the stayers so many are learned from, with the weight that makes up for it: the ranking is the same."""
ROUNDS, PATIENCE = 1_500, 50
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "max_bin": 127,
    "seed": 7,
    "verbosity": -1,
}


def observables(known: KnownMonths, population: pl.DataFrame) -> pl.DataFrame:
    """One row per customer of `population`, by id: customer_id, then numbers and, of AS_CATEGORIES, texts."""
    wide = population.select("customer_id").lazy()
    parts = [_side_by_side(known, table) for table in SIDE_BY_SIDE]
    parts += [_events(known), _record(known), _device(known), _contracts(known), _products(known), _circle(known)]
    parts += [_person(known), _account(known), _satisfaction(known)]
    for part in (one for block in parts for one in block):
        wide = wide.join(part, on="customer_id", how="left")
    return wide.sort("customer_id").collect()


def _rows(known: KnownMonths, table: str, ago: int = 0, *, whole: bool = False) -> pl.LazyFrame | None:
    found = (known.whole_table if whole else known.table)(table, known.as_of - ago)
    return None if found is None else collect(found).lazy()


def _side_by_side(known: KnownMonths, table: str) -> list[pl.LazyFrame]:
    columns = [name for name in CONTRACTS[table].columns() if name != "customer_id"]
    months = ((ago, _rows(known, table, ago)) for ago in range(MONTHS))
    return [
        rows.select("customer_id", *(pl.col(name).cast(pl.Float32).alias(f"{name}__{ago}") for name in columns))
        for ago, rows in months
        if rows is not None
    ]


def _events(known: KnownMonths) -> list[pl.LazyFrame]:
    months = ((ago, _rows(known, "service_events", ago)) for ago in range(MONTHS))
    kinds = _values("service_events", "kind")
    return [
        rows.group_by("customer_id").agg(
            *((pl.col("kind") == kind).sum().cast(pl.Float32).alias(f"{kind}__{ago}") for kind in kinds),
            pl.col("seconds").max().cast(pl.Float32).alias(f"seconds__{ago}"),
        )
        for ago, rows in months
        if rows is not None
    ]


def _record(known: KnownMonths) -> list[pl.LazyFrame]:
    rows = _rows(known, "customers")
    assert rows is not None
    return [
        rows.select(
            "customer_id",
            *(pl.col(name).cast(pl.String) for name in AS_CATEGORIES),
            _days(known, "activated_on"),
            _days(known, "contract_ends_on"),
            pl.col("birth_year").cast(pl.Float32),
        )
    ]


def _device(known: KnownMonths) -> list[pl.LazyFrame]:
    rows = _rows(known, "devices")
    bands = _values("devices", "price_band")
    return (
        []
        if rows is None
        else [
            rows.select(
                "customer_id",
                _days(known, "used_since"),
                pl.col("price_band").cast(pl.Enum(bands)).to_physical().cast(pl.Float32),
            )
        ]
    )


def _contracts(known: KnownMonths) -> list[pl.LazyFrame]:
    rows = _rows(known, "contracts")
    return (
        []
        if rows is None
        else [
            rows.with_columns(_days(known, "ends_on"))
            .group_by("customer_id")
            .agg(
                pl.col("ends_on").max().alias("latest_end"),
                pl.col("penalty", "expected_spend").cast(pl.Float32).max(),
                pl.len().cast(pl.Float32).alias("contracts"),
            )
        ]
    )


def _products(known: KnownMonths) -> list[pl.LazyFrame]:
    rows = _rows(known, "products_held")
    families = _values("products_held", "family")
    return (
        []
        if rows is None
        else [
            rows.group_by("customer_id").agg(
                (pl.col("family") == family).sum().cast(pl.Float32).alias(f"held_{family}") for family in families
            )
        ]
    )


def _circle(known: KnownMonths) -> list[pl.LazyFrame]:
    """Minutes by network, and how many of the circle are on the books as closed: no column tells it, but ids do."""
    customers = _rows(known, "customers", whole=True)
    if customers is None:
        return []
    closed = customers.filter(pl.col("status").cast(pl.String).is_in([*LEFT_BY_CHOICE, *LEFT_BY_FORCE]))
    closed = closed.select(contact_id="customer_id")
    months = ((ago, _rows(known, "calling_circle", ago)) for ago in range(CIRCLES))
    return [part for ago, rows in months if rows is not None for part in _circle_of(rows, closed, ago)]


def _circle_of(rows: pl.LazyFrame, closed: pl.LazyFrame, ago: int) -> list[pl.LazyFrame]:
    gone = rows.join(closed, on="contact_id", how="semi").group_by("customer_id")
    minutes = [
        pl.col("minutes").filter(pl.col("network") == network).sum().cast(pl.Float32).alias(f"{network}__{ago}")
        for network in _values("calling_circle", "network")
    ]
    return [
        rows.group_by("customer_id").agg(minutes),
        gone.agg(pl.len().cast(pl.Float32).alias(f"circle_closed__{ago}")),
    ]


def _person(known: KnownMonths) -> list[pl.LazyFrame]:
    profile, household = _rows(known, "customer_profile"), _rows(known, "households")
    found = (
        []
        if profile is None
        else [
            profile.select(
                "customer_id", pl.col("numbers_held").cast(pl.Float32), (pl.col("influence") != "none").cast(pl.Float32)
            )
        ]
    )
    return found + ([] if household is None else [household.select("customer_id", pl.col("numbers").cast(pl.Float32))])


def _account(known: KnownMonths) -> list[pl.LazyFrame]:
    members, accounts = _rows(known, "account_members"), _rows(known, "accounts")
    if members is None or accounts is None:
        return []
    return [
        members.join(accounts.select("account_id", "phones", "spend"), on="account_id", how="left").select(
            "customer_id",
            pl.col("in_closed_user_group").cast(pl.Float32),
            (pl.col("role") != "member").cast(pl.Float32).alias("role"),
            pl.col("phones", "spend").cast(pl.Float32).name.prefix("account_"),
        )
    ]


def _satisfaction(known: KnownMonths) -> list[pl.LazyFrame]:
    months = [rows for ago in range(MONTHS) if (rows := _rows(known, "satisfaction", ago)) is not None]
    scores = pl.col("score").cast(pl.Float32)
    return [pl.concat(months).group_by("customer_id").agg(scores.mean())] if months else []


def _values(table: str, column: str) -> list[str]:
    """What a column of the contract may hold."""
    kind = CONTRACTS[table].columns()[column].dtype
    assert isinstance(kind, pl.Enum), f"{table}.{column} is no choice among values"
    return kind.categories.to_list()


def _days(known: KnownMonths, column: str) -> pl.Expr:
    """Days from a date to the end of the month, negative for one to come."""
    return (pl.lit(known.as_of.last_day) - pl.col(column)).dt.total_days().cast(pl.Float32).alias(column)


def some(labelled: pl.DataFrame, seed: list[int]) -> pl.DataFrame:
    """Every leaver, and a share of the stayers."""
    drawn = np.random.default_rng(seed).random(labelled.height) < KEEP_STAYERS
    return labelled.filter(pl.col("churned") | pl.Series(drawn))


@dataclass
class ReferenceRows:
    """Rows that the reference learns from, gathered block by block: matrix, outcome, weight, codes of categories."""

    codes: dict[str, dict[str, int]]
    columns: list[str]
    matrices: list[NDArray[np.float32]]
    churned: list[NDArray[np.bool_]]
    weights: list[NDArray[np.float32]]

    @classmethod
    def empty(cls) -> ReferenceRows:
        return cls({name: {} for name in AS_CATEGORIES}, [], [], [], [])

    def add(self, rows: pl.DataFrame, churned: NDArray[np.bool_]) -> None:
        """Rows of `some`, with what was observed of them."""
        # The first months have none before them: the columns of months before come with those that have them.
        self.columns += [name for name in rows.columns[1:] if name not in self.columns]
        for name, codes in self.codes.items():
            for value in rows[name].unique().drop_nulls().sort():
                codes.setdefault(value, len(codes))
        self.matrices.append(self.matrix(rows))
        self.churned.append(churned)
        self.weights.append(np.where(churned, 1, 1 / KEEP_STAYERS).astype(np.float32))

    def matrix(self, rows: pl.DataFrame) -> NDArray[np.float32]:
        """Rows as the booster takes them; a column that these rows lack, and an unseen category, are unknown."""
        known = [
            (pl.col(name).replace_strict(self.codes[name], default=None) if name in self.codes else pl.col(name)).cast(
                pl.Float32
            )
            if name in rows.columns
            else pl.lit(None, pl.Float32).alias(name)
            for name in self.columns
        ]
        return rows.select(known).to_numpy(order="c").astype(np.float32, copy=False)

    def dataset(self, parts: slice, reference: lgb.Dataset | None = None) -> lgb.Dataset:
        import lightgbm as lgb

        return lgb.Dataset(
            np.concatenate([self._widened(matrix) for matrix in self.matrices[parts]]),
            np.concatenate(self.churned[parts]).astype(np.float32),
            weight=np.concatenate(self.weights[parts]),
            feature_name=self.columns,
            categorical_feature=[name for name in AS_CATEGORIES if name in self.columns],
            reference=reference,
            params={"verbosity": -1, "max_bin": PARAMETERS["max_bin"]},
        )

    def _widened(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """A matrix with the columns that came after it, unknown."""
        later = len(self.columns) - matrix.shape[1]
        return np.pad(matrix, ((0, 0), (0, later)), constant_values=np.nan)

    def fit(self, last_part: int, threads: int) -> lgb.Booster:
        """Trained on all parts before `last_part`, stopped early on the others."""
        import lightgbm as lgb

        train = self.dataset(slice(0, last_part))
        stopping = self.dataset(slice(last_part, None), train)
        return lgb.train(
            PARAMETERS | {"num_threads": threads},
            train,
            ROUNDS,
            valid_sets=[stopping],
            callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        )
