from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2, wasserstein_distance

from features.engine import count_cells
from features.feature_months import build_feature_month
from models import usual_movement
from models.drift_reference import CategoryReference, DriftReference, NumberReference, number_cells
from models.stability_index import psi
from serving.customer_scores import TABLE
from serving.monitoring.monitored_month import Monitoring
from serving.monitoring.population_drift import (
    SCORE,
    IndicatorDrift,
    PopulationDrift,
    count_month,
    measure,
    wasserstein,
)
from tests.made_operator import NOW
from tests.serving.monitoring.conftest import SCORED

HALVES = NumberReference((10.0,), (5.0, 15.0), (0.5, 0.5, 0.0))
REFERENCE = DriftReference(
    ("2025-01",),
    1000,
    500,
    1000,
    500,
    {"bill": NumberReference((10.0,), (5.0, 15.0), (0.4, 0.4, 0.2))},
    {"plan": CategoryReference(("blue", "red"), (0.5, 0.4, 0.1))},
    HALVES,
    {"bill": 0.75, "plan": 0.25},
)


def test_rows_are_counted_in_the_cells_a_hand_would_put_them_in(tmp_path: Path):
    rows = pl.DataFrame(
        {
            "bill": pl.Series([0.0, 10.0, 10.5, 99.0, None, float("nan"), float("inf")], dtype=pl.Float32),
            "plan": ["blue", "red", "green", None, "blue", "blue", "red"],
        }
    )
    rows.head(3).write_parquet(tmp_path / "a.parquet")
    rows.tail(4).write_parquet(tmp_path / "b.parquet")
    counts = count_cells(sorted(tmp_path.iterdir()), {"bill": (0.0, 10.0, 50.0)}, {"plan": ("blue", "red")})
    #       up to 0, up to 10, up to 50, above, unknown
    assert counts == {"bill": [1, 1, 1, 2, 2], "plan": [3, 2, 2]}


def test_the_engines_cells_are_those_that_the_reference_was_learned_in(tmp_path: Path):
    values = np.random.default_rng(2).gamma(2, 20, 1_000).astype(np.float32)
    values[:200] = 0
    cells = number_cells(values)
    pl.DataFrame({"bill": values}).write_parquet(tmp_path / "a.parquet")
    counts = count_cells([tmp_path / "a.parquet"], {"bill": cells.edges}, {})["bill"]
    assert counts == [round(share * 1_000) for share in cells.shares]


def test_a_month_is_counted_bucket_by_bucket_and_whole(monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch):
    seen: list[list[Path]] = []

    def recorded(files: list[Path], *cells: object) -> dict[str, list[int]]:
        seen.append(files)
        return count_cells(files, *cells)  # type: ignore[arg-type]

    monkeypatch.setattr(usual_movement, "count_cells", recorded)
    features = build_feature_month(monitoring.ledger, SCORED, monitoring.wanted, now=NOW)
    scores = monitoring.ledger.known(TABLE, SCORED)
    assert scores is not None
    counts = count_month(monitoring.ledger, features, scores, monitoring.reference())
    assert [len(files) for files in seen] == [1, 1, 1, 1]  # two buckets of two tables, one at a time
    assert {sum(cells) for cells in counts.values()} == {features.rows}
    entry = monitoring.ledger.warehouse.read(TABLE, SCORED, scores.version)
    probabilities = entry.select("probability").collect().to_native()["probability"].to_numpy()
    edges = np.array(monitoring.reference().score.edges)
    expected = np.bincount(np.searchsorted(edges, probabilities, "left"), minlength=len(edges) + 1)
    assert counts[SCORE] == [*expected, 0]


def test_psi_is_the_sum_over_cells_of_difference_times_log_ratio():
    assert psi((0.5, 0.5), 10**9, (3 * 10**8, 10**8)) == pytest.approx(
        0.25 * math.log(0.75 / 0.5) + 0.25 * math.log(0.5 / 0.25), abs=1e-6
    )


def test_equal_shares_have_no_psi_and_an_empty_cell_a_finite_one():
    assert psi((0.2, 0.8), 1000, (200, 800)) == pytest.approx(0, abs=1e-12)
    assert 1 < psi((1.0, 0.0), 1000, (0, 1000)) < 20


@pytest.mark.parametrize("seed", range(5))
def test_psi_of_two_draws_from_one_population_stays_below_what_chance_may_do(seed: int):
    rng = np.random.default_rng(seed)
    shares = np.full(10, 0.1)
    limit = (1 / 2_000 + 1 / 3_000) * chi2.isf(1e-3, 9)
    for _ in range(50):
        before, now = rng.multinomial(2_000, shares), rng.multinomial(3_000, shares)
        assert psi(before / 2_000, 2_000, now) < limit


def test_noise_counts_customers_and_only_cells_that_anybody_is_in():
    drift = measure({"bill": [250, 150, 100], "plan": [250, 200, 50], SCORE: [250, 250, 0]}, REFERENCE)
    bill, _ = drift.indicators
    assert bill.noise_unit == 1 / 500 + 1 / 500
    assert bill.freedom == 2  # there are unknown bills
    assert drift.score.freedom == 1


