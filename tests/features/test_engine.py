from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import FeaturesError
from features.engine import (
    EngineSettings,
    batches,
    collect,
    from_arrow,
    scan,
    small_rows,
    small_table,
    write_part,
)

ROWS = pl.DataFrame({"customer_id": ["ann", "bob", "cyd"], "minutes": [1.5, None, 0.0]})
WRITE_A_PART = """
import sys
from pathlib import Path
import numpy as np
import polars as pl
from features.engine import EngineSettings, write_part
rng = np.random.default_rng(1)
rows = {f"x{column}": rng.normal(size=50_000).round(2) for column in range(8)}
frame = pl.DataFrame(rows | {"id": rng.integers(0, 9_999, 50_000)}).with_columns(pl.col("id").cast(pl.String))
write_part(frame, Path(sys.argv[1]), EngineSettings(row_group_rows=10_000))
"""


def part_of(folder: Path, rows: pl.DataFrame = ROWS, engine: EngineSettings | None = None) -> Path:
    file = folder / "month=2017-03" / "bucket=0" / "part.parquet"
    write_part(rows, file, engine or EngineSettings())
    return file


def test_a_part_is_read_as_it_was_written_and_its_folders_are_no_columns(tmp_path: Path):
    read = collect(scan([part_of(tmp_path)], EngineSettings()))
    assert read.equals(ROWS)
    assert read.schema == ROWS.schema


@pytest.mark.spark
def test_spark_reads_the_same_rows(tmp_path: Path, spark: Any):
    read = collect(scan([part_of(tmp_path)], EngineSettings(name="spark")))
    assert read.sort("customer_id").equals(ROWS)


def test_spark_without_pyspark_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(FeaturesError, match=r"^engine spark needs PySpark; .*pip install 'holdfast\[spark\]'$"):
        scan([part_of(tmp_path)], EngineSettings(name="spark"))


def test_batches_come_in_order_and_no_larger_than_the_settings_allow(tmp_path: Path):
    rows = pl.DataFrame({"n": range(25)})
    read = list(batches([part_of(tmp_path, rows)], EngineSettings(batch_rows=10)))
    assert max(batch.num_rows for batch in read) <= 10
    assert pa.concat_tables(read)["n"].to_pylist() == list(range(25))


def test_row_groups_have_the_size_of_the_settings(tmp_path: Path):
    file = pq.ParquetFile(part_of(tmp_path, pl.DataFrame({"n": range(25)}), EngineSettings(row_group_rows=10)))
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [10, 10, 5]


def test_the_bytes_of_a_part_do_not_depend_on_the_number_of_threads(tmp_path: Path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE_A_PART, str(tmp_path / threads)],
            cwd=Path(__file__).parents[2],
            env={"POLARS_MAX_THREADS": threads},
        )
        for threads in ("1", "2")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len({hashlib.sha256((tmp_path / threads).read_bytes()).hexdigest() for threads in ("1", "2")}) == 1


def test_rows_from_arrow_become_a_frame_of_the_engine():
    assert collect(from_arrow(ROWS.to_arrow())).equals(ROWS)


def test_small_tables_come_back_in_the_order_of_their_files(tmp_path: Path):
    for name, value in (("b", None), ("a", "x")):
        write_part(
            small_table([{"revision": 1, "table": value}], {"table": str, "revision": int}),
            tmp_path / name,
            EngineSettings(),
        )
    assert small_rows([tmp_path / "b", tmp_path / "a"]) == [
        {"table": None, "revision": 1},
        {"table": "x", "revision": 1},
    ]
    assert small_rows([]) == []


def test_cores_are_those_of_the_settings_or_all():
    assert EngineSettings(threads=3).cores == 3
    assert EngineSettings().cores >= 1
