"""Delivery: one month of a source goes through its contracts into the warehouse, whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
import polars as pl

from features import FeaturesError
from features.contracts import CONTRACTS
from features.contracts.contract import Contract
from features.home import PRIVATE, Home, sync_folder
from features.known_months import Frame
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from features.warehouse import StagedMonth, Warehouse

if TYPE_CHECKING:
    from features.source_mapping import Source
    from features.sources import OpenExtract

UNPARSABLE = "unparsable:"
MOST_REJECTS_KEPT = 100_000


@dataclass(frozen=True)
class DeliveryRules:
    """When a month is refused: too many bad rows, or so few rows that the extract looks partial.

    Shares of rows, 0–1. `max_shrink` compares with the month before; an operator does not lose a third of
    its customers in a month, but an interrupted export does.
    """

    max_bad_share: float = 0.01
    max_shrink: float = 0.3
    reject_days: int = 90
    keep_revision_days: int = 730


@dataclass(frozen=True)
class Delivered:
    """What became of one table of the month: `new`, `revision` or `unchanged`, with its counts."""

    table: str
    month: Month
    outcome: str
    revision: int
    rows: int
    rejected: int


@dataclass
class _Checked:
    """Rows of one table month on their way: counts, reasons and a bounded sample of what was refused."""

    seen: int = 0
    bad: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    rejects: list[pl.DataFrame] = field(default_factory=list)


def deliver(
    source: Source,
    extract: OpenExtract,
    month: Month,
    home: Home,
    ledger: MonthLedger,
    rules: DeliveryRules,
    *,
    now: dt.datetime,
    code: str,
    known_since: Month | None = None,
    accept_partial: bool = False,
) -> list[Delivered]:
    """Check every table of `month` and replace the month in the warehouse; the tables' outcomes.

    `known_since` is the month at whose close this delivery was on hand. When None it is the latest month
    on hand, so that a correction or a late table leaves untouched what older as-of dates saw. Raises FeaturesError, with nothing changed, when a required table has no rows,
    when more than the allowed share of a table is bad, or when the month looks partial.
    """
    warehouse = ledger.warehouse
    staged: dict[str, tuple[StagedMonth, _Checked]] = {}
    try:
        for table in _tables_with_rows(source, extract, month):
            checked = _Checked()
            staged[table] = (warehouse.stage_month(table, month, _accepted(extract, table, month, checked)), checked)
            _write_rejects(_reject_file(home, table, month), checked.rejects)
            _refuse_if_bad(home, extract, table, month, checked, rules)
            _refuse_if_partial(ledger, table, month, staged[table][0].rows, rules, accept_partial)
    except BaseException:
        for part, _ in staged.values():
            part.discard()
        raise
    return _commit(source, extract, staged, ledger, now=now, code=code, known_since=known_since)


def set_aside_unplaced(source: Source, extract: OpenExtract, home: Home, rules: DeliveryRules) -> dict[str, int]:
    """Put rows whose month cannot be read into `rejects/month=unknown/`; how many, by table.

    Raises FeaturesError when they are more than the allowed share of a table: its month column is then
    mapped wrongly rather than dirty.
    """
    found = {}
    for table in source.tables:
        unplaced = pl.DataFrame(extract.unplaced(table))
        _write_rejects(_reject_file(home, table, "unknown"), [unplaced.head(MOST_REJECTS_KEPT)])
        if unplaced.height:
            found[table] = unplaced.height
        placed = sum(extract.rows(table, month) for month in extract.months())
        if unplaced.height > rules.max_bad_share * (unplaced.height + placed):
            reason = unplaced["reason"].value_counts(sort=True)["reason"][0]
            raise FeaturesError(
                f"{table}: {unplaced.height:,} of {unplaced.height + placed:,} rows belong to no month: {reason}; "
                f"mend the extract or {table}.sql"
            )
    return found


def forget_old_rejects(home: Home, rules: DeliveryRules, now: dt.datetime) -> None:
    """Remove rejected rows older than the retention: they are customer data and serve only to mend an extract."""
    for folder in home.rejects.glob("month=*"):
        if now.timestamp() - folder.stat().st_mtime > rules.reject_days * 86_400:
            shutil.rmtree(folder)


def _tables_with_rows(source: Source, extract: OpenExtract, month: Month) -> list[str]:
    """The tables to deliver; a required one without rows refuses the month, an optional one is unknown.

    An interval table without rows is delivered all the same: nothing was in force, which is an answer.
    """
    required = {"customers", *(activity.table for activity in source.churn.activity)}
    required |= {"outcomes"} if source.churn.given else set()
    with_rows = []
    for table in source.tables:
        if extract.rows(table, month) or CONTRACTS[table].interval:
            with_rows.append(table)
        elif table in required:
            months = extract.months()
            held = f"it holds {months[0]} to {months[-1]}" if months else "it holds no month at all"
            raise FeaturesError(
                f"{table}.sql: the extract has no rows for {month} ({held}); deliver the complete extract of {month}"
            )
    return with_rows


def _accepted(extract: OpenExtract, table: str, month: Month, checked: _Checked) -> Iterator[tuple[int, Frame]]:
    """Good rows bucket by bucket; bad ones are counted into `checked` with their reasons."""
    contract = CONTRACTS[table]
    for bucket in range(extract.buckets):
        rows = pl.DataFrame(extract.batch(table, month, bucket))
        good, bad = _split(contract, rows)
        checked.seen += rows.height
        checked.bad += bad.height
        _count_reasons(bad, checked.reasons)
        if sum(part.height for part in checked.rejects) < MOST_REJECTS_KEPT:
            checked.rejects.append(bad.head(MOST_REJECTS_KEPT))
        yield bucket, nw.from_native(good.lazy())


def _count_reasons(bad: pl.DataFrame, counts: Counter[str]) -> None:
    for row in bad["reason"].value_counts().iter_rows():
        for reason in row[0].split("; "):
            counts[reason] += row[1]


def _split(contract: Contract, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that keep the contract, in key order with storage types, and the others with a `reason` column."""
    flags = [name for name in rows.columns if name.startswith(UNPARSABLE)]
    columns = list(contract.columns())
    readable = rows.filter(~pl.any_horizontal(flags)) if flags else rows
    unreadable = rows.filter(pl.any_horizontal(flags)) if flags else rows.clear()
    good, failure = contract.schema.filter(readable.select(columns), cast=True)
    details = failure.details()
    reasons = pl.concat(
        [
            unreadable.select(_as_text(columns), reason=_joined({n: f"{_column(n)}: unreadable" for n in flags}, True)),
            details.select(
                _as_text(columns),
                reason=_joined({n: _reason(contract, n) for n in details.columns if n not in columns}, "invalid"),
            ),
        ],
        how="vertical",
    )
    enums = [name for name, column in contract.columns().items() if isinstance(column.dtype, pl.Enum)]
    return good.with_columns(pl.col(enums).cast(pl.String)).sort(contract.key()), reasons


