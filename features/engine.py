"""Engine: Polars, or Spark in its place, and how much of the machine it may use."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from features.durable_files import make_folder, sync
from features.known_months import Frame

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


@dataclass(frozen=True)
class EngineSettings:
    """How much of the machine a run may use.

    `threads` 0 means all cores. `memory_gb` bounds the SQL engine of the sources; everything else works on
    one bucket, or on `batch_rows` rows, at a time. `name` is `polars`, or `spark` to read and compute with
    a Spark session. Row groups have a fixed size because Parquet's bytes would otherwise depend on the
    number of threads. `buckets` 0 means as many as the first month's customers need.
    """

    name: Literal["polars", "spark"] = "polars"
    threads: int = 0
    memory_gb: float = 4.0
    batch_rows: int = 50_000
    row_group_rows: int = 131_072
    buckets: int = 0

    @property
    def cores(self) -> int:
        """Threads to use: those of the settings, or as many as this process may run on."""
        return self.threads or len(os.sched_getaffinity(0))


def scan(files: list[Path], engine: EngineSettings) -> Frame:
    """The rows of Parquet files, lazily; what their folders' names say is no column."""
    if engine.name == "spark":
        from features.spark_session import spark_session

        by_spark: Frame = nw.from_native(spark_session(engine.cores).read.parquet(*map(str, files)))
        return by_spark
    import polars as pl

    return nw.from_native(pl.scan_parquet(files, glob=False))


def batches(files: list[Path], engine: EngineSettings, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
    """The rows of Parquet files, all columns when None, as Arrow tables of at most `batch_rows` rows, as stored."""
    import polars as pl

    lazy = pl.scan_parquet(files, glob=False)
    if columns is not None:
        lazy = lazy.select(columns)
    for batch in lazy.collect_batches(chunk_size=engine.batch_rows, maintain_order=True):
        yield batch.to_arrow()


def count_cells(
    files: list[Path], edges: Mapping[str, Sequence[float]], values: Mapping[str, Sequence[str]]
) -> dict[str, list[int]]:
    """Rows of Parquet files in each cell of each column, the last cell the unknown, in one pass over the files.

    Cells of a number: up to the first edge, above it up to the second, and so on, above the last; of a category:
    one per value. NaN is unknown. `edges` ascend. Comparisons are counted rather than values binned, because
    that is three times as fast as any binning; the expressions are Polars' own, because building these
    thousands of them takes longer in Narwhals than working them out.
    """
    import polars as pl

    counted = [pl.len().alias("rows")]
    for column, cuts in edges.items():
        value = pl.col(column)
        counted += [value.count().alias(f"{column}/known"), value.is_nan().sum().alias(f"{column}/nan")]
        counted += [(value > cut).sum().alias(f"{column}/{place}") for place, cut in enumerate(cuts)]
    for column, names in values.items():
        counted += [(pl.col(column) == name).sum().alias(f"{column}/{place}") for place, name in enumerate(names)]
    found = pl.scan_parquet(files, glob=False).select(counted).collect().row(0, named=True)
    return {
        **{column: _number_cells(found, column, len(cuts)) for column, cuts in edges.items()},
        **{column: _category_cells(found, column, len(names)) for column, names in values.items()},
    }


def _number_cells(found: Mapping[str, int], column: str, cuts: int) -> list[int]:
    nan = found[f"{column}/nan"]  # which Polars takes for greater than any number
    known = found[f"{column}/known"] - nan
    above = [known, *(found[f"{column}/{place}"] - nan for place in range(cuts)), 0]
    return [more - less for more, less in itertools.pairwise(above)] + [found["rows"] - known]


def _category_cells(found: Mapping[str, int], column: str, names: int) -> list[int]:
    counts = [found[f"{column}/{place}"] for place in range(names)]
    return [*counts, found["rows"] - sum(counts)]


def collect(frame: Frame) -> pl.DataFrame:
    """The rows of a lazy frame of any engine, in memory, as a Polars frame."""
    collected: pl.DataFrame = frame.collect(backend="polars").to_native()
    return collected


def hold(frame: Frame, engine: EngineSettings) -> Frame:
    """The rows of a lazy frame, worked out once: in memory on Polars; Spark keeps them where it runs."""
    if engine.name == "spark":
        kept: Frame = nw.from_native(frame.to_native().cache())
        return kept
    return nw.from_native(collect(frame).lazy())


def from_arrow(rows: pa.Table) -> Frame:
    """Rows that were worked out outside the engine, as a lazy frame."""
    import polars as pl

    return nw.from_native(pl.DataFrame(rows).lazy())


def small_table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, type]) -> pl.DataFrame:
    """A few rows as a table; `types` says which columns, in which order."""
    import polars as pl

    return pl.DataFrame(rows, schema=dict(types), orient="row")


def small_rows(files: list[Path]) -> list[dict[str, Any]]:
    """The rows of small Parquet files, in the files' order."""
    import polars as pl

    return pl.read_parquet(files, glob=False).to_dicts() if files else []


def write_part(rows: pl.DataFrame, file: Path, engine: EngineSettings) -> None:
    """Write rows as one Parquet file, its bytes and its name on the disk when this returns."""
    make_folder(file.parent)
    with file.open("wb") as handle:
        # Level 1, because Polars' own 3 takes half as long again: customers, bills and usage come out smaller by 1-6 %
        # even so, and indicators larger by 7 %.
        rows.write_parquet(handle, compression="zstd", compression_level=1, row_group_size=engine.row_group_rows)
        handle.flush()
        os.fsync(handle.fileno())
    sync(file.parent)
