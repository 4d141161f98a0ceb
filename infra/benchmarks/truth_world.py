"""Truth world: a small operator under Holdfast, a large one under the reference, judged on unseen months."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import polars as pl

from features import feature_table
from features.engine import collect
from features.feature_months import feature_set_at
from features.known_months import Frame
from features.labels import ChurnDefinition, labels
from features.months import Month, months_between
from features.population import scored_population
from flows import model_steps, steps
from infra.benchmarks.operator_home import SOURCE, home_in, key_by_seed
from infra.benchmarks.truth_goals import BARE, HOLDFAST, REFERENCE, TRUTH, Judged
from infra.benchmarks.truth_reference import ReferenceRows, observables, some
from infra.benchmarks.truth_tables import TRUTH as TRUTH_TABLE
from infra.benchmarks.truth_tables import TruthTables
from models import churn
from models.backtest import training_table

if TYPE_CHECKING:
    import lightgbm as lgb

    from features.known_months import KnownMonths
    from infra.simulator.operator import Write
    from infra.simulator.worlds import World
    from models.churn import ChurnModel
    from models.training_table import TrainingTable

FIRST, TRAINED_AFTER, HORIZON = Month(2024, 1), 12, 1
TRAINED = FIRST + (TRAINED_AFTER - 1)
TESTED = (TRAINED, TRAINED + 1)
"""The month of the training itself and the next: what decides their labels comes after all that was learned from."""
LARGER = 20


@dataclass(frozen=True)
class Trial:
    """One drawn world: how many customers Holdfast has, by which seed everybody lives, where all of it lies."""

    world: World
    customers: int
    seed: int
    folder: Path

    def say(self, told: str) -> None:
        print(f"  {time.strftime('%H:%M:%S')} seed {self.seed}: {told}", file=sys.stderr, flush=True)


def run(trial: Trial) -> Judged:
    """Simulate both operators, train on the months up to TRAINED, and score customers of the large one after it."""
    shutil.rmtree(trial.folder, ignore_errors=True)
    trial.say(f"simulating {trial.customers:,} customers and {trial.customers * LARGER:,}")
    tables = TruthTables(trial.folder / "large")
    _simulate(trial, trial.folder / "operator", trial.customers * LARGER, trial.seed + 1, tables)
    model, bare = _holdfast(trial)
    trial.say("training the reference booster")
    rows, reference = _reference(trial, tables)
    trial.say("scoring")
    judged = _judged(trial, tables, {HOLDFAST: _by_holdfast(model), BARE: bare}, (rows, reference))
    shutil.rmtree(trial.folder)
    return judged


def _simulate(trial: Trial, folder: Path, customers: int, seed: int, write: Write) -> None:
    from infra.simulator.operator import Beginning, start

    months = FIRST.until(_churn().matures(TESTED[-1], HORIZON)) + 1
    start(folder, Beginning(trial.world, customers, seed, FIRST), months=months, write=write, workers=2)


def _churn() -> ChurnDefinition:
    from features.sources import load_source
    from flows.settings import SOURCES

    return load_source(SOURCE, SOURCES).churn


def _holdfast(trial: Trial) -> tuple[ChurnModel, Callable[[pl.DataFrame], np.ndarray]]:
    """The model of Holdfast's own path from extracts on, and bare LightGBM on the same rows and columns."""
    from infra.simulator.sending import Sending

    folder = trial.folder / "small"
    _simulate(trial, folder / "operator", trial.customers, trial.seed, Sending(folder / "extracts", None))
    key_by_seed(folder / "home.key", trial.seed)
    work = home_in(folder)
    trial.say("ingesting and training")
    steps.ingest(work, steps.Arrival(SOURCE, folder / "extracts", list(months_between(FIRST, TRAINED))))
    setup = model_steps.backtest_setup(work)
    wanted = feature_set_at(work.ledger, TRAINED, work.source().churn, work.code)
    table = training_table(setup, TRAINED, HORIZON, wanted)
    model = churn.fit(table, HORIZON, work.settings.churn, setup.threads)
    trial.say(f"{len(table.churned):,} rows with {table.churned.sum():,} leavers, {model.rounds} rounds")
    return model, _bare(table, setup.threads)


