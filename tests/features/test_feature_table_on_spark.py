"""Feature table on Spark: the same expressions give the same bits as on Polars, whatever the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from features import feature_table
from features.known_months import Frame, KnownMonths
from features.months import Month
from tests.drawn import known_months, population
from tests.features.small_operator import CUSTOM, DRAWINGS, PEOPLE


@pytest.mark.spark
@pytest.mark.timeout(900)  # a cold Spark compiles some hundred expressions; 20 s alone, minutes on a busy machine
def test_spark_and_polars_agree_to_the_last_bit(spark: Any, tmp_path: Path) -> None:
    drawn = known_months("2025-06", **DRAWINGS)

    def read(table: str, month: Month) -> Frame | None:
        frame = drawn.table(table, month)
        return None if frame is None else nw.from_native(on_spark(spark, frame, tmp_path / f"{table}-{month}"))

    people = nw.from_native(on_spark(spark, population(*PEOPLE), tmp_path / "population"))
    by_spark = feature_table.build(KnownMonths(drawn.as_of, read), people, CUSTOM).collect(backend="polars").to_native()
    by_polars = feature_table.build(drawn, population(*PEOPLE), CUSTOM).to_native().collect()
    assert bits(by_spark) == bits(by_polars)


def on_spark(spark: Any, frame: Frame, folder: Path) -> Any:
    """The same rows read by Spark from Parquet, as a cluster would from the warehouse."""
    if not folder.exists():  # several sides read the same month of a table
        folder.mkdir()
        enums_as_text = frame.to_native().collect().with_columns(pl.selectors.enum().cast(pl.String))
        enums_as_text.write_parquet(folder / "part.parquet")
    return spark.read.parquet(str(folder))


def bits(table: pl.DataFrame) -> dict[str, list[Any]]:
    """Values by customer, floats as the integers with the same bits, so that nothing is rounded away."""
    ordered = table.sort("customer_id").with_columns(pl.selectors.float().reinterpret(signed=True))
    return ordered.to_dict(as_series=False)


IN_THREADS = """
import sys
import polars as pl
from features import feature_table
from tests.drawn import known_months, population
from tests.features.small_operator import CUSTOM, DRAWINGS, PEOPLE
table = feature_table.build(known_months("2025-06", **DRAWINGS), population(*PEOPLE), CUSTOM).to_native().collect()
assert pl.thread_pool_size() == int(sys.argv[2])
table.sort("customer_id").write_ipc(sys.argv[1])
"""


def test_one_and_two_threads_give_the_same_bits(tmp_path: Path) -> None:
    tables = []
    for threads in ("1", "2"):
        file = tmp_path / f"{threads}.arrow"
        environment = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONPATH": str(Path.cwd())}
        command = [sys.executable, "-c", IN_THREADS, str(file), threads]
        subprocess.run(command, env=environment, check=True, timeout=60)
        tables.append(pl.read_ipc(file))
    assert bits(tables[0]) == bits(tables[1])
