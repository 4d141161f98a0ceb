"""Window features benchmark: what it compares is the same work, and it notices when it is not."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from infra.benchmarks import window_features
from infra.benchmarks.featuretools_rival import COMPARED
from infra.benchmarks.window_features import ENGINES, TOLERANCE, largest_difference, make_months


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("windows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window_features, "BUCKET_ROWS", 400)
        assert make_months(made / "months", customers=1_000) == 3
    run("holdfast", made)
    return made


def run(engine: str, folder: Path) -> Path:
    out = folder / engine
    out.mkdir()
    ENGINES[engine](folder / "months", out)
    return out


@pytest.mark.parametrize("engine", ["polars", "polars_by_bucket", "duckdb", "pandas"])
def test_every_engine_finds_the_same_windows(folder: Path, engine: str) -> None:
    assert largest_difference(folder / "holdfast", run(engine, folder)) <= TOLERANCE


def test_featuretools_finds_the_same_of_the_windows_that_it_can_do(folder: Path) -> None:
    found = run("featuretools", folder)
    assert largest_difference(folder / "holdfast", found, COMPARED) <= TOLERANCE
    assert len(pl.scan_parquet(found / "all.parquet").collect_schema()) == 1 + 5 * 24


def changed(folder: Path, tmp_path: Path, column: pl.Expr) -> Path:
    rows = pl.read_parquet(sorted((folder / "holdfast").glob("*.parquet")))
    rows.with_columns(column).write_parquet(tmp_path / "changed.parquet")
    return tmp_path


def test_one_cell_that_differs_is_noticed(folder: Path, tmp_path: Path) -> None:
    first = pl.col("customer_id") == pl.col("customer_id").min()
    cell = pl.when(first).then(pl.col("measure_07_last") + 1).otherwise(pl.col("measure_07_last"))
    assert largest_difference(folder / "holdfast", changed(folder, tmp_path, cell)) > TOLERANCE


def test_a_zero_instead_of_an_unknown_value_is_noticed(folder: Path, tmp_path: Path) -> None:
    cell = pl.col("measure_23_ratio_6").fill_null(0.0)
    assert largest_difference(folder / "holdfast", changed(folder, tmp_path, cell)) == float("inf")


def test_a_missing_customer_is_noticed(folder: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(sorted((folder / "holdfast").glob("*.parquet")))
    rows.head(999).write_parquet(tmp_path / "short.parquet")
    assert largest_difference(folder / "holdfast", tmp_path) == float("inf")
