"""Delivery: one month of a source goes through its contracts into the warehouse, whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from features import FeaturesError
from features.contracts import CONTRACTS
from features.contracts.checked_rows import check_rows
from features.home import Home
from features.known_months import Frame
from features.mapped_table import UNPARSABLE
from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from features.refusal import (
    Arriving,
    DeliveryRules,
    named_files,
    refuse_if_bad,
    refuse_if_partial,
    refuse_unplaced,
    refuse_without_rows,
)
from features.rejects import Rejects, reject_file, unplaced_file
from features.warehouse import StagedMonth

if TYPE_CHECKING:
    from features.source_mapping import Source
    from features.sources import OpenExtract


@dataclass(frozen=True)
class Receiving:
    """Where the months of a source go, by which rules, and with what their ledger entries are signed.

    `say` is told what was set aside or left out, as it is found.
    """

    source: Source
    home: Home
    ledger: MonthLedger
    rules: DeliveryRules
    now: dt.datetime
    code: str
    say: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class Delivered:
    """What became of one table of the month: `new`, `revision` or `unchanged`, with its counts."""

    table: str
    month: Month
    outcome: str
    revision: int
    rows: int
    rejected: int


def deliver(
    receiving: Receiving,
    extract: OpenExtract,
    month: Month,
    *,
    known_since: Month | None = None,
    accept_partial: bool = False,
) -> list[Delivered]:
    """Check every table of `month` and replace the month in the warehouse; the tables' outcomes.

    `known_since` is the month at whose close this delivery was on hand. When None it is the latest month on
    hand or, for a correction, in the extract: a correction or a late table leaves untouched what older as-of
    dates saw. Raises FeaturesError, with nothing changed, when a required table has no rows, when more than
    the allowed share of a table is bad or of no month, or when the month looks partial. Where one month alone was
    opened, each table is let go of once it is staged. The caller holds the month's lock.
    """
    staged: dict[str, StagedMonth] = {}
    rejected: dict[str, int] = {}
    required = _required(receiving.source)
    try:
        # What has to be there comes first, because its lack refuses the month before the rest has cost its time.
        for table in [*required, *(name for name in extract.tables() if name not in required)]:
            arriving = Arriving(extract, table, month)
            set_aside_unplaced(receiving, extract, table)
            if _is_to_be_delivered(arriving, is_required=table in required):
                rejects = Rejects()
                staged[table] = receiving.ledger.warehouse.stage_month(table, month, _good_rows(arriving, rejects))
                rejected[table] = rejects.bad
                _refuse_if_unfit(receiving, arriving, rejects, None if accept_partial else staged[table].rows)
            extract.release(table)
        parts = [staged[table] for table in receiving.source.tables if table in staged]
        return _entered(receiving, extract, parts, rejected, known_since)
    finally:
        for part in staged.values():
            part.discard()


def set_aside_unplaced(receiving: Receiving, extract: OpenExtract, table: str) -> None:
    """Put a table's rows whose month cannot be read into `rejects/month=unknown/`, and say how many.

    Raises FeaturesError when they are more than the allowed share of the table.
    """
    if table not in extract.tables():
        return
    rejects, written = Rejects(), unplaced_file(receiving.home.rejects, table, extract.only)
    if not extract.is_all_placed(table):
        unplaced = extract.unplaced(table)
        rejects.add(unplaced.num_rows, unplaced)
    rejects.write(written)
    if rejects.bad:
        refuse_unplaced(extract, table, rejects, receiving.rules)
        receiving.say(f"{table}: {rejects.bad:,} rows belong to no month; see {written}")
    outside = extract.in_no_month(table)
    if outside:
        receiving.say(f"note: {table}: {outside:,} rows are in force in no month of customers and were left out")


def refuse_without_months(receiving: Receiving, extract: OpenExtract) -> None:
    """Raise FeaturesError when an extract has no month at all, or customers whose months cannot be read."""
    set_aside_unplaced(receiving, extract, "customers")
    if not extract.months():
        raise FeaturesError(f"customers ({named_files(extract, 'customers')}): no rows; deliver the complete extract")


def _required(source: Source) -> list[str]:
    """The tables without which there is no month: those that say who was there, and who left."""
    needed = {"customers", *(activity.table for activity in source.churn.activity)}
    needed |= {"outcomes"} if source.churn.given else set()
    return [table for table in source.tables if table in needed]


def _is_to_be_delivered(arriving: Arriving, *, is_required: bool) -> bool:
    """Whether a table has rows in the month; a required one without refuses it, an optional one is unknown.

    An interval table without rows is delivered all the same: nothing was in force, which is an answer.
    """
    extract, table = arriving.extract, arriving.table
    if extract.rows(table, arriving.month) or (CONTRACTS[table].interval and table in extract.tables()):
        return True
    if is_required:
        refuse_without_rows(arriving)
    return False


def _refuse_if_unfit(receiving: Receiving, arriving: Arriving, rejects: Rejects, rows: int | None) -> None:
    """Keep what was refused, and refuse the month when that is too much, or its good `rows`, if given, too few."""
    written = reject_file(receiving.home.rejects, arriving.table, arriving.month)
    rejects.write(written)
    refuse_if_bad(arriving, rejects, receiving.rules, written)
    if rows is not None and not CONTRACTS[arriving.table].interval:
        refuse_if_partial(arriving, rows, receiving.ledger, receiving.rules)


def _good_rows(arriving: Arriving, rejects: Rejects) -> Iterator[tuple[int, Frame]]:
    """Good rows bucket by bucket; bad ones go to `rejects`."""
    contract = CONTRACTS[arriving.table]
    for bucket in range(arriving.extract.buckets if contract.by_customer else 1):
        rows = arriving.extract.batch(arriving.table, arriving.month, bucket)
        flags = {name: name.removeprefix(UNPARSABLE) for name in rows.column_names if name.startswith(UNPARSABLE)}
        checked = check_rows(contract, rows, flags)
        rejects.add(rows.num_rows, checked.bad)
        yield bucket, nw.from_native(checked.good.lazy())


def _entered(
    receiving: Receiving,
    extract: OpenExtract,
    staged: list[StagedMonth],
    rejected: dict[str, int],
    known_since: Month | None,
) -> list[Delivered]:
    """Enter every table whose content is new into the ledger; the month appears all at a time."""
    ledger = receiving.ledger
    before = {part.table: ledger.known(part.table, part.month) for part in staged}
    changed = [part for part in staged if _is_news(part, before[part.table], known_since)]
    inputs = json.dumps(extract.input_digests(), sort_keys=True)
    origin = Origin(inputs, receiving.source.name, receiving.code, receiving.now)
    since = known_since or _arrived(extract, ledger, staged[0].month, correction=any(before.values()))
    entries = {entry.table: entry for entry in ledger.enter(changed, origin, since, rejected)}
    return [_outcome(part, before[part.table], entries.get(part.table), rejected[part.table]) for part in staged]


def _is_news(part: StagedMonth, before: Entry | None, known_since: Month | None) -> bool:
    """Other content, or the same content that is now said to have been on hand earlier."""
    if before is None or part.content_hash != before.content_hash:
        return True
    return known_since is not None and known_since < before.known_since


def _arrived(extract: OpenExtract, ledger: MonthLedger, month: Month, *, correction: bool) -> Month:
    """The month at whose close the delivery was on hand.

    An extract is no older than the latest month on hand, and one that corrects a month, or brings it late, is no
    older than the latest month that it brings itself.
    """
    on_hand = max([month, *ledger.months("customers")])
    return max([on_hand, *extract.months()]) if correction or month < on_hand else on_hand


def _outcome(part: StagedMonth, before: Entry | None, entered: Entry | None, rejected: int) -> Delivered:
    current = entered or before
    assert current is not None, "what was not entered is the same as what is held"
    outcome = "unchanged" if entered is None else "new" if before is None else "revision"
    return Delivered(part.table, part.month, outcome, current.revision, part.rows, rejected)
