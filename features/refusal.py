"""Refusal: when a month is turned away whole, in one line that says where, why and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features import FeaturesError
from features.months import Month

if TYPE_CHECKING:
    from features.month_ledger import MonthLedger
    from features.open_extract import OpenExtract
    from features.rejects import Rejects

LONGEST_EXAMPLE = 60
DATE_LIKE = re.compile(r"\d{1,8}|[\d./-]{1,10}(?<!\d{9})")


@dataclass(frozen=True)
class DeliveryRules:
    """When a month is refused: too many bad rows, or so few rows that the extract looks partial.

    Shares of rows, 0–1. `max_shrink` compares with the month before and with what is held of the month: an
    operator does not lose a third of its customers in a month, but an interrupted export does.
    """

    max_bad_share: float = 0.01
    max_shrink: float = 0.3
    reject_days: int = 90
    keep_revision_days: int = 730


@dataclass(frozen=True)
class Arriving:
    """One table of a month on its way from an extract into the warehouse."""

    extract: OpenExtract
    table: str
    month: Month

    def __str__(self) -> str:
        """Table, month and files, which begin every line about it."""
        return f"{self.table} {self.month} ({named_files(self.extract, self.table)})"


def named_files(extract: OpenExtract, table: str) -> str:
    files = extract.files(table)
    return f"{len(files)} files" if len(files) > 3 else ", ".join(files) or "no file"


def refuse_without_rows(arriving: Arriving) -> None:
    """Raise FeaturesError because a required table has no rows in the month."""
    months = arriving.extract.months()
    held = f"customers are there for {months[0]} to {months[-1]}" if months else "customers are there for no month"
    raise FeaturesError(
        f"{arriving}: no rows in this month; {held}; deliver the complete extract of {arriving.month}, "
        f"or correct month in {arriving.table}.sql"
    )


def refuse_if_bad(arriving: Arriving, rejects: Rejects, rules: DeliveryRules, written: Path) -> None:
    """Raise FeaturesError, naming the commonest reasons, when more than the allowed share of the rows is bad."""
    if rejects.bad <= rules.max_bad_share * rejects.seen:
        return
    reasons = ", ".join(f"{reason} in {count:,} row{'s' * (count > 1)}" for reason, count in rejects.commonest()[:3])
    raise FeaturesError(
        f"{arriving}: {rejects.bad:,} of {rejects.seen:,} rows are bad, more than the allowed "
        f"{rules.max_bad_share:.0%}: {reasons}{_example(arriving, rejects)}; mend the extract or {arriving.table}.sql "
        f"(the rows are in {written})"
    )


def _example(arriving: Arriving, rejects: Rejects) -> str:
    """An offending value of the commonest reason, where its column identifies nobody."""
    from features.contracts import contract_of

    contract, reason = contract_of(arriving.table), rejects.commonest()[0][0]
    column = reason.partition(":")[0]
    if column not in contract.columns() or not contract.shows_values(column):
        return ""
    return _quoted(rejects.example(reason, column))


def _quoted(value: str | None) -> str:
    return f" (for example {value[:LONGEST_EXAMPLE]!r})" if value else ""


def refuse_if_partial(arriving: Arriving, rows: int, ledger: MonthLedger, rules: DeliveryRules) -> None:
    """Raise FeaturesError when a table is much smaller than it was in the month before, or in this month till now."""
    for month, when in ((arriving.month - 1, f"in {arriving.month - 1}"), (arriving.month, "delivered before")):
        before = ledger.known(arriving.table, month)
        if before is not None and rows < (1 - rules.max_shrink) * before.rows:
            raise FeaturesError(
                f"{arriving}: {rows:,} rows against {before.rows:,} {when} looks like a partial extract; "
                f"deliver it whole, or pass --accept-partial if it is right"
            )


def refuse_unplaced(extract: OpenExtract, table: str, unplaced: Rejects, rules: DeliveryRules) -> None:
    """Raise FeaturesError when more than the allowed share of a table's rows belongs to no month.

    The month is then mapped wrongly rather than dirty. Rows of a history are in many months, so its
    largest month stands for how many there are.
    """
    from features.contracts import contract_of

    counts = [extract.rows(table, month) for month in extract.months()]
    placed = max(counts, default=0) if contract_of(table).interval else sum(counts)
    rows, reason = unplaced.bad + placed, unplaced.commonest()[0][0]
    if unplaced.bad > rules.max_bad_share * rows:
        raise FeaturesError(
            f"{table} ({named_files(extract, table)}): {unplaced.bad:,} of {rows:,} rows belong to no month: "
            f"{reason}{_quoted(_like_a_date(unplaced.example(reason, 'month')))}; mend the extract or {table}.sql"
        )


def _like_a_date(text: str | None) -> str | None:
    """The text where it can be a date at most; a wrongly mapped month may hold a phone number."""
    return text if text and DATE_LIKE.fullmatch(text) else None