def _as_text(columns: list[str]) -> pl.Expr:
    return pl.col(columns).cast(pl.String)


def _joined(reasons: dict[str, str], failed: object) -> pl.Expr:
    """One text per row out of the reasons whose column equals `failed`."""
    if not reasons:
        return pl.lit("")
    said = [pl.when(pl.col(name).cast(pl.String) == str(failed).lower()).then(pl.lit(text)) for name, text in reasons.items()]
    return pl.concat_str(said, separator="; ", ignore_nulls=True)


def _column(flag: str) -> str:
    return flag.removeprefix(UNPARSABLE)


def _reason(contract: Contract, rule: str) -> str:
    """A dataframely rule name in words that tell what to mend."""
    column, _, check = rule.rpartition("|")
    limits = contract.columns().get(column)
    words = {
        "primary_key": f"repeated ({', '.join(contract.key())}, month); keep one row per key",
        "nullability": f"{column}: missing",
        "dtype": f"{column}: not one of the allowed values",
        "min": f"{column}: below {getattr(limits, 'min', '')}",
        "max": f"{column}: above {getattr(limits, 'max', '')}",
        "inf": f"{column}: infinite",
        "nan": f"{column}: not a number",
    }
    return words.get(check, f"{column}: breaks {check}" if column else check)


