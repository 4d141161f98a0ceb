"""Tests of the whole month benchmark's table."""

from __future__ import annotations

from infra.benchmarks.whole_month import table_of


def test_the_table_tells_shares_of_processor_time_and_what_a_million_customers_take():
    start = {"rows": 0, "seconds": 4.0, "cpu": 2.0, "peak_gb": 0.3}
    ingest = {"rows": 500_000, "seconds": 10.0, "cpu": 6.0, "peak_gb": 1.5}
    score = {"rows": 90_000, "seconds": 3.0, "cpu": 2.0, "peak_gb": 0.7}

    told = table_of({100_000: {"start": start, "ingest": ingest, "score": score}}).splitlines()

    assert told[0] == "100,000 customers"
    assert told[3].split() == ["ingest", "500,000", "10.0", "6.0", "60%", "1.50"]
    assert told[5].split() == ["together", "17.0", "10.0", "100%", "1.50"]
    assert told[6] == "processor seconds per million customers, without the start: 80"
    assert len(told) == 7


def test_two_sizes_are_compared_by_what_a_million_more_takes_and_the_goal_is_judged():
    start = {"rows": 0, "seconds": 4.0, "cpu": 2.0, "peak_gb": 0.3}
    small, large = ({"rows": 1, "seconds": 1.0, "cpu": cpu, "peak_gb": 1.0} for cpu in (12.0, 102.0))
    told = table_of({100_000: {"start": start, "score": small}, 1_000_000: {"start": start, "score": large}})
    assert told.splitlines()[-2:] == [
        "100,000 to 1,000,000 customers: 100 processor seconds for each further million",
        "per million, largest over smallest: 1.18 (goal 1.2: met)",
    ]
    missed = table_of({100_000: {"start": start, "score": large}, 1_000_000: {"start": start, "score": large}})
    assert missed.endswith("largest over smallest: 10.00 (goal 1.2: missed)")
