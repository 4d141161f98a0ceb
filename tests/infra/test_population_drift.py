from __future__ import annotations

from pathlib import Path

import pytest

from infra.benchmarks.population_drift import holdfast, make_month, polars, table_of


def test_holdfast_and_bare_polars_count_the_same(tmp_path: Path):
    make_month(tmp_path, 2_000, 3)
    counts = holdfast(tmp_path)
    assert counts == polars(tmp_path)
    assert {sum(cells) for cells in counts.values()} == {2_000}
    assert counts["indicator_0"][-1] == pytest.approx(60, abs=30)


def test_counts_that_differ_are_told():
    engine = {"seconds": 1.0, "cpu": 1.5, "peak_gb": 0.3, "million_cells_per_second": 40.0}
    result = {"rows": 10, "columns": 2, "engines": {"polars": engine}, "ratio_to_polars": 1.5, "cpu_ratio": 0.4}
    assert table_of(result | {"equal": True}).endswith("0.4 of the processor time\ncounts equal")
    assert table_of(result | {"equal": False}).endswith("counts NOT EQUAL")