def _refuse_if_bad(
    home: Home, extract: OpenExtract, table: str, month: Month, checked: _Checked, rules: DeliveryRules
) -> None:
    if checked.bad <= rules.max_bad_share * checked.seen:
        return
    reasons = ", ".join(f"{reason} in {count:,} rows" for reason, count in checked.reasons.most_common(3))
    raise FeaturesError(
        f"{table} {month}: {checked.bad:,} of {checked.seen:,} rows are bad, more than the allowed "
        f"{rules.max_bad_share:.0%}: {reasons}{_example(extract, table, month, checked)}; mend the extract or "
        f"{table}.sql (the rows are in {_reject_file(home, table, month)})"
    )


def _example(extract: OpenExtract, table: str, month: Month, checked: _Checked) -> str:
    """An offending value of the commonest reason, where its column identifies nobody."""
    reason = checked.reasons.most_common(1)[0][0]
    column = reason.partition(":")[0]
    if column not in CONTRACTS[table].columns() or not CONTRACTS[table].shows_values(column):
        return ""
    if reason.endswith("unreadable"):
        shown = extract.examples(table, column, month)
    else:
        refused = pl.concat(checked.rejects).filter(pl.col("reason").str.contains(reason, literal=True))
        shown = refused[column][0]
    return f" (for example {shown!r})" if shown else ""


def _refuse_if_partial(
    ledger: MonthLedger, table: str, month: Month, rows: int, rules: DeliveryRules, accept_partial: bool
) -> None:
    before = ledger.known(table, month - 1)
    if accept_partial or before is None or CONTRACTS[table].interval or rows >= (1 - rules.max_shrink) * before.rows:
        return
    raise FeaturesError(
        f"{table} {month}: {rows:,} rows against {before.rows:,} in {month - 1} looks like a partial extract; "
        f"deliver it whole, or pass --accept-partial if it is right"
    )


def _commit(
    source: Source,
    extract: OpenExtract,
    staged: dict[str, tuple[StagedMonth, _Checked]],
    ledger: MonthLedger,
    *,
    now: dt.datetime,
    code: str,
    known_since: Month | None,
) -> list[Delivered]:
    """Commit every table whose content is new, then the ledger once: the month appears all at a time."""
    inputs = json.dumps(extract.input_digests(), sort_keys=True)
    results, entries = [], []
    for table, (part, checked) in staged.items():
        before = ledger.known(table, part.month)
        if before is not None and (before.content_hash, before.schema_hash) == (part.content_hash, part.schema_hash):
            part.discard()
            results.append(Delivered(table, part.month, "unchanged", before.revision, part.rows, checked.bad))
            continue
        facts = {"inputs": inputs, "schema_hash": part.schema_hash, "code": code, "source": source.name}
        version = ledger.warehouse.commit(part, facts)
        revision = ledger.next_revision(table, part.month)
        entries.append(
            Entry(
                table=table,
                month=part.month,
                known_since=known_since or _known_since(ledger, part.month),
                revision=revision,
                version=version,
                rows=part.rows,
                rejected=checked.bad,
                content_hash=part.content_hash,
                schema_hash=part.schema_hash,
                inputs=inputs,
                source=source.name,
                code=code,
                recorded_at=now.isoformat(),
            )
        )
        outcome = "new" if before is None else "revision"
        results.append(Delivered(table, part.month, outcome, revision, part.rows, checked.bad))
    ledger.append(entries)
    return results


def _known_since(ledger: MonthLedger, month: Month) -> Month:
    """A late delivery, and every correction, was on hand only when the latest month was."""
    return max([month, *ledger.months("customers")])


def _reject_file(home: Home, table: str, month: Month | str) -> Path:
    return home.rejects / f"month={month}" / f"{table}.parquet"


def _write_rejects(file: Path, parts: list[pl.DataFrame]) -> None:
    """Write refused rows where only the owner can read them; no file, and no old one, where there are none."""
    file.unlink(missing_ok=True)
    if not sum(part.height for part in parts):
        return
    for folder in (file.parent.parent, file.parent):
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        folder.chmod(PRIVATE)
    staged = file.with_suffix(".staged")
    with open(staged, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as handle:
        pl.concat(parts).write_parquet(handle)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(staged, file)
    sync_folder(file.parent)


def code_version(package: Path) -> str:
    """A short hash of the package's source, so that a table tells which code made it."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:12]


