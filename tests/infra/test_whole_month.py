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
