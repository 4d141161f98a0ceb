"""Warehouse: the door to engine and tables; one month of one table is replaced in one commit or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from features import FeaturesError
from features.home import sync_folder
from features.known_months import Frame
from features.months import Month

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

PARTITION = ["month", "bucket"]


@dataclass(frozen=True)
class EngineSettings:
    """How much of the machine a run may use.

    `threads` 0 means all cores. `memory_gb` bounds the SQL engine of the sources; everything else works on
    one bucket, or on `batch_rows` rows, at a time. `name` is `polars`, or `spark` to read and compute with
    a Spark session. Row groups have a fixed size because Parquet's bytes would otherwise depend on the
    number of threads.
    """

    name: str = "polars"
    threads: int = 0
    memory_gb: float = 4.0
    batch_rows: int = 50_000
    row_group_rows: int = 131_072
    buckets: int = 0

    @property
    def cores(self) -> int:
        """Threads to use: those of the settings, or as many as this process may run on."""
        return self.threads or len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class StagedMonth:
    """One month of one table, written and synced beside the table but not yet part of it."""

    table: str
    month: Month
    rows: int
    content_hash: str
    schema_hash: str
    schema: Any
    files: tuple[Path, ...] = field(default=())
    actions: tuple[AddAction, ...] = field(default=())

    def discard(self) -> None:
        for file in self.files:
            file.unlink(missing_ok=True)


class Warehouse:
    """Delta tables under one folder, partitioned by month and by hash bucket of the customer.

    Parquet files are written by Polars and synced before Delta's commit names them: delta-rs syncs
    nothing, so a power cut after its own write could leave a commit that names missing bytes.
    """

    def __init__(self, tables: Path, engine: EngineSettings | None = None) -> None:
        self.tables = tables
        self.engine = engine or EngineSettings()
        self._known_files: dict[tuple[str, int], dict[tuple[str, int], str]] = {}

    def stage_month(self, table: str, month: Month, buckets: Iterable[tuple[int, Frame]]) -> StagedMonth:
        """Write each bucket's rows, ordered as given, for a later `commit`; one bucket is in memory at a time."""
        folder = self.tables / table
        version = self.version(table) + 1
        digest = hashlib.sha256()
        rows, schema, files, actions = 0, None, [], []
        for bucket, frame in buckets:
            part = collect(frame)
            schema = part.schema
            path = f"month={month}/bucket={bucket}/part-{version:06d}.parquet"
            files.append(folder / path)
            size = self._write_part(part, folder / path)
            actions.append(_add_action(path, size, month, bucket, part.height))
            digest.update(canonical_hash(part))
            rows += part.height
        if schema is None:
            raise FeaturesError(f"{table}: nothing was given to write for {month}")
        return StagedMonth(
            table, month, rows, digest.hexdigest(), _schema_hash(schema), schema, tuple(files), tuple(actions)
        )

    def commit(self, staged: StagedMonth, facts: Mapping[str, str]) -> int:
        """Replace the month by what was staged, atomically; `facts` become the commit's metadata. The new version."""
        from deltalake import CommitProperties

        table = self._open_or_create(staged.table, staged.schema)
        metadata = {"month": str(staged.month), "rows": str(staged.rows), "content_hash": staged.content_hash}
        table.create_write_transaction(
            list(staged.actions),
            "overwrite",
            table.schema(),
            PARTITION,
            [("month", "=", str(staged.month))],
            commit_properties=CommitProperties(custom_metadata={**metadata, **facts}),
        )
        self._sync_log(staged.table)
        return self.version(staged.table)

    def version(self, table: str) -> int:
        """Latest version of `table`; -1 when it does not exist yet.

        A commit of Delta Lake is a file named after its version, so the names tell it without reading the log.
        """
        commits = (self.tables / table / "_delta_log").glob("*.json")
        return max((int(commit.stem) for commit in commits if commit.stem.isdigit()), default=-1)

    def files(self, table: str, month: Month, version: int, bucket: int | None = None) -> list[str]:
        """Paths of the Parquet files that hold `month` (one bucket of it) in `version` of `table`."""
        held = self._files_of_version(table, version)
        return [
            file
            for (held_month, held_bucket), file in sorted(held.items())
            if held_month == str(month) and bucket in (None, held_bucket)
        ]

    def read(self, table: str, month: Month, version: int, bucket: int | None = None) -> Frame:
        """The rows of `month` in `version` of `table`, lazily, in the engine of the settings."""
        files = self.files(table, month, version, bucket)
        if not files:
            raise FeaturesError(
                f"{table}: version {version} no longer holds {month}, bucket {bucket}; it was vacuumed, "
                f"so deliver the month again"
            )
        return self._scan(files)

    def batches(self, table: str, month: Month, version: int, bucket: int) -> Iterator[pa.Table]:
        """The rows of one bucket as Arrow tables of at most `batch_rows` rows, in stored order."""
        import polars as pl

        lazy = pl.scan_parquet(self.files(table, month, version, bucket))
        for batch in lazy.collect_batches(chunk_size=self.engine.batch_rows, maintain_order=True):
            yield batch.to_arrow()

    def from_arrow(self, rows: pa.Table) -> Frame:
        """Rows that were worked out outside the engine, as a lazy frame."""
        import polars as pl

        return nw.from_native(pl.LazyFrame(pl.from_arrow(rows)))

    def buckets_of(self, table: str, month: Month, version: int) -> list[int]:
        held = self._files_of_version(table, version)
        return sorted(bucket for held_month, bucket in held if held_month == str(month))

    def append_rows(self, table: str, rows: list[dict[str, Any]], schema: Mapping[str, type]) -> None:
        """Append a few rows to a small unpartitioned ledger table, in one commit."""
        import polars as pl
        from deltalake.transaction import AddAction

        frame = pl.DataFrame(rows, schema=dict(schema), orient="row")
        handle = self._open_or_create(table, frame.schema, partition=[])
        path = f"part-{handle.version() + 1:06d}.parquet"
        size = self._write_part(frame, self.tables / table / path)
        action = AddAction(path, size, {}, 0, True, json.dumps({"numRecords": frame.height}))
        handle.create_write_transaction([action], "append", handle.schema())
        self._sync_log(table)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a small ledger table, oldest commit first; none when it does not exist."""
        import polars as pl
        from deltalake import DeltaTable

        if self.version(table) < 0:
            return []
        files = sorted(DeltaTable(str(self.tables / table)).file_uris())
        return pl.read_parquet(files).to_dicts() if files else []

    def vacuum(self, table: str, keep_versions: list[int]) -> int:
        """Delete files that no version in `keep_versions` needs; how many were deleted."""
        from deltalake import DeltaTable

        self._known_files.clear()
        return len(
            DeltaTable(str(self.tables / table)).vacuum(
                retention_hours=0,
                dry_run=False,
                enforce_retention_duration=False,
                full=True,
                keep_versions=keep_versions,
            )
        )

    def _scan(self, files: list[str]) -> Frame:
        if self.engine.name == "spark":
            return nw.from_native(spark_session(self.engine).read.parquet(*files))
        import polars as pl

        return nw.from_native(pl.scan_parquet(files, hive_partitioning=False))

    def _files_of_version(self, table: str, version: int) -> dict[tuple[str, int], str]:
        """Delta's answer to which file holds which month and bucket, kept because versions never change."""
        if (table, version) not in self._known_files:
            from deltalake import DeltaTable

            folder = self.tables / table
            actions = DeltaTable(str(folder), version=version).get_add_actions(flatten=True)
            columns = (actions.column(name).to_pylist() for name in ("partition.month", "partition.bucket", "path"))
            self._known_files[table, version] = {
                (month, bucket): str(folder / path) for month, bucket, path in zip(*columns, strict=True)
            }
        return self._known_files[table, version]

    def _open_or_create(self, table: str, schema: Mapping[str, Any], partition: list[str] | None = None) -> DeltaTable:
        from deltalake import DeltaTable, Schema
        from deltalake.transaction import create_table_with_add_actions

        folder = self.tables / table
        partition = PARTITION if partition is None else partition
        if self.version(table) < 0:
            folder.mkdir(parents=True, exist_ok=True)
            arrow = _arrow_schema(schema, partition)
            create_table_with_add_actions(str(folder), Schema.from_arrow(arrow), [], "ignore", partition)
        return DeltaTable(str(folder))

    def _write_part(self, part: pl.DataFrame, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as handle:
            part.write_parquet(handle, compression="zstd", row_group_size=self.engine.row_group_rows)
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(path.parent)
        return path.stat().st_size

    def _sync_log(self, table: str) -> None:
        log = self.tables / table / "_delta_log"
        entry = log / f"{self.version(table):020d}.json"
        with open(entry, "rb") as handle:
            os.fsync(handle.fileno())
        for folder in (log, log.parent, *log.parent.glob("month=*")):
            sync_folder(folder)


def collect(frame: Frame) -> pl.DataFrame:
    """The rows of a lazy frame of any engine, in memory, as a Polars frame."""
    collected: pl.DataFrame = frame.collect(backend="polars").to_native()
    return collected


def canonical_hash(frame: pl.DataFrame) -> bytes:
    """SHA-256 over names, types and values of `frame` in its row order, whatever file format or engine held it.

    Nulls are hashed apart from values and minus zero as zero, so equal tables have equal hashes.
    """
    import polars as pl

    digest = hashlib.sha256()
    for column in frame.iter_columns():
        digest.update(f"{column.name}:{column.dtype}:{len(column)};".encode())
        digest.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
        digest.update(_value_bytes(column))
    return digest.digest()


def _value_bytes(column: pl.Series) -> bytes:
    import polars as pl

    if column.dtype == pl.String:
        filled = column.fill_null("")
        return filled.str.len_bytes().to_numpy().tobytes() + "".join(filled.to_list()).encode()
    if column.dtype.is_decimal():
        return _value_bytes(column.cast(pl.String))
    if column.dtype.is_float():
        return (column.fill_null(0.0) + 0.0).to_numpy().tobytes()
    return column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().tobytes()


def _arrow_schema(schema: Mapping[str, Any], partition: list[str]) -> pa.Schema:
    import polars as pl

    types = {"month": pl.String(), "bucket": pl.Int32()}
    empty = pl.DataFrame(schema={**schema, **{name: types[name] for name in partition}})
    return empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema


def _schema_hash(schema: Mapping[str, Any]) -> str:
    return hashlib.sha256(str(dict(schema)).encode()).hexdigest()


def _add_action(path: str, size: int, month: Month, bucket: int, rows: int) -> AddAction:
    from deltalake.transaction import AddAction

    partition: dict[str, str | None] = {"month": str(month), "bucket": str(bucket)}
    # A modification time of 0 keeps the log the same for the same inputs; nothing reads it.
    return AddAction(path, size, partition, 0, True, json.dumps({"numRecords": rows}))


def spark_session(engine: EngineSettings) -> Any:
    """A local Spark session, or the running one; PySpark is the optional extra `spark`."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as missing:
        raise FeaturesError(
            "engine spark needs PySpark; install the extra: pip install 'holdfast[spark]'"
        ) from missing
    master = f"local[{engine.cores}]"
    builder: Callable[[], Any] = (
        SparkSession.builder.master(master)
        .appName("holdfast")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate
    )
    return builder()
