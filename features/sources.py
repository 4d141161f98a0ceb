"""Sources: an operator's own files become contract tables by SQL mappings, run in a locked engine.

This is the only door to DuckDB. A mapping is somebody else's SQL: it is one SELECT, it can read the
extract folder and nothing else, and it sees neither the key nor the settings.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features import FeaturesError
from features.extracts import check_gzip, files_of, input_digests, stage
from features.mapped_files import located, unread_columns
from features.mapped_table import (
    EXAMPLE,
    MappedTable,
    batch_select,
    literal,
    quoted,
    staging_select,
    unplaced_select,
)
from features.mapping_errors import explained
from features.months import Month
from features.source_mapping import Source, read_mapping

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS_PER_BUCKET = 65_536
"""Customers a bucket holds at most when the number of buckets is not given; a bucket of 200 float columns is then 50 MB."""

_MONTHS = "customer_months"


def load_source(name_or_path: str, registered: Path) -> Source:
    """The mapping of that name under `registered`, or in that folder when a path is given.

    Raises FeaturesError for an unknown name (listing the known ones), a key, table or column that does not
    exist, and SQL that is not exactly one SELECT.
    """
    source = read_mapping(name_or_path, registered)
    for table, sql in source.tables.items():
        _check_one_select(f"{source.name}/{table}.sql", sql)
    return source


def _check_one_select(where: str, sql: str) -> None:
    import duckdb

    with duckdb.connect() as engine:
        try:
            statements = engine.extract_statements(sql)
        except duckdb.Error as error:
            raise FeaturesError(f"{where}: {str(error).splitlines()[0]}; correct the SELECT") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise FeaturesError(f"{where}: holds {len(statements)} statements or no SELECT; write exactly one SELECT")
    if statements[0].named_parameters:
        raise FeaturesError(f"{where}: holds a parameter (? or $name), which nothing fills; write the value")


@contextmanager
def open_extract(
    source: Source,
    extract: Path,
    *,
    staging: Path,
    key: bytes | None,
    buckets: int | None,
    threads: int,
    memory_gb: float,
) -> Iterator[OpenExtract]:
    """The extract's tables, mapped and typed, ready to be read by month and bucket.

    `staging` is a scratch folder on a disk with room for the mapped tables; what is written there holds
    customers' data, is readable by the owner alone and is removed at the end.
    """
    if source.keyed and not key:
        raise FeaturesError(
            f"source {source.name}: {', '.join(source.keyed)} must be keyed and there is no key; make one with: "
            f"holdfast key new FILE, then give it as [privacy] key_file in the settings or as HOLDFAST_KEY_FILE"
        )
    extract = extract.resolve()
    with _scratch(staging.resolve()) as (staged, spill):
        stage(extract, source.files, staged)
        engine = _locked_engine([extract, staged], spill, source.timezone, threads, memory_gb)
        try:
            yield _opened(_Reading(engine, source, extract, staged, key), buckets)
        finally:
            engine.close()


@contextmanager
def _scratch(staging: Path) -> Iterator[tuple[Path, Path]]:
    """Two empty private folders, for staged files and for the engine to spill to."""
    folders = staging / "files", staging / "spill"
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
    try:
        yield folders
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _locked_engine(
    folders: list[Path], spill: Path, timezone: str, threads: int, memory_gb: float
) -> duckdb.DuckDBPyConnection:
    """An engine that reads files in `folders`, writes to `spill`, loads nothing and cannot be reconfigured."""
    import duckdb

    engine = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "python_enable_replacements": False,
            "temp_directory": str(spill),
            "threads": threads,
            "memory_limit": f"{memory_gb}GB",
        }
    )
    allowed = ", ".join(literal(str(folder)) for folder in folders)
    engine.execute(f"SET TimeZone = {literal(timezone)}")
    engine.execute(f"SET allowed_directories = [{allowed}]")
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")
    return engine


@dataclass(frozen=True)
class _Reading:
    """A locked engine on one staged extract, filling up with mapped tables and the files that each one read."""

    engine: duckdb.DuckDBPyConnection
    source: Source
    extract: Path
    staged: Path
    key: bytes | None
    tables: dict[str, MappedTable] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)

    def map(self, name: str) -> None:
        """Run the mapping of table `name` into a temporary table of that name."""
        import duckdb

        sql, read = located(self.source.tables[name], self.staged)
        check_gzip(self.staged, read)
        try:
            self.tables[name] = self._typed(name, sql)
        except duckdb.Error as error:
            raise FeaturesError(explained(str(error), name, read, self.extract, self.staged)) from None
        self.files[name] = read

    def _typed(self, name: str, sql: str) -> MappedTable:
        """The mapping becomes a view first: a view cannot write, and its text meets no statement that holds the key."""
        from features.contracts import contract_of

        view = f"mapping of {name}"
        self.engine.execute(f"CREATE TEMP VIEW {quoted(view)} AS {sql}")
        # Asking the catalogue costs nothing; DESCRIBE would look into the files once more.
        columns = self.engine.execute(
            "SELECT lower(column_name), data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [view]
        )
        table = MappedTable(contract_of(name), dict(columns.fetchall()), self.source.keyed)
        table.check()
        pads = _hmac_pads(self.key) if self.key and set(table.present()) & set(table.keyed) else {}
        self.engine.execute(f"CREATE TEMP TABLE {quoted(name)} AS {staging_select(table, quoted(view), _MONTHS)}", pads)
        return table

    def digests(self) -> dict[str, str]:
        """Of the files read as they are, and of the originals of those that were converted."""
        read = {name for names in self.files.values() for name in names}
        return input_digests(
            self.extract, (read & set(files_of(self.extract))) | {file.name for file in self.source.files}
        )

    def notes(self) -> list[str]:
        """What stops nothing, but is left out without anybody having said so."""
        return [
            *(note for name, table in self.tables.items() for note in self._extra(name, table)),
            *(note for file in sorted(set().union(*self.files.values())) for note in self._unread(file)),
            *(note for name in self.tables for note in self._outside(name)),
        ]

    def _extra(self, name: str, table: MappedTable) -> list[str]:
        return [
            f'{name}: column "{column}" is not in the contract and was left out; map it to custom_indicators to use it'
            for column in table.extra()
        ]

    def _unread(self, file: str) -> list[str]:
        sqls = [self.source.tables[name] for name, files in self.files.items() if file in files]
        columns = unread_columns(self.staged, file, sqls)
        some = ", ".join(columns[:8]) + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")
        return [f"{file}: no mapping reads {some}; map to custom_indicators to use"] if columns else []

    def _outside(self, name: str) -> list[str]:
        ((rows,),) = self.engine.execute(
            f"SELECT count(*) FROM {quoted(name)} WHERE month IS NULL AND reason IS NULL"
        ).fetchall()
        return [f"{name}: {rows:,} rows are in force in no month of customers and were left out"] if rows else []


def _hmac_pads(key: bytes) -> dict[str, bytes]:
    """The key as HMAC (RFC 2104) mixes it in before the outer and the inner hash; SHA-256 works in blocks of 64."""
    import hashlib

    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return {"outer": bytes(byte ^ 0x5C for byte in block), "inner": bytes(byte ^ 0x36 for byte in block)}


def _opened(reading: _Reading, buckets: int | None) -> OpenExtract:
    """Map customers first, because their months are the ones that histories are spread over."""
    reading.map("customers")
    reading.engine.execute(f"CREATE TEMP TABLE {_MONTHS} AS SELECT DISTINCT month FROM customers WHERE month IS NOT NULL")
    for name in reading.source.tables:
        if name != "customers":
            reading.map(name)
    return OpenExtract(reading, buckets or _buckets(reading.engine))


def _buckets(engine: duckdb.DuckDBPyConnection) -> int:
    """The power of two that keeps the first month's customers at ROWS_PER_BUCKET a bucket."""
    found = engine.execute("SELECT count(*) FROM customers GROUP BY month HAVING month IS NOT NULL ORDER BY month LIMIT 1")
    rows = sum(row[0] for row in found.fetchall())
    needed = -(-rows // ROWS_PER_BUCKET)
    return 1 << max(0, needed - 1).bit_length()


@dataclass(frozen=True)
class OpenExtract:
    """An operator's tables as they were mapped; every row is in one bucket of each month it belongs to."""

    _reading: _Reading
    buckets: int

    def months(self) -> list[Month]:
        """The months that customers were delivered for, ascending."""
        return [Month.parse(month) for month in sorted(self._rows_by_month["customers"])]

    def rows(self, table: str, month: Month) -> int:
        """Rows of a mapped table in `month`; none when it was not mapped."""
        return self._rows_by_month.get(table, {}).get(str(month), 0)

    @cached_property
    def _rows_by_month(self) -> dict[str, dict[str, int]]:
        return {
            table: dict(
                self._reading.engine.execute(
                    f"SELECT strftime(month, '%Y-%m'), count(*) FROM {quoted(table)} WHERE month IS NOT NULL GROUP BY 1"
                ).fetchall()
            )
            for table in self._reading.tables
        }

    def batch(self, table: str, month: Month, bucket: int) -> pa.Table:
        """One bucket of one month: the contract's columns in its types, null where the mapping has none.

        A boolean column `unparsable:<column>` says of each converted column in which rows a value was lost.
        """
        return self._arrow(
            batch_select(self._reading.tables[table], quoted(table)),
            {"month": month.first_day, "buckets": self.buckets, "bucket": bucket},
        )

    def unplaced(self, table: str) -> pa.Table:
        """Rows that belong to no month, with `reason` and `month` as text before the contract's columns."""
        return self._arrow(unplaced_select(self._reading.tables[table], quoted(table)), {})

    def _arrow(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        return self._reading.engine.sql(sql, params=dict(parameters)).to_arrow_table()

    def notes(self) -> list[str]:
        """What a person should know about the mapping though it stops nothing."""
        return self._reading.notes()

    def input_digests(self) -> dict[str, str]:
        """SHA-256 of every file of the extract that a mapping read, by its name in the folder."""
        return self._digests

    @cached_property
    def _digests(self) -> dict[str, str]:
        return self._reading.digests()

    def examples(self, table: str, column: str, month: Month) -> str | None:
        """One value that did not fit its column; None when there is none or the column may identify somebody."""
        mapped = self._reading.tables[table]
        if column not in mapped.cast() or not mapped.contract.shows_values(column):
            return None
        ((example,),) = self._reading.engine.execute(
            f"SELECT min({quoted(EXAMPLE + column)}) FROM {quoted(table)} WHERE month = ?", [month.first_day]
        ).fetchall()
        return None if example is None else str(example)
