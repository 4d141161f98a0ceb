"""Tests of the feature build benchmark's table."""

from __future__ import annotations

from infra.benchmarks.feature_build import table_of


def built(rows: int, cpu: float) -> dict[str, float]:
    return {"rows": rows, "indicators": 234, "buckets": 2, "seconds": 5.0, "cpu": cpu, "peak_gb": 0.9}


def test_the_table_tells_the_time_per_million_of_each_size_and_whether_it_stayed_the_same():
    small = {"build": built(100_000, 8.0), "sides": {"usage": 4.0, "billing": 2.0}}
    large = {"build": built(1_000_000, 70.0), "sides": {"usage": 30.0, "billing": 10.0}}

    told = table_of({100_000: small, 1_000_000: large}).splitlines()

    assert told[1].split() == ["100,000", "234", "5.0", "8.0", "80.0", "0.90"]
    assert told[2].split() == ["1,000,000", "234", "5.0", "70.0", "70.0", "0.90"]
    assert told[3] == "per million, largest over smallest: 1.14 (goal 1.2: met)"
    assert told[6].split() == ["usage", "30.0", "75%"]
    assert told[7].split() == ["billing", "10.0", "25%"]


def test_a_spread_above_a_fifth_misses_the_goal():
    sides = {"usage": 4.0}
    result = {
        100_000: {"build": built(100_000, 8.0), "sides": sides},
        400_000: {"build": built(400_000, 40.0), "sides": sides},
    }
    assert "1.25 (goal 1.2: missed)" in table_of(result)
