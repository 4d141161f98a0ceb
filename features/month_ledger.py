"""Month ledger: which version of which table holds a month, and since when it was known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from features import FeaturesError
from features.contracts import CONTRACTS
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


@dataclass(frozen=True)
class Origin:
    """What table months were made from, by which source and version of the code, and when."""

    inputs: str
    source: str
    code: str
    now: dt.datetime


class MonthLedger:
    """The append-only list of deliveries; a reader sees a month only once its entry is committed.

    The tables of a month are committed one by one, the ledger once for all of them, so that nobody reads
    half a month; going back to an earlier revision is one more entry that points to the old version.
    """

    def __init__(self, warehouse: Warehouse, at_rest: tuple[Entry, ...] | None = None) -> None:
        self.warehouse = warehouse
        self._entries = at_rest or ()
        self._is_at_rest = at_rest is not None
        self._version = -1

    def entries(self) -> tuple[Entry, ...]:
        """All entries, oldest first."""
        version = self.warehouse.version(TABLE)
        if version != self._version and not self._is_at_rest:
            self._entries = tuple(_entry(row) for row in self.warehouse.rows(TABLE))
            self._version = version
        return self._entries

    def at_rest(self) -> MonthLedger:
        """This ledger as it is now, deaf to what others append: for work that reads one state many times."""
        return MonthLedger(self.warehouse, self.entries())

    def enter(
        self,
        staged: Sequence[StagedMonth],
        origin: Origin,
        known_since: Month | None = None,
        rejected: Mapping[str, int] = MappingProxyType({}),
    ) -> list[Entry]:
        """Commit the staged tables of a month, then name them all at once; their entries.

        `known_since` is each one's own month when None; `rejected` counts refused rows by table.
        """
        facts = {"inputs": origin.inputs, "source": origin.source, "code": origin.code}
        entries = [
            Entry(
                table=part.table,
                month=part.month,
                known_since=known_since or part.month,
                revision=self.next_revision(part.table, part.month),
                version=self.warehouse.commit(part, facts),
                rows=part.rows,
                rejected=rejected.get(part.table, 0),
                content_hash=part.content_hash,
                schema_hash=part.schema_hash,
                inputs=origin.inputs,
                source=origin.source,
                code=origin.code,
                recorded_at=origin.now.isoformat(),
            )
            for part in staged
        ]
        self._append(entries)
        return entries

    def revisions(self, table: str, month: Month) -> list[Entry]:
        """All entries of a table month, oldest first."""
        return [entry for entry in self.entries() if (entry.table, entry.month) == (table, month)]

    def known(self, table: str, month: Month, as_of: Month | None = None) -> Entry | None:
        """The revision of a table month that was on hand at the close of `as_of` (now, when None)."""
        found = [entry for entry in self.revisions(table, month) if as_of is None or entry.known_since <= as_of]
        return found[-1] if found else None

    def next_revision(self, table: str, month: Month) -> int:
        return 1 + max((entry.revision for entry in self.revisions(table, month)), default=0)

    def months(self, table: str, as_of: Month | None = None) -> list[Month]:
        """Months of `table` on hand at the close of `as_of` (now, when None), ascending."""
        held = {e.month for e in self.entries() if e.table == table and (as_of is None or e.known_since <= as_of)}
        return sorted(held)

    def known_months(
        self, as_of: Month, bucket: int | None, held: dict[str, Frame | None] | None = None
    ) -> KnownMonths:
        """The contract tables as known at the close of `as_of`, one bucket of them or all.

        With `held`, what concerns all customers is put there for the buckets that are given the same one.
        What is delivered while they are being read stays unseen, so that no half of a new month gets in.
        """
        seen = self.at_rest()

        def read_whole(table: str, month: Month) -> Frame | None:
            return part(table, month, None)

        def read(table: str, month: Month) -> Frame | None:
            contract = CONTRACTS.get(table)  # Holdfast's own tables have none, and lie in their customers' buckets
            return part(table, month, bucket if contract is None or contract.by_customer else None)

        def part(table: str, month: Month, bucket: int | None) -> Frame | None:
            entry = seen.known(table, month, as_of)
            return None if entry is None else self.warehouse.read(table, month, entry.version, bucket)

        if held is None:
            return KnownMonths(as_of, read, read_whole)
        return KnownMonths(as_of, read, read_whole, self.warehouse.hold, held)

    def restore(self, table: str, month: Month, revision: int, now: dt.datetime) -> Entry:
        """Make an earlier revision of a table month the current one again, by one more entry.

        It takes the place of the current revision from the month on in which that was known, but no earlier
        than it was known itself. Raises FeaturesError when there is no such revision or it was vacuumed.
        """
        held = self.revisions(table, month)
        wanted = next((entry for entry in held if entry.revision == revision), None)
        if wanted is None:
            known = ", ".join(str(entry.revision) for entry in held)
            raise FeaturesError(
                f"{table} {month}: there is no revision {revision}; "
                + (f"choose one of {known}" if known else "no revision of this month was delivered")
            )
        current = held[-1]
        if wanted.version == current.version:
            return current
        self.warehouse.files(table, month, wanted.version)
        restored = replace(
            wanted,
            known_since=max(wanted.known_since, current.known_since),
            revision=self.next_revision(table, month),
            recorded_at=now.isoformat(),
        )
        self._append([restored])
        return restored

    def to_keep(self, table: str, since: dt.datetime) -> set[tuple[Month, int]]:
        """Months with versions that reading as of any month needs, and those that were replaced only after `since`."""
        kept = set()
        for month in self.months(table):
            held = self.revisions(table, month)
            for entry, *later in (held[at:] for at in range(len(held))):
                is_read = all(entry.known_since < other.known_since for other in later)
                if is_read or dt.datetime.fromisoformat(later[0].recorded_at) >= since:
                    kept.add((month, entry.version))
        return kept

    def _append(self, entries: Sequence[Entry]) -> None:
        rows = [asdict(entry) | {"month": str(entry.month), "known_since": str(entry.known_since)} for entry in entries]
        if rows:
            self.warehouse.append_rows(TABLE, rows, _COLUMNS)


_COLUMNS: dict[str, type] = {field.name: int if field.type == "int" else str for field in fields(Entry)}


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(**{**row, "month": Month.parse(row["month"]), "known_since": Month.parse(row["known_since"])})
