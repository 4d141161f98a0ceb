"""Campaign tasks: the file from which halls work a campaign: whom to contact, with which plan, by which channel."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.durable_files import write_durably
from features.month_ledger import MonthLedger
from features.months import Month
from serving.campaign_ledger import TREATED
from serving.list_files import BYTE_ORDER_MARK, FORMULA
from serving.masked_numbers import with_masked_number

if TYPE_CHECKING:
    import pyarrow as pa

TASKS, MANIFEST = "tasks.csv", "manifest.json"
COLUMNS = ("task_ref", "hall", "masked_number", "plan", "channel")


def write_tasks(folder: Path, ledger: MonthLedger, members: pa.Table, design: dict[str, Any]) -> dict[str, Any]:
    """Write tasks.csv and, last, manifest.json with its digest; the manifest.

    One row per treated person, in each hall the most valuable first. Nobody who is withheld is in it, and nothing
    in it tells that there is such a group: no arm, no rank with gaps, no id. The same campaign gives the same bytes.
    """
    import pyarrow.compute as pc

    treated = members.filter(pc.equal(members.column("arm"), TREATED))
    content = _csv(_with_masked_numbers(ledger, treated).to_pylist())
    write_durably(folder / TASKS, content, private=True)
    manifest = {
        **{name: design[name] for name in ("campaign", "month", "inputs")},
        "tasks": treated.num_rows,
        "halls": len(pc.unique(treated.column("hall"))),
        "design": design["digest"],
        "files": {TASKS: hashlib.sha256(content).hexdigest()},
    }
    write_durably(folder / MANIFEST, json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n", private=True)
    return manifest


def _with_masked_numbers(ledger: MonthLedger, treated: pa.Table) -> pa.Table:
    """The treated with their masked numbers, null where the operator sends none; a bucket is in memory at a time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from features.engine import collect, from_arrow

    found = []
    for bucket in sorted(set(treated.column("bucket").to_pylist())):
        here = treated.filter(pc.equal(treated.column("bucket"), bucket))
        month = Month.parse(here.column("month")[0].as_py())
        customers = ledger.known_months(month, bucket).table("customers", month)
        assert customers is not None  # the campaign was drawn from it
        numbers = with_masked_number(customers).select("customer_id", "masked_number")
        found.append(collect(from_arrow(here).join(numbers, on="customer_id", how="left")).to_arrow())
    return pa.concat_tables(found).sort_by([("hall", "ascending"), ("rank", "ascending")])


def _csv(rows: list[dict[str, Any]]) -> bytes:
    """UTF-8 text in which no cell is a formula; see OWASP's advice on CSV injection."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(row[name] or "") for name in COLUMNS] for row in rows)
    return BYTE_ORDER_MARK + text.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if re.match(FORMULA, cell) else cell
