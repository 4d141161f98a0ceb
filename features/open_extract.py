"""An open extract: an operator's tables as they were mapped, read by month and bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from features.extracts import declared_files, files_of, input_digests
from features.mapped_files import unread_columns
from features.mapped_table import MappedTable, batch_select, quoted, unplaced_select
from features.months import Month
from features.source_mapping import Source

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_PER_BUCKET = 65_536
"""Customers a bucket holds at most when their number is not given: 50 MB as 200 columns of Float32."""


class Engine(Protocol):
    """What is asked of the SQL engine once the tables are mapped."""

    def execute(self, query: str, parameters: Any = ..., /) -> Any: ...

    def sql(self, query: str, /, *, params: Any = ...) -> Any: ...


@dataclass(frozen=True)
class MappedExtract:
    """The mapped tables of a source, each with the files of the extract that its mapping read."""

    source: Source
    tables: Mapping[str, MappedTable]
    files: Mapping[str, list[str]]
    extract: Path
    staged: Path
    passed_over: frozenset[str] = frozenset()

    def digests(self) -> dict[str, str]:
        """Of the files read as they are, and of the originals of those that were converted."""
        direct = {name for names in self.files.values() for name in names} & set(files_of(self.extract))
        converted = {file.name for file in declared_files(self.extract, self.source.files)} - self.passed_over
        return input_digests(self.extract, direct | converted)

    def left_out(self) -> list[str]:
        """Columns that were delivered and are not used."""
        extra = [
            f'{name}: column "{column}" is not in the contract and was left out; map it to custom_indicators to use it'
            for name, table in self.tables.items()
            for column in table.extra()
        ]
        read = sorted({name for names in self.files.values() for name in names})
        return extra + [note for file in read for note in self._unread(file)]

    def _unread(self, file: str) -> list[str]:
        sqls = [self.source.tables[name] for name, files in self.files.items() if file in files]
        columns = unread_columns(self.staged, file, sqls)
        some = ", ".join(columns[:8]) + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")
        return [f"{file}: no mapping reads {some}; map to custom_indicators to use"] if columns else []


def suitable_buckets(engine: Engine) -> int:
    """The power of two that keeps the first month's customers at ROWS_PER_BUCKET a bucket."""
    counted = engine.execute(
        "SELECT count(*) FROM customers WHERE month = (SELECT min(month) FROM customers)"
    ).fetchall()
    needed = -(-int(counted[0][0]) // ROWS_PER_BUCKET)
    return 1 << max(0, needed - 1).bit_length()


@dataclass(frozen=True)
class RowCounts:
    """How many rows of a mapped table each month holds, and how many none: set aside, or in force in no month."""

    by_month: Mapping[Month, int]
    unplaced: int
    in_no_month: int


@dataclass(frozen=True)
class OpenExtract:
    """An operator's tables in an open engine; every row is in one bucket of each month it belongs to.

    The rows of a table are there from when something is first asked of them until they are released: of a month
    of twenty tables the engine then holds one at a time. Customers are there from the beginning.
    """

    _engine: Engine
    _mapped: MappedExtract
    _map_rows: Callable[[str], None]
    buckets: int
    only: Month | None = None
    passed_over: frozenset[Month] = frozenset()
    _held: set[str] = field(default_factory=lambda: {"customers"})
    _counted: dict[str, RowCounts] = field(default_factory=dict)

    def months(self) -> list[Month]:
        """The months that customers were delivered for, ascending, and those whose files were passed over."""
        return sorted(self.passed_over.union(self._counts("customers").by_month))

    def tables(self) -> list[str]:
        """The tables that were delivered: not those whose files are all of months that were passed over."""
        return [name for name in self._mapped.source.tables if name in self._mapped.tables]

    def rows(self, table: str, month: Month) -> int:
        """Rows of a mapped table in `month`; none when it was not mapped."""
        return self._counts(table).by_month.get(month, 0) if table in self._mapped.tables else 0

    def files(self, table: str) -> list[str]:
        """Names of the files that the mapping of `table` read; none when it was not mapped."""
        return self._mapped.files.get(table, [])

    def batch(self, table: str, month: Month, bucket: int) -> pa.Table:
        """One bucket of one month in no order: the contract's columns in its types, null where the mapping has none.

        A boolean column `unparsable:<column>` says of each converted column in which rows a value was lost.
        """
        asked = {"month": month.first_day, "buckets": self.buckets, "bucket": bucket}
        return self._arrow(batch_select(self._mapped.tables[table], self._rows_of(table)), asked)

    def unplaced(self, table: str) -> pa.Table:
        """Rows that belong to no month, with `reason` and `month` as text before the contract's columns."""
        return self._arrow(unplaced_select(self._mapped.tables[table], self._rows_of(table)), {})

    def in_no_month(self, table: str) -> int:
        """Rows of a history that are in force in no month of customers, which is no fault."""
        return self._counts(table).in_no_month

    def is_all_placed(self, table: str) -> bool:
        """Whether no row has to be set aside, and `unplaced` is empty."""
        return not self._counts(table).unplaced

    def release(self, table: str) -> None:
        """Let go of a table's rows where one month alone was opened; what asks for them again maps them again."""
        if self.only is not None and table in self._held:
            self._counts(table)
            self._engine.execute(f"DROP TABLE {quoted(table)}")
            self._held.discard(table)

    def _rows_of(self, table: str) -> str:
        """The engine's table of them, mapped now if it is not there."""
        if table not in self._held:
            self._map_rows(table)
            self._held.add(table)
        return quoted(table)

    def _counts(self, table: str) -> RowCounts:
        if table not in self._counted:
            counted = f"SELECT month, reason IS NULL, count(*) FROM {self._rows_of(table)} GROUP BY ALL"
            found = self._engine.execute(counted).fetchall()
            lost = {is_placed: rows for day, is_placed, rows in found if day is None}
            by_month = {Month(day.year, day.month): rows for day, _, rows in found if day is not None}
            self._counted[table] = RowCounts(by_month, lost.get(False, 0), lost.get(True, 0))
        return self._counted[table]

    def _arrow(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        return self._engine.sql(sql, params=dict(parameters)).to_arrow_table()

    def notes(self) -> list[str]:
        """What was left out without anybody having said so; it stops nothing."""
        return self._mapped.left_out()

    def input_digests(self) -> dict[str, str]:
        """SHA-256 of every file of the extract that a mapping read, by its name in the folder."""
        return self._digests

    @cached_property
    def _digests(self) -> dict[str, str]:
        return self._mapped.digests()
