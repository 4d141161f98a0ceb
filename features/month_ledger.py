"""Month ledger: which version of which table holds a month, and since when it was known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from features import FeaturesError
from features.known_months import Frame, KnownMonths
from features.months import Month
from features.warehouse import StagedMonth, Warehouse

TABLE = "month_ledger"


@dataclass(frozen=True)
class Entry:
    """One delivery of one table month; the last entry that was known by a month is the one to read.

    `known_since` is the month at whose close this revision was on hand: the month itself for a timely
    delivery, a later one for a correction. `inputs` identifies what the rows were made from.
    """

    table: str
    month: Month
    known_since: Month
    revision: int
    version: int
    rows: int
    rejected: int
    content_hash: str
    schema_hash: str
    inputs: str
    source: str
    code: str
    recorded_at: str


class MonthLedger:
    """The append-only list of deliveries; a reader sees a month only once its entry is committed.

    The tables of a month are committed one by one, the ledger once for all of them, so that nobody reads
    half a month; going back to an earlier revision is one more entry that points to the old version.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._entries: list[Entry] = []
        self._version = -1

    def entries(self) -> list[Entry]:
        """All entries, oldest first."""
        version = self.warehouse.version(TABLE)
        if version != self._version:
            self._entries = [_entry(row) for row in self.warehouse.rows(TABLE)]
            self._version = version
        return self._entries

    def append(self, entries: Iterable[Entry]) -> None:
        rows = [asdict(entry) | {"month": str(entry.month), "known_since": str(entry.known_since)} for entry in entries]
        if rows:
            self.warehouse.append_rows(TABLE, rows, _COLUMNS)

    def record(
        self, staged: StagedMonth, version: int, *, inputs: str, source: str, code: str, now: dt.datetime
    ) -> Entry:
        """Append the entry of a month that Holdfast made itself: it is as of that month, and nothing is rejected."""
        entry = Entry(
            table=staged.table,
            month=staged.month,
            known_since=staged.month,
            revision=self.next_revision(staged.table, staged.month),
            version=version,
            rows=staged.rows,
            rejected=0,
            content_hash=staged.content_hash,
            schema_hash=staged.schema_hash,
            inputs=inputs,
            source=source,
            code=code,
            recorded_at=now.isoformat(),
        )
        self.append([entry])
        return entry

    def known(self, table: str, month: Month, as_of: Month | None = None) -> Entry | None:
        """The revision of a table month that was on hand at the close of `as_of` (now, when None)."""
        found = [
            entry
            for entry in self.entries()
            if (entry.table, entry.month) == (table, month) and (as_of is None or entry.known_since <= as_of)
        ]
        return found[-1] if found else None

    def next_revision(self, table: str, month: Month) -> int:
        return 1 + max((e.revision for e in self.entries() if (e.table, e.month) == (table, month)), default=0)

    def months(self, table: str, as_of: Month | None = None) -> list[Month]:
        """Months of `table` on hand at the close of `as_of` (now, when None), ascending."""
        return sorted({e.month for e in self.entries() if e.table == table and (as_of is None or e.known_since <= as_of)})

    def known_months(self, as_of: Month, bucket: int | None) -> KnownMonths:
        """The contract tables as known at the close of `as_of`, one bucket of them or all."""

        def read(table: str, month: Month) -> Frame | None:
            entry = self.known(table, month, as_of)
            return None if entry is None else self.warehouse.read(table, month, entry.version, bucket)

        return KnownMonths(as_of, read)

    def restore(self, table: str, month: Month, revision: int, now: dt.datetime) -> Entry:
        """Make an earlier revision of a table month the current one again, by one more entry."""
        wanted = [e for e in self.entries() if (e.table, e.month, e.revision) == (table, month, revision)]
        if not wanted:
            held = [str(e.revision) for e in self.entries() if (e.table, e.month) == (table, month)]
            raise FeaturesError(
                f"{table} {month}: there is no revision {revision}; "
                + (f"choose one of {', '.join(held)}" if held else "no revision of this month was delivered")
            )
        old, current = wanted[0], self.known(table, month)
        assert current is not None  # an entry of this month was just found
        changed = {"revision": self.next_revision(table, month), "recorded_at": now.isoformat()}
        restored = Entry(**{**_values(old), "known_since": current.known_since, **changed})
        self.append([restored])
        return restored

    def versions_to_keep(self, table: str, since: dt.datetime) -> list[int]:
        """Versions that reading still needs: every current month, and what was recorded after `since`."""
        current = {self.known(table, month) for month in self.months(table)}
        recent = {e for e in self.entries() if e.table == table and e.recorded_at >= since.isoformat()}
        return sorted({entry.version for entry in current | recent if entry is not None})


_COLUMNS: dict[str, type] = {f.name: int if f.type == "int" else str for f in fields(Entry)}


def _values(entry: Entry) -> dict[str, object]:
    return {f.name: getattr(entry, f.name) for f in fields(Entry)}


def _entry(row: dict[str, object]) -> Entry:
    months = {name: Month.parse(str(row[name])) for name in ("month", "known_since")}
    return Entry(**{**row, **months})  # type: ignore[arg-type]  # the ledger's own columns, written by `append`