def test_to_know_more_than_the_reference_did_is_no_drift():
    """A fifth of the bills was unknown, and of the known ones half were up to 10, as they are now."""
    drift = measure({"bill": [1000, 1000, 0], "plan": [1000, 800, 200], SCORE: [1000, 1000, 0]}, REFERENCE)
    bill, plan = drift.indicators
    assert (bill.unknown_before, bill.unknown) == (0.2, 0.0)
    assert bill.psi == pytest.approx(0, abs=1e-3)
    assert bill.noise_unit == pytest.approx(1 / (500 * 0.8) + 1 / 2000)  # four in five customers were known
    assert plan.psi == pytest.approx(0, abs=1e-3)


def test_what_moved_among_the_known_is_drift_though_more_are_known():
    drift = measure({"bill": [1800, 200, 0], "plan": [1900, 100, 0], SCORE: [1000, 1000, 0]}, REFERENCE)
    bill, plan = drift.indicators
    assert bill.psi == pytest.approx(0.4 * math.log(0.9 / 0.5) + 0.4 * math.log(0.5 / 0.1), rel=0.01)
    assert plan.psi > 0.5


def test_to_know_less_than_the_reference_did_is_drift():
    drift = measure({"bill": [200, 200, 600], "plan": [500, 400, 100], SCORE: [500, 500, 0]}, REFERENCE)
    bill, _ = drift.indicators
    assert bill.psi == pytest.approx(0.4 * math.log(0.6 / 0.2) + 0.4 * math.log(0.4 / 0.2), rel=0.01)


def test_a_little_more_or_less_known_makes_no_leap():
    psis = [
        measure({"bill": [60_000, 20_000, unknown], "plan": [5, 4, 1], SCORE: [5, 5, 0]}, REFERENCE).indicators[0].psi
        for unknown in (19_900, 20_000, 20_100)
    ]
    assert max(psis) - min(psis) < 0.001


def test_where_the_reference_knew_nothing_nothing_is_told():
    nothing = NumberReference((), (0.0,), (0.0, 1.0))
    reference = dataclasses.replace(REFERENCE, numbers={"bill": nothing})
    drift = measure({"bill": [900, 100], "plan": [500, 400, 100], SCORE: [500, 500, 0]}, reference)
    bill, _ = drift.indicators
    assert bill.psi == pytest.approx(0, abs=1e-6)
    assert bill.noise_unit > 1


def test_wasserstein_is_that_of_the_cells_means_in_standard_deviations():
    means = np.array([1.0, 2.0, 4.0, 8.0])
    cells = NumberReference((1.5, 3.0, 6.0), tuple(means), (0.3, 0.3, 0.2, 0.2, 0.0))
    before, now = np.array([0.3, 0.3, 0.2, 0.2]), np.array([0.1, 0.2, 0.3, 0.4])
    spread = math.sqrt(before @ (means - before @ means) ** 2)
    expected = wasserstein_distance(means, means, before, now) / spread
    assert wasserstein(cells, (10, 20, 30, 40, 7)) == pytest.approx(expected)


def test_wasserstein_of_deciles_is_close_to_that_of_the_values():
    rng = np.random.default_rng(3)
    before, now = rng.normal(0, 1, 20_000), rng.normal(0.5, 1, 20_000)
    cells = number_cells(before)
    counts = np.bincount(np.searchsorted(np.array(cells.edges), now, "left"), minlength=10)
    ours = wasserstein(cells, [*counts, 0])
    assert ours is not None
    assert ours == pytest.approx(wasserstein_distance(before, now) / before.std(), rel=0.1)


def test_wasserstein_needs_known_values_that_differ():
    assert wasserstein(HALVES, (0, 0, 30)) is None
    assert wasserstein(NumberReference((1.0,), (1.0, 1.0), (1.0, 0.0, 0.0)), (5, 5, 0)) is None


def test_figures_of_a_month_are_in_name_order_with_their_importance():
    drift = measure({"plan": [450, 350, 200], "bill": [400, 300, 300], SCORE: [500, 500, 0]}, REFERENCE)
    assert [(one.indicator, one.kind, one.importance) for one in drift.indicators] == [
        ("bill", "number", 0.75),
        ("plan", "category", 0.25),
    ]
    assert (drift.rows, drift.score.kind) == (1000, "score")
    assert [(one.unknown, one.unknown_before) for one in drift.indicators] == [(0.3, 0.2), (0.2, 0.1)]
    assert drift.weighted_unknown == pytest.approx(0.75 * 0.3 + 0.25 * 0.2)
    assert drift.weighted_psi == pytest.approx(0.75 * drift.indicators[0].psi + 0.25 * drift.indicators[1].psi)


def test_fewer_than_ten_unknown_customers_are_told_as_none():
    drift = measure({"plan": [500, 491, 9], "bill": [500, 490, 10], SCORE: [500, 500, 0]}, REFERENCE)
    assert [one.unknown for one in drift.indicators] == [0.01, 0.0]


def test_a_model_without_importance_has_no_weighted_drift():
    one = IndicatorDrift("bill", "number", 1.0, 0.01, 9, None, 0.5, 0.0, 0.0)
    assert PopulationDrift(10, (one,), one).weighted_psi == 0.0


def test_moved_edges_move_the_counts(tmp_path: Path):
    pl.DataFrame({"bill": pl.Series(range(100), dtype=pl.Float32)}).write_parquet(tmp_path / "a.parquet")
    files = [tmp_path / "a.parquet"]
    assert count_cells(files, {"bill": (49.5,)}, {})["bill"] == [50, 50, 0]
    assert count_cells(files, {"bill": (59.5,)}, {})["bill"] == [60, 40, 0]
