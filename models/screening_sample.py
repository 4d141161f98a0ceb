"""Screening sample: some of a month's customers, the same ones in every month, with all their indicators."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.engine import collect
from features.month_ledger import Entry, MonthLedger

if TYPE_CHECKING:
    import pyarrow as pa


def screening_sample(ledger: MonthLedger, entry: Entry, max_rows: int, seed: int) -> pa.Table:
    """Rows of whole buckets, in an order that the seed draws, and of these the `max_rows` customers it draws.

    A bucket holds up to 65,536 customers and is read whole. A customer is drawn by a hash of the id, so the months
    of a training show the same people. No customer id is among the columns.
    """
    import pyarrow as pa

    warehouse, parts, held = ledger.warehouse, [], 0
    buckets = warehouse.buckets_of(entry.table, entry.month, entry.version)
    for bucket in sorted(buckets, key=lambda bucket: _drawn(f"bucket {bucket}", seed)):
        frame = warehouse.read(entry.table, entry.month, entry.version, bucket)
        parts.append(collect(frame.sort("customer_id")).to_arrow())
        held += parts[-1].num_rows
        if held >= max_rows:
            break
    rows = pa.concat_tables(parts)
    return rows.take(_some(rows, max_rows, seed)).drop_columns(["customer_id"])


def _some(rows: pa.Table, max_rows: int, seed: int) -> NDArray[np.int64]:
    if rows.num_rows <= max_rows:
        return np.arange(rows.num_rows)
    drawn = np.array([_drawn(customer, seed) for customer in rows.column("customer_id").to_pylist()], dtype=np.uint64)
    return np.sort(np.argsort(drawn, kind="stable")[:max_rows])


def _drawn(text: str, seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed} {text}".encode(), digest_size=8).digest(), "big")
