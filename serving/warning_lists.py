"""Warning lists: the month's customers most at risk, ranked, in files that people and tools can open."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from features.contracts import CONTRACTS
from features.durable_files import write_durably
from features.engine import collect
from features.known_months import Frame
from features.month_ledger import Entry, MonthLedger
from models.registry import Champion
from serving import ServingError

PLACES = ("brand", "province", "prefecture", "county", "area", "hall", "manager")
MANIFEST, CSV, PARQUET = "manifest.json", "warning_list.csv", "warning_list.parquet"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Spreadsheets read UTF-8 as something else without it."""
FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"
"""What a spreadsheet may take for the start of a formula, full-width signs included."""


@dataclass(frozen=True)
class ListSettings:
    """How many customers the month's list holds: what the retention team can work."""

    size: int = 1_000


@dataclass(frozen=True)
class WrittenList:
    """Where a month's list lies and how many customers it holds."""

    folder: Path
    listed: int
    scored: int


def write_warning_list(
    lists: Path, ledger: MonthLedger, scores: Entry, champion: Champion, settings: ListSettings
) -> WrittenList:
    """Write `month=…/warning_list.csv`, the same as Parquet, and `manifest.json` with the digests of both.

    Ranked by probability, ties by id, so the same scores give the same bytes. Each file is staged, synced
    and renamed, the manifest last: a list whose files match its manifest is whole.
    """
    if settings.size < 1:
        raise ServingError(f"list size {settings.size} is not positive; set [lists] size to 1 or more")
    ranked = _ranked(ledger, scores, settings.size)
    files = {CSV: BYTE_ORDER_MARK + _csv(ranked), PARQUET: _parquet(ranked)}
    folder = lists / f"month={scores.month}"
    for name, content in files.items():
        write_durably(folder / name, content)
    manifest = _manifest(ledger, scores, champion, files, len(ranked))
    write_durably(folder / MANIFEST, json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")
    return WrittenList(folder, len(ranked), scores.rows)


def _ranked(ledger: MonthLedger, scores: Entry, size: int) -> nw.DataFrame[Any]:
    """The `size` customers most at risk with where they belong: rank, id, probability, places.

    The best so far meet one bucket at a time, so that memory does not grow with the population.
    """
    best: nw.DataFrame[Any] | None = None
    for bucket in ledger.warehouse.buckets_of(scores.table, scores.month, scores.version):
        top = _top(nw.from_native(collect(_with_places(ledger, scores, bucket)), eager_only=True), size)
        best = top if best is None else _top(nw.concat([best, top], how="vertical"), size)
    assert best is not None  # every table month has a bucket
    return best.with_row_index("rank").select(
        (nw.col("rank") + 1).cast(nw.Int32), "customer_id", nw.col("probability").round(6), *PLACES
    )


def _with_places(ledger: MonthLedger, scores: Entry, bucket: int) -> Frame:
    customers = ledger.known_months(scores.month, bucket).table("customers", scores.month)
    assert customers is not None  # the month was scored from it
    scored = ledger.warehouse.read(scores.table, scores.month, scores.version, bucket)
    return scored.select("customer_id", "probability").join(
        customers.select("customer_id", *PLACES), on="customer_id", how="left"
    )


def _top(rows: nw.DataFrame[Any], size: int) -> nw.DataFrame[Any]:
    return rows.sort("probability", "customer_id", descending=[True, False]).head(size)


def _csv(ranked: nw.DataFrame[Any]) -> bytes:
    """UTF-8 text in which no cell is a formula: Excel would run a hall's name that begins with an equals sign.

    OWASP's advice on CSV injection: an apostrophe before whatever a spreadsheet may take for the start of one.
    """
    texts = [name for name, dtype in ranked.schema.items() if dtype == nw.String]
    harmless = [
        nw.when(nw.col(name).str.contains(FORMULA))
        .then(nw.concat_str(nw.lit("'"), nw.col(name)))
        .otherwise(nw.col(name))
        .alias(name)
        for name in texts
    ]
    text: str = ranked.with_columns(*harmless).write_csv()
    return text.encode()


def _parquet(ranked: nw.DataFrame[Any]) -> bytes:
    buffer = io.BytesIO()
    ranked.to_native().write_parquet(buffer, row_group_size=100_000)
    return buffer.getvalue()


def _manifest(
    ledger: MonthLedger, scores: Entry, champion: Champion, files: dict[str, bytes], listed: int
) -> dict[str, Any]:
    return {
        "month": str(scores.month),
        "listed": listed,
        "scored": scores.rows,
        "model": {
            "name": champion.name,
            "version": champion.version,
            "trained_as_of": champion.facts["as_of"],
            "horizon": champion.model.horizon,
            "gap": champion.facts["gap"],
            "feature_set": champion.facts["feature_set"],
        },
        "inputs": {
            "scores": scores.content_hash,
            **{
                table: entry.content_hash
                for table in CONTRACTS
                if (entry := ledger.known(table, scores.month, scores.month)) is not None
            },
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
