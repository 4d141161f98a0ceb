"""Known months: what was known of each table at the close of a month, and nothing later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import narwhals as nw

from features import FeaturesError
from features.months import Month

Frame: TypeAlias = nw.LazyFrame[Any]
"""A lazy table of any engine; one row per key."""


@dataclass(frozen=True)
class KnownMonths:
    """The contract tables as they were known at the close of `as_of`, month by month.

    `read(table, month)` gives that month's rows without the columns `month` and `bucket`, or None where
    the month was not delivered: absence is unknown, never zero. Asking for a month after `as_of` is an
    error rather than an empty answer, so that no feature can look ahead by accident. Tables of customers hold
    one bucket of them where the reader works by buckets; `read_whole` gives all of them, for what one customer
    has to do with others.
    """

    as_of: Month
    read: Callable[[str, Month], Frame | None]
    read_whole: Callable[[str, Month], Frame | None] | None = None
    hold: Callable[[Frame], Frame] | None = None
    held: dict[str, Frame | None] = field(default_factory=dict)

    def table(self, name: str, month: Month) -> Frame | None:
        self._refuse_later(name, month)
        return self.read(name, month)

    def whole_table(self, name: str, month: Month) -> Frame | None:
        """The month's rows of all customers, whichever bucket is being worked on: read few columns of it."""
        self._refuse_later(name, month)
        return (self.read_whole or self.read)(name, month)

    def once(self, name: str, work: Callable[[], Frame | None]) -> Frame | None:
        """What `work` finds of all customers, kept under `name` for the buckets that share `held`.

        Worked out anew in each bucket it would take a time that grows with the square of the customers.
        """
        if self.hold is None:
            return work()
        if name not in self.held:
            found = work()
            self.held[name] = None if found is None else self.hold(found)
        return self.held[name]

    def _refuse_later(self, name: str, month: Month) -> None:
        if month > self.as_of:
            raise FeaturesError(f"{name}: {month} lies after {self.as_of}; features see months up to as-of only")


def refuse_lacking(rows: Frame, table: str, month: Month, columns: Iterable[str]) -> None:
    """Raise FeaturesError when a table month lacks one of `columns`: it was taken in under an older contract.

    Only a load as in time cures it: what is taken in again is otherwise known from now on, not from then.
    """
    held = rows.collect_schema().names()
    lacking = [column for column in columns if column not in held]
    if lacking:
        raise FeaturesError(
            f"{table} {month}: no column {', '.join(lacking)}, which came into the contract after the month was taken "
            f"in; take all months in again as in time: holdfast ingest --all --backload"
        )
