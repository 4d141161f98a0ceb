"""Warehouse: the door to the tables; one month of one table is replaced in one commit or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features import FeaturesError
from features.canonical_hash import canonical_hash, schema_hash
from features.durable_files import make_folder, sync
from features.engine import (
    EngineSettings,
    batches,
    collect,
    hold,
    scan,
    small_rows,
    small_table,
    write_part,
)
from features.home import kernel_lock
from features.known_months import Frame
from features.months import Month

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

PARTITION = ["month", "bucket"]
STAGED = "_staged"
"""Delta's vacuum passes over folders whose names begin with an underscore."""
LOCKS = "_locks"
TABLE_SETTINGS = {"delta.enableExpiredLogCleanup": "false"}
"""The ledger names versions for ever; Delta would forget those older than thirty days at every 100th commit."""


@dataclass(frozen=True)
class StagedPart:
    """The file of one bucket of a staged month."""

    bucket: int
    rows: int
    file: Path


@dataclass(frozen=True)
class StagedMonth:
    """One month of one table, written and synced beside the table but not yet part of it."""

    table: str
    month: Month
    content_hash: str
    schema_hash: str
    schema: pa.Schema
    parts: tuple[StagedPart, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def discard(self) -> None:
        shutil.rmtree(self.parts[0].file.parent, ignore_errors=True)


class Warehouse:
    """Delta tables under one folder, partitioned by month and by hash bucket of the customer.

    Parquet files are written and synced before Delta's commit names them: delta-rs syncs nothing, so a
    power cut after its own write could leave a commit that names missing bytes. Commits to a table are made
    one at a time, so that no writer meets another one's conflict.
    """

    def __init__(self, tables: Path, engine: EngineSettings | None = None) -> None:
        self.tables = tables
        self.engine = engine or EngineSettings()
        self._latest: dict[str, int] = {}
        self._known_files: dict[tuple[str, int], dict[tuple[str, int], Path]] = {}

    def locked(self, table: str, month: Month) -> contextlib.AbstractContextManager[None]:
        """Hold the kernel lock of one month of one table, for whoever replaces it outside a whole run of the month."""
        return kernel_lock(self.tables / LOCKS / f"{table}-{month}.lock")

    def stage_month(self, table: str, month: Month, buckets: Iterable[tuple[int, Frame]]) -> StagedMonth:
        """Write each bucket's rows, ordered as given, for a later `commit`; one bucket is in memory at a time.

        The caller holds a lock that keeps other writers of this month of the table away: what a killed run
        of it left behind is removed. Nothing stays when a bucket fails.
        """
        folder = self.tables / table / STAGED / str(month)
        shutil.rmtree(folder, ignore_errors=True)
        digest, parts = hashlib.sha256(), []
        try:
            for bucket, frame in buckets:
                rows = collect(frame)
                digest.update(canonical_hash(rows))
                parts.append(StagedPart(bucket, rows.height, folder / f"bucket={bucket}.parquet"))
                write_part(rows, parts[-1].file, self.engine)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if not parts:
            raise FeaturesError(f"{table}: nothing was given to write for {month}")
        return StagedMonth(
            table, month, digest.hexdigest(), schema_hash(rows.schema), rows.clear().to_arrow().schema, tuple(parts)
        )

    def commit(self, staged: StagedMonth, facts: Mapping[str, str]) -> int:
        """Replace the month by what was staged, atomically; `facts` become the commit's metadata. The new version."""
        from deltalake import CommitProperties

        metadata = {
            "month": str(staged.month),
            "rows": str(staged.rows),
            "content_hash": staged.content_hash,
            "schema_hash": staged.schema_hash,
        }
        with self._committing(staged.table):
            table = self._open_or_create(staged.table, staged.schema, partitioned=True)
            version = self.version(staged.table) + 1
            table.create_write_transaction(
                [self._placed(staged, part, version) for part in staged.parts],
                "overwrite",
                table.schema(),
                PARTITION,
                [("month", "=", str(staged.month))],
                commit_properties=CommitProperties(custom_metadata={**metadata, **facts}),
            )
        staged.discard()
        return version

    def version(self, table: str) -> int:
        """Latest version of `table`; -1 when it does not exist yet.

        A commit of Delta Lake is a file named after its version, so the names tell it without reading the log.
        """
        latest = self._latest.get(table, -1)
        while self._log_entry(table, latest + 1).exists():
            latest += 1
        self._latest[table] = latest
        return latest

    def files(self, table: str, month: Month, version: int, bucket: int | None = None) -> list[Path]:
        """The Parquet files that hold `month` (one bucket of it) in `version` of `table`.

        Raises FeaturesError when they are gone because the version was vacuumed.
        """
        held = self._files_of_version(table, version)
        files = [
            file
            for (held_month, held_bucket), file in sorted(held.items())
            if held_month == str(month) and bucket in (None, held_bucket)
        ]
        if not files or not all(file.is_file() for file in files):
            raise FeaturesError(
                f"{table} {month}: the files of version {version} are gone, as after a vacuum; restore another "
                f"revision (holdfast revisions {table} --month {month} --restore N) or deliver the month again"
            )
        return files

    def read(self, table: str, month: Month, version: int, bucket: int | None = None) -> Frame:
        """The rows of `month` in `version` of `table`, lazily, in the engine of the settings."""
        return scan(self.files(table, month, version, bucket), self.engine)

    def hold(self, frame: Frame) -> Frame:
        """The rows of a small frame, worked out now, lazily in the engine of the settings."""
        return hold(frame, self.engine)

    def batches(self, table: str, month: Month, version: int, bucket: int) -> Iterator[pa.Table]:
        """The rows of one bucket as Arrow tables of at most `batch_rows` rows, in stored order."""
        return batches(self.files(table, month, version, bucket), self.engine)

    def buckets_of(self, table: str, month: Month, version: int) -> list[int]:
        held = self._files_of_version(table, version)
        return sorted(bucket for held_month, bucket in held if held_month == str(month))

    def append_rows(self, table: str, rows: Sequence[Mapping[str, Any]], types: Mapping[str, type]) -> None:
        """Append a few rows to a small unpartitioned ledger table, in one commit."""
        from deltalake.transaction import AddAction

        frame = small_table(rows, types)
        with self._committing(table):
            handle = self._open_or_create(table, frame.to_arrow().schema)
            part = f"part-{self.version(table) + 1:06d}.parquet"
            file = self.tables / table / part
            write_part(frame, file, self.engine)
            action = AddAction(part, file.stat().st_size, {}, 0, True, json.dumps({"numRecords": len(rows)}))
            handle.create_write_transaction([action], "append", handle.schema())

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a small ledger table, oldest commit first; none when it does not exist."""
        from deltalake import DeltaTable

        if self.version(table) < 0:
            return []
        folder = self.tables / table
        parts = DeltaTable(str(folder)).get_add_actions().column("path").to_pylist()
        return small_rows([folder / part for part in sorted(parts)])

    def vacuum(self, table: str, kept: Iterable[tuple[Month, int]]) -> int:
        """Delete files that neither the latest version nor a kept (month, version) needs; how many were deleted.

        Delta can keep whole versions only, and a version holds what was current of every other month too; so Delta
        says what the latest version does not need, and of that the kept months are spared.
        """
        from deltalake import DeltaTable

        folder = self.tables / table
        spared = {
            Path(file)
            for month, version in kept
            for (held, _), file in self._files_of_version(table, version).items()
            if held == str(month)
        }
        with self._committing(table):
            unneeded = DeltaTable(str(folder)).vacuum(
                retention_hours=0, dry_run=True, enforce_retention_duration=False, full=True
            )
            gone = {folder / path for path in unneeded} - spared
            for file in gone:
                file.unlink(missing_ok=True)
        return len(gone)

    @contextlib.contextmanager
    def _committing(self, table: str) -> Iterator[None]:
        """Hold the table's commit lock, and make durable what was added to its log, because delta-rs does not."""
        with kernel_lock(self.tables / LOCKS / f"{table}.lock"):
            before, log = self.version(table), self.tables / table / "_delta_log"
            for half in log.glob("*.json#*"):  # delta-rs numbers them, so that those of killed runs would gather
                half.unlink()
            yield
            added = range(before + 1, self.version(table) + 1)
            checkpoints = [*log.glob(f"{added.stop - 1:020d}.checkpoint*"), *log.glob("_last_checkpoint")]
            for path in [*(self._log_entry(table, version) for version in added), *checkpoints, log, log.parent]:
                sync(path)

    def _open_or_create(self, table: str, schema: pa.Schema, *, partitioned: bool = False) -> DeltaTable:
        import pyarrow as pa
        from deltalake import DeltaTable, Schema
        from deltalake.transaction import create_table_with_add_actions

        folder = self.tables / table
        if self.version(table) < 0:
            make_folder(folder)
            partition = [pa.field("month", pa.string()), pa.field("bucket", pa.int32())] if partitioned else []
            create_table_with_add_actions(
                str(folder),
                Schema.from_arrow(pa.schema([*schema, *partition])),
                [],
                partition_by=[field.name for field in partition],
                configuration=TABLE_SETTINGS,
            )
        return DeltaTable(str(folder))

    def _placed(self, staged: StagedMonth, part: StagedPart, version: int) -> AddAction:
        """Move a part to where `version` will name it. No other version can: each name holds its own number."""
        from deltalake.transaction import AddAction

        path = f"month={staged.month}/bucket={part.bucket}/part-{version:06d}.parquet"
        file = self.tables / staged.table / path
        make_folder(file.parent)
        part.file.replace(file)
        sync(file.parent)
        partition: dict[str, str | None] = {"month": str(staged.month), "bucket": str(part.bucket)}
        # A modification time of 0 keeps the log the same for the same inputs; nothing reads it.
        return AddAction(path, file.stat().st_size, partition, 0, True, json.dumps({"numRecords": part.rows}))

    def _files_of_version(self, table: str, version: int) -> dict[tuple[str, int], Path]:
        """Delta's answer to which file holds which month and bucket, kept because versions never change."""
        if (table, version) not in self._known_files:
            from deltalake import DeltaTable

            folder = self.tables / table
            actions = DeltaTable(str(folder), version=version).get_add_actions(flatten=True)
            columns = (actions.column(name).to_pylist() for name in ("partition.month", "partition.bucket", "path"))
            self._known_files[table, version] = {
                (month, bucket): folder / path for month, bucket, path in zip(*columns, strict=True)
            }
        return self._known_files[table, version]

    def _log_entry(self, table: str, version: int) -> Path:
        return self.tables / table / "_delta_log" / f"{version:020d}.json"
