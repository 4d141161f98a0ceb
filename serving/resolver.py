"""Resolver: the one file that says which number a task reference stands for, each use of it logged."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import hmac
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw

from features.engine import collect
from features.month_ledger import MonthLedger
from features.months import Month
from serving import ServingError
from serving.campaign_ledger import TREATED, running
from serving.holdout import still_withheld
from serving.list_folder import replace_folder
from serving.task_refs import task_refs
from serving.warning_lists import TABLE

if TYPE_CHECKING:
    from features.source_mapping import Source
    from features.sources import OpenExtract

LOG = "resolver_log"
FILE = "resolver.csv"
DIGITS = 32
"""Hexadecimal digits that the ingest keeps of an id's HMAC (features/typed_values)."""
_COLUMNS: dict[str, type] = {"used_at": str, "who": str, "month": str, "rows": int, "reason": str}


@dataclass(frozen=True)
class Use:
    """Who asks for the numbers of a month's list, when and what for."""

    month: Month
    who: str
    reason: str
    now: dt.datetime


@dataclass(frozen=True)
class Resolved:
    """Where the numbers lie, how many were found, and how many listed customers the extract does not hold."""

    file: Path
    rows: int
    missing: int


def unkeyed(source: Source) -> Source:
    """The source's mapping of customers alone, with the ids as the operator sends them.

    Raises ServingError where the ids are the operator's own: no key hides what they stand for.
    """
    if "customer_id" not in source.keyed:
        raise ServingError(
            f"source {source.name}: customer_id is not keyed in its source.toml, so the ids in the tables are the "
            f"operator's own and there is nothing to resolve"
        )
    return dataclasses.replace(source, keyed=(), tables={"customers": source.tables["customers"]})


def check_use(ledger: MonthLedger, use: Use) -> None:
    """Raise ServingError when no reason is given, or when there is nobody whose number could be told."""
    if not use.reason.strip():
        raise ServingError("resolve: the reason is empty; say what the numbers are for, it goes into the log")
    if not _references(ledger, use.month):
        raise ServingError(f"{use.month} has no warning list and no campaign; run holdfast score --month {use.month}")


def write_resolver(folder: Path, ledger: MonthLedger, extract: OpenExtract, key: bytes, use: Use) -> Resolved:
    """Write `month=…/resolver.csv` (task_ref, number) for the month's list and campaigns, after logging the use.

    `extract` is an extract opened with the mapping of `unkeyed`. A number is found by working out its HMAC again, so
    no table ever holds both. The numbers are written as they are, for a dialler and not for a spreadsheet. Raises
    ServingError, with nothing written, when not one of the customers is in the extract.
    """
    check_use(ledger, use)
    references = _references(ledger, use.month)
    numbers = _numbers(extract, use.month, key, references)
    if not numbers:
        raise ServingError(
            f"the extract holds none of the {len(references):,} customers to be contacted in {use.month}; give the "
            f"folder that the month was ingested from with --from FOLDER"
        )
    found = {reference: numbers[customer] for customer, reference in references.items() if customer in numbers}
    logged = {"used_at": use.now.isoformat(), "who": use.who, "month": str(use.month), "rows": len(found)}
    ledger.warehouse.append_rows(LOG, [logged | {"reason": use.reason}], _COLUMNS)
    where = folder / f"month={use.month}"
    replace_folder(where, {FILE: _csv(found)})
    return Resolved(where / FILE, len(found), len(references) - len(found))


def remove_resolvers(folder: Path, customers: Sequence[str], key: bytes | None) -> list[Month]:
    """Remove every month's resolver file that names one of `customers`; the months. The caller holds its lock."""
    removed = []
    for file in sorted(folder.glob(f"month=*/{FILE}")):
        month = Month.parse(file.parent.name.removeprefix("month="))
        if names_any(file, task_refs(key, month, customers)):
            shutil.rmtree(file.parent)
            removed.append(month)
    return removed


def names_any(file: Path, references: Sequence[str]) -> bool:
    """Whether a CSV file has one of the task references; one that is not there has none."""
    if not file.is_file():
        return False
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return not {row["task_ref"] for row in csv.DictReader(opened)}.isdisjoint(references)


def _references(ledger: MonthLedger, month: Month) -> dict[str, str]:
    """The reference of each customer who may be contacted: listed, or treated by a campaign drawn that month.

    Whom a campaign withholds, be it of a later month, is left out even where the list was written before the draw.
    """
    entry = ledger.known(TABLE, month)
    found: dict[str, str] = {}
    if entry is not None:
        rows = ledger.warehouse.read(TABLE, month, entry.version).select("rank", "customer_id", "task_ref")
        listed = nw.from_native(collect(rows), eager_only=True).sort("rank")
        found |= dict(listed.select("customer_id", "task_ref").iter_rows())
    for member in running(ledger.warehouse, month).to_pylist():
        if member["month"] == str(month) and member["arm"] == TREATED:
            found[member["customer_id"]] = member["task_ref"]
    kept_away = set(still_withheld(ledger).column("customer_id").to_pylist())
    return {customer: reference for customer, reference in found.items() if customer not in kept_away}


def _numbers(extract: OpenExtract, month: Month, key: bytes, wanted: Mapping[str, str]) -> dict[str, str]:
    """The number of each wanted customer that the month of the extract holds, bucket by bucket."""
    found = {}
    for bucket in range(extract.buckets):
        for number in extract.batch("customers", month, bucket).column("customer_id").to_pylist():
            if number is not None and (customer := keyed(key, number)) in wanted:
                found[customer] = number
    return found


def keyed(key: bytes, number: str) -> str:
    """The id that the ingest makes of a number."""
    return hmac.digest(key, number.encode(), "sha256").hex()[:DIGITS]


def _csv(found: Mapping[str, str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("task_ref", "number"), *found.items()])
    return text.getvalue().encode()