def _by_holdfast(model: ChurnModel) -> Callable[[pl.DataFrame], np.ndarray]:
    return lambda rows: model.predict(model.encoding.matrix(rows.to_arrow()))


def _bare(table: TrainingTable, threads: int) -> Callable[[pl.DataFrame], np.ndarray]:
    """LightGBM as it comes: its own defaults, a hundred trees, no calibration."""
    import lightgbm as lgb

    rows = lgb.Dataset(
        table.matrix,
        table.churned.astype(np.float32),
        categorical_feature=table.encoding.categorical,
        params={"verbosity": -1},
    )
    booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": threads}, rows, 100)
    return lambda frame: np.asarray(booster.predict(table.encoding.matrix(frame.to_arrow())))


def _reference(trial: Trial, tables: TruthTables) -> tuple[ReferenceRows, lgb.Booster]:
    """The reference, from the same scoring months as Holdfast's; the last of them stops it early."""
    definition, rows = _churn(), ReferenceRows.empty()
    scored = [month for month in months_between(FIRST, TRAINED) if definition.matures(month, HORIZON) <= TRAINED]
    blocks = tables.blocks()
    for month in scored:
        for block in blocks:
            known, labelled = _known(tables, month, TRAINED, block, definition)
            learned = some(labelled, [trial.seed, FIRST.until(month), block])
            rows.add(observables(known, learned), learned["churned"].to_numpy())
    booster = rows.fit(-len(blocks), 2)
    trial.say(f"reference: {sum(map(len, rows.churned)):,} rows, {booster.best_iteration} rounds")
    rows.matrices.clear()
    return rows, booster


def _known(
    tables: TruthTables, month: Month, as_of: Month, block: int, definition: ChurnDefinition
) -> tuple[KnownMonths, pl.DataFrame]:
    """What was known at the close of a month, and who of its population left, by what was known at `as_of`."""
    known = tables.known_months(month, block)
    population = scored_population(known, definition)
    told = labels(tables.known_months(as_of, block), population, month, HORIZON, definition)
    return known, collect(told).sort("customer_id")


def _judged(
    trial: Trial,
    tables: TruthTables,
    engines: dict[str, Callable[[pl.DataFrame], np.ndarray]],
    reference: tuple[ReferenceRows, lgb.Booster],
) -> Judged:
    """Every customer of the large operator is scored in one of the tested months, drawn by the block and the id."""
    parts = list(_scored(tables, engines, reference))
    rows = pl.concat(parts)
    trial.say(f"{rows.height:,} customers judged, {rows['churned'].sum():,} left")
    scores = {name: rows[name].to_numpy() for name in (HOLDFAST, BARE, REFERENCE, TRUTH)}
    return Judged(rows["churned"].to_numpy(), rows["brand"].to_numpy(), scores)


def _scored(
    tables: TruthTables,
    engines: dict[str, Callable[[pl.DataFrame], np.ndarray]],
    reference: tuple[ReferenceRows, lgb.Booster],
) -> Iterator[pl.DataFrame]:
    definition = _churn()
    judged_by = definition.matures(TESTED[-1], HORIZON)
    rows, booster = reference
    for place, month in enumerate(TESTED):
        for block in tables.blocks():
            known, labelled = _known(tables, month, judged_by, block, definition)
            mine = labelled.filter(pl.col("customer_id").str.slice(-1).cast(pl.Int32) % len(TESTED) == place)
            population: Frame = nw.from_native(mine.select("customer_id").lazy())
            features = collect(feature_table.build(known, population, ())).sort("customer_id")
            raw = rows.matrix(observables(known, mine.select("customer_id")))
            yield (
                mine.select("customer_id", "churned")
                .with_columns(
                    features["brand"],
                    *(pl.Series(name, predict(features)) for name, predict in engines.items()),
                    pl.Series(REFERENCE, np.asarray(booster.predict(raw))),
                )
                .join(_truth(tables, month, block), on="customer_id", how="left")
            )


def _truth(tables: TruthTables, month: Month, block: int) -> pl.DataFrame:
    """The true probability of leaving in the window, given the whole state at the end of the month."""
    truth = tables.read(TRUTH_TABLE, month, block)
    assert truth is not None, "the simulator writes a truth for every block and month"
    return collect(truth).select("customer_id", pl.col(f"p_leave_{HORIZON}").cast(pl.Float64).alias(TRUTH))
