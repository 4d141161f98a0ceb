"""Several months of an operator that nothing happens to, and the same with something planted in the last one."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.engine import collect, count_cells
from features.feature_months import FeatureSet, build_feature_month
from features.month_ledger import MonthLedger
from features.months import Month
from models import churn, drift_reference
from models.churn import ChurnModel
from models.drift_reference import DriftReference
from models.look_back import whole_months
from models.training_table import Labelling, labelled_month, stack, usable_months
from serving.monitoring.population_drift import SCORE, measure
from serving.monitoring.verdict import MonitoringSettings, Verdict, judge
from tests.made_operator import CHURN, FIRST, NOW, deliver, in_contract_types, ledger_in
from tests.models.made_tables import QUICK

CUSTOMERS, MONTHS, LEAVING = 1_500, 10, 0.05
LAST = FIRST + MONTHS - 1
WANTED = FeatureSet(CHURN, (), "test")
Tables = dict[str, pl.DataFrame]


def stationary_months(seed: int) -> Tables:
    """Customers who stay for a while, of whom as many come as go, and whose bills scatter around their usual one.

    In the month in which somebody decides to go the bill is a third of the usual one, and then there is none.
    """
    rng = np.random.default_rng(seed)
    drawn = round(CUSTOMERS * (1 + LEAVING * MONTHS))
    joined = np.where(np.arange(drawn) < CUSTOMERS, -rng.geometric(LEAVING, drawn), np.arange(drawn) % MONTHS)
    gone = np.maximum(joined, 0) + rng.geometric(LEAVING, drawn) - 1
    usual, red = rng.uniform(20, 80, drawn), rng.random(drawn) < 0.5
    ids = np.array([f"customer-{number:05}" for number in range(drawn)])
    tables: dict[str, list[pl.DataFrame]] = {"customers": [], "bills": []}
    for step in range(MONTHS):
        here = (joined <= step) & (step <= gone)
        amount = np.where(gone == step, usual / 3, usual) * rng.lognormal(0, 0.25, drawn)
        record = {"customer_id": ids[here], "month": [str(FIRST + step)] * int(here.sum())}
        tables["customers"].append(
            pl.DataFrame(
                {
                    **record,
                    "status": ["active"] * int(here.sum()),
                    "brand": np.where(red[here], "Red", "Blue"),
                    "activated_on": [(FIRST + int(month)).first_day for month in joined[here]],
                }
            )
        )
        tables["bills"].append(pl.DataFrame({**record, "amount": amount[here].round(2)}))
    return {name: in_contract_types(name, pl.concat(parts)) for name, parts in tables.items()}


@dataclasses.dataclass(frozen=True)
class Watched:
    """A ledger of drawn months, and what was learned of it as of some month."""

    ledger: MonthLedger
    model: ChurnModel
    reference: DriftReference

    def verdict(self, month: Month) -> Verdict:
        reference, warehouse = self.reference, self.ledger.warehouse
        entry = build_feature_month(self.ledger, month, WANTED, now=NOW)
        edges = {name: cells.edges for name, cells in reference.numbers.items()}
        values = {name: cells.values for name, cells in reference.categories.items()}
        counts = count_cells(warehouse.files(entry.table, month, entry.version), edges, values)
        rows = collect(warehouse.read(entry.table, month, entry.version)).to_arrow()
        scores = self.model.predict(self.model.encoding.matrix(rows), 1)
        cell = np.searchsorted(np.array(reference.score.edges), scores, "left")
        scored = [*map(int, np.bincount(cell, minlength=len(reference.score.means))), 0]
        return judge(measure({**counts, SCORE: scored}, reference), MonitoringSettings())


def learned(ledger: MonthLedger, as_of: Month) -> Watched:
    """A model as of the month, with its reference."""
    labelling = Labelling(ledger, WANTED, 1, as_of, 5_000, NOW)
    table = stack([labelled_month(labelling, month) for month in usable_months(labelling)], WANTED)
    fitted = churn.fitted(table, 1, QUICK, 1)
    months = drift_reference.compared_months(table.scored, whole_months(ledger, as_of))
    gains = drift_reference.gain_shares(fitted.model)
    return Watched(ledger, fitted.model, drift_reference.learn(table, fitted.unseen, gains, months))


@pytest.fixture(scope="module", params=range(3))
def quiet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    """All months of a quiet operator, of several seeds; only to be read."""
    ledger = ledger_in(tmp_path_factory.mktemp("quiet"))
    deliver(ledger, stationary_months(request.param))
    return ledger


def test_months_in_which_nothing_happens_are_ok(quiet: MonthLedger):
    """Learned after eight months, of which the first five have no whole look-back."""
    operator = learned(quiet, FIRST + 7)
    assert operator.reference.months == ("2025-06", "2025-07")
    for month in (LAST - 1, LAST):
        verdict = operator.verdict(month)
        assert (verdict.overall, verdict.states()) == ("ok", {"stable": len(verdict.indicators)})


def test_they_are_ok_for_a_model_of_short_history_too(quiet: MonthLedger):
    """Learned after five months: no month of that has its whole look-back, and its latest has four of the six."""
    operator = learned(quiet, FIRST + 4)
    assert operator.reference.months == ("2025-04",)
    for month in (LAST - 1, LAST):
        verdict = operator.verdict(month)
        moved = {one.figures.indicator: one.figures.importance for one in verdict.indicators if one.state != "stable"}
        assert verdict.overall == "ok"
        assert set(moved) <= {"months_known_6", "bill_amount_steepest_fall_6"}  # of six months instead of four


@pytest.fixture(scope="module")
def until_last(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A quiet operator before its last month was delivered; only to be copied."""
    ledger = ledger_in(tmp_path_factory.mktemp("until last"))
    deliver(ledger, stationary_months(0), [str(FIRST + step) for step in range(MONTHS - 1)])
    return learned(ledger, FIRST + 7)


def doubled_bill(tables: Tables) -> Tables:
    return {**tables, "bills": tables["bills"].with_columns(pl.col("amount") * 2)}


def vanished_column(tables: Tables) -> Tables:
    return {**tables, "customers": tables["customers"].with_columns(activated_on=pl.lit(None, dtype=pl.Date))}


def changed_mix(tables: Tables) -> Tables:
    """Nine in ten of the one brand rather than half."""
    turned = pl.when(pl.int_range(pl.len()) % 5 < 4).then(pl.lit("Red")).otherwise("brand")
    return {**tables, "customers": tables["customers"].with_columns(brand=turned)}


@pytest.mark.parametrize(
    ("planted", "indicator", "overall"),
    [
        (doubled_bill, "bill_amount_last", "drifted"),
        (vanished_column, "tenure_months", "watch"),
        (changed_mix, "brand", "ok"),  # the model makes nothing of it
    ],
)
def test_what_is_planted_in_a_month_is_flagged_in_it(
    until_last: Watched, planted: Callable[[Tables], Tables], indicator: str, overall: str, tmp_path: Path
):
    ledger = ledger_in(shutil.copytree(until_last.ledger.warehouse.tables, tmp_path / "tables"))
    last = {name: rows.filter(pl.col("month") == str(LAST)) for name, rows in stationary_months(0).items()}
    deliver(ledger, planted(last))
    operator = dataclasses.replace(until_last, ledger=ledger)
    before, now = operator.verdict(LAST - 1), operator.verdict(LAST)
    states = [{one.figures.indicator: one.state for one in verdict.indicators} for verdict in (before, now)]
    assert [state[indicator] for state in states] == ["stable", "drifted"]
    assert (before.overall, now.overall) == ("ok", overall)
