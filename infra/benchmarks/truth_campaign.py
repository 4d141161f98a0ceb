"""Truth campaign: what Holdfast claims of a campaign, beside what its contacts really did."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from features.months import Month, months_between
from flows import campaign_steps, key, list_steps, model_steps, steps
from flows.settings import INFRA
from flows.simulated_home import SOURCE, Order, SimulatedOperator, advance, start
from flows.workspace import Workspace, open_workspace
from infra.benchmarks.operator_home import key_by_seed
from infra.benchmarks.truth_goals import Figure, TrueEffect

NAME = "truth"
FIRST, TRAINED = Month(2024, 1), Month(2024, 8)
DRAWN = TRAINED + 1
SETTINGS = INFRA / "settings" / "demo.toml"
"""Everybody may be part and half are withheld, as in the demo: the most that so many customers can tell."""


def claimed_and_true(world: str, customers: int, seed: int, folder: Path) -> tuple[Figure, TrueEffect]:
    """The readout's difference in leaving between the arms, and what contacts truly changed; in shares.

    Everything goes Holdfast's own way: extracts, training, list, draw, tasks, resolver, responses, readout. Above
    nought the contacts kept people.
    """
    work = _begun(world, customers, seed, folder)
    model_steps.train(work, TRAINED)
    _ingest(work, DRAWN, DRAWN)
    list_steps.score(work, DRAWN)
    list_steps.write_list(work, DRAWN)
    campaign_steps.draw(work, DRAWN, NAME)
    list_steps.resolve(work, DRAWN, "the halls' dialler")
    matures = work.source().churn.matures(DRAWN, max(work.source().churn.horizons))
    advance(work, DRAWN.until(matures))
    _ingest(work, DRAWN + 1, matures)
    difference = campaign_steps.read_out(work, NAME).report["difference"]
    figure = Figure(difference["value"], difference["low"], difference["high"])
    return figure, _truly(SimulatedOperator(work.home.root).truth)


def _begun(world: str, customers: int, seed: int, folder: Path) -> Workspace:
    key_by_seed(folder / "home.key", seed)
    os.environ[key.VARIABLE] = str(folder / "home.key")
    work = open_workspace(folder / "home", SETTINGS, lambda _told: None)
    start(work, Order(world, customers, seed, FIRST), FIRST.until(DRAWN) + 1)
    _ingest(work, FIRST, TRAINED)
    return work


def _ingest(work: Workspace, first: Month, last: Month) -> None:
    extracts = SimulatedOperator(work.home.root).extracts
    steps.ingest(work, steps.Arrival(SOURCE, extracts, list(months_between(first, last))))


def _truly(truth: Path) -> TrueEffect:
    """By how much the contacted were less likely to leave within three months than they had been without."""
    risk, effect = pl.col("p_leave_without_contact"), pl.col("effect")
    contacted = pl.scan_parquet(truth / "*.parquet").filter(risk.is_not_null())
    effects = contacted.with_columns(effect=risk - pl.col("p_leave_given_contact")).collect()
    fifth = effects.height // 5
    by_effect, by_risk = (effects.top_k(fifth, by=by).select(effect.mean()).item() for by in (effect, risk))
    return TrueEffect(effects.select(effect.mean()).item(), by_effect, by_risk)
