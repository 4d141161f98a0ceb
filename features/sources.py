"""Sources: an operator's own files become contract tables by SQL mappings, run in a locked engine.

This is the only door to DuckDB. A mapping is somebody else's SQL: it is one SELECT, it can read the
extract folder and nothing else, and it sees neither the key nor the settings.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features import FeaturesError
from features.extracts import check_gzip, files_of, stage
from features.mapped_files import located, named
from features.mapped_table import CUSTOMER, MappedTable, known_ids_select, literal, quoted, staging_select
from features.mapping_errors import Complaint
from features.months import Month
from features.open_extract import MappedExtract, OpenExtract, suitable_buckets
from features.source_mapping import Source, read_mapping
from features.typed_values import hmac_pads

if TYPE_CHECKING:
    import duckdb

__all__ = ["OpenExtract", "Source", "load_source", "open_extract"]

_MONTHS, _IDS = "customer_months", "customer_ids"


def load_source(name_or_path: str, registered: Path) -> Source:
    """The mapping of that name under `registered`, or in that folder when a path is given.

    Raises FeaturesError for an unknown name (listing the known ones), a key, table or column that does not
    exist, and SQL that is not exactly one SELECT.
    """
    import duckdb

    source = read_mapping(name_or_path, registered)
    with duckdb.connect() as engine:
        for table, sql in source.tables.items():
            _check_one_select(engine, f"{source.name}/{table}.sql", sql)
    return source


def _check_one_select(engine: duckdb.DuckDBPyConnection, where: str, sql: str) -> None:
    """Parse without running; the statement must leave no parameter open, because the key is passed as one."""
    import duckdb

    try:
        statements = engine.extract_statements(sql)
    except duckdb.Error as error:
        raise FeaturesError(f"{where}: {str(error).splitlines()[0]}; correct the SELECT") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise FeaturesError(f"{where}: holds {len(statements)} statements or no SELECT; write exactly one SELECT")
    if statements[0].named_parameters:
        raise FeaturesError(f"{where}: holds a parameter (? or $name), which nothing fills; write the value")


@contextmanager
def open_extract(  # noqa: PLR0913 - all but the first two come by name, each from another part of the settings
    source: Source,
    extract: Path,
    *,
    staging: Path,
    key: bytes | None,
    buckets: int | None,
    threads: int,
    memory_gb: float,
    only: Month | None = None,
) -> Iterator[OpenExtract]:
    """The extract's tables, mapped and typed, ready to be read by month and bucket.

    `only` passes over the files whose names tell another month. `staging` is a scratch folder on a disk with room
    for the mapped tables; what is written there holds customers' data, is readable by the owner alone and is
    removed at the end.
    """
    if source.keyed and not key:
        raise FeaturesError(
            f"source {source.name}: {', '.join(source.keyed)} must be keyed and there is no key; make one with: "
            f"holdfast key new FILE, then give it as [privacy] key_file in the settings or as HOLDFAST_KEY_FILE"
        )
    extract = extract.resolve()
    others = _of_other_months(source, extract, only)
    with _scratch(staging.resolve()) as (staged, spill):
        stage(extract, source.files, staged, others)
        engine = _locked_engine([extract, staged], spill, source.timezone, threads, memory_gb)
        try:
            reading = _Reading(engine, source, extract, staged, key, frozenset(others))
            mapped = reading.mapped()
            yield OpenExtract(
                engine,
                mapped,
                lambda table: reading.map_rows(mapped, table),
                buckets or suitable_buckets(engine),
                only,
                frozenset(others.values()),
            )
        finally:
            engine.close()


def _of_other_months(source: Source, extract: Path, only: Month | None) -> dict[str, Month]:
    """The files whose names tell another month than the one asked for, with that month; none when all are asked for."""
    if only is None:
        return {}
    told = {file: source.month_of(file) for file in files_of(extract)}
    return {file: month for file, month in told.items() if month not in (None, only)}


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
    """A locked engine on one staged extract."""

    engine: duckdb.DuckDBPyConnection
    source: Source
    extract: Path
    staged: Path
    key: bytes | None
    passed_over: frozenset[str] = frozenset()

    def mapped(self) -> MappedExtract:
        """Every table as it is mapped, and the rows of customers: histories are spread over their months."""
        found = {
            name: located(sql, self.staged)
            for name, sql in self.source.tables.items()
            if not self._is_of_other_months(sql)
        }
        if "customers" not in found:
            raise FeaturesError(self._no_customers())
        files = {name: read for name, (_, read) in found.items()}
        check_gzip(self.staged, sorted({name for read in files.values() for name in read}))
        tables = {name: self._mapped_table(name, sql) for name, (sql, _) in found.items()}
        mapped = MappedExtract(self.source, tables, files, self.extract, self.staged, self.passed_over)
        self._map_customers(mapped)
        return mapped

    def _map_customers(self, mapped: MappedExtract) -> None:
        """The ids, rows and months of customers: what the other tables are keyed and placed by."""
        customers = mapped.tables["customers"]
        if CUSTOMER in customers.keyed:
            with self._explaining("customers"):
                ids = known_ids_select(customers, quoted(_view("customers")))
                self.engine.execute(f"CREATE TEMP TABLE {_IDS} AS {ids}", self._pads(customers))
        self.map_rows(mapped, "customers")
        self.engine.execute(
            f"CREATE TEMP TABLE {_MONTHS} AS SELECT DISTINCT month FROM customers WHERE month IS NOT NULL"
        )

    def map_rows(self, mapped: MappedExtract, name: str) -> None:
        """Run the mapping of table `name` into a temporary table of that name."""
        table = mapped.tables[name]
        ids = _IDS if CUSTOMER in table.keyed else None
        with self._explaining(name):
            select = staging_select(table, quoted(_view(name)), _MONTHS, ids)
            self.engine.execute(f"CREATE TEMP TABLE {quoted(name)} AS {select}", self._pads(table))

    def _pads(self, table: MappedTable) -> dict[str, bytes]:
        """The key as a table's statement takes it; the engine refuses a parameter that a statement does not hold."""
        return hmac_pads(self.key) if self.key and set(table.present()) & set(table.keyed) else {}

    @contextmanager
    def _explaining(self, name: str) -> Iterator[None]:
        """What the engine says about the mapping of table `name`, in words that hold nobody's data."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            sql, read = located(self.source.tables[name], self.staged)
            raise FeaturesError(Complaint(str(error), name, sql, read, self.extract, self.staged).explained()) from None

    def _is_of_other_months(self, sql: str) -> bool:
        """Whether all files of a mapping were passed over: its table was not delivered for the month."""
        return not located(sql, self.staged)[1] and bool(named(sql, self.passed_over))

    def _no_customers(self) -> str:
        others = named(self.source.tables["customers"], self.passed_over)
        held = sorted(str(self.source.month_of(file)) for file in others)
        return (
            f"customers: no file of the month is in the extract folder, which holds {held[0]} to {held[-1]}; deliver "
            f"it, or correct month_in_name in source.toml"
        )

    def _mapped_table(self, name: str, sql: str) -> MappedTable:
        """What the mapping yields, as a view: a view cannot write, and its text meets no statement with the key."""
        from features.contracts import contract_of

        with self._explaining(name):
            self.engine.execute(f"CREATE TEMP VIEW {quoted(_view(name))} AS {sql}")
        # Asking the catalogue costs nothing; DESCRIBE would look into the files once more.
        columns = self.engine.execute(
            "SELECT lower(column_name), data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index",
            [_view(name)],
        )
        table = MappedTable(contract_of(name), dict(columns.fetchall()), self.source.keyed)
        table.check()
        return table


def _view(table: str) -> str:
    return f"mapping of {table}"
