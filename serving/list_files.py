"""List files: the month's warning list as the halls and the province open it, and the manifest that vouches for it."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from features.contracts import CONTRACTS
from features.engine import collect
from features.month_ledger import Entry
from serving.list_departures import departures
from serving.list_folder import replace_folder
from serving.reasons import NAMES
from serving.warning_lists import PLACES, TABLE, Listing, list_month
from serving.window_words import NO_CURRENCY

MANIFEST, PROVINCE, GONE, HALLS, NO_HALL = "manifest.json", "province", "gone", "halls", "no-hall"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Spreadsheets read UTF-8 as something else without it."""
FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"
"""What a spreadsheet may take for the start of a formula, full-width signs included."""
LONGEST_NAME = 40
COLUMNS = {
    **{name: name for name in ("rank", "task_ref", "masked_number", "brand", *PLACES, "band", "probability")},
    "usual_value": "usual_monthly_value",
    **{name: name for name in ("value_at_risk", "segment", *NAMES, "change", "rank_before")},
}
"""Columns of the files, from those of the table; a customer's id is in none of them."""

Rows = nw.DataFrame[Any]


@dataclass(frozen=True)
class WrittenList:
    """Where a month's list lies, how many customers it holds, and what is at stake among them."""

    folder: Path
    listed: int
    scored: int
    halls: int
    value_at_risk: float


def write_warning_list(lists: Path, listing: Listing, scores: Entry) -> WrittenList:
    """List the month and write `month=…/`: the province's file, one per hall, who is gone, and `manifest.json`.

    Each list is a CSV and the same as Parquet. All files are replaced at once (see list_folder), so a folder is the
    list that its manifest tells of; a hall that has nobody listed any more has no file. The same scores, settings and
    last month's list give the same bytes.
    """
    entry = list_month(listing, scores)
    rows = nw.from_native(collect(listing.ledger.warehouse.read(TABLE, entry.month, entry.version)), eager_only=True)
    listed = rows.sort("rank").select(nw.col(held).alias(name) for held, name in COLUMNS.items())
    halls = {hall: listed.filter(_in_hall(hall)) for hall in _halls(listed)}
    gone = departures(listing, scores, entry)
    files = _both(PROVINCE, listed) | _both(GONE, gone)
    for hall, there in halls.items():
        files |= _both(hall_file(hall), there)
    manifest = _manifest(listing, scores, entry, files) | {
        "listed": len(listed),
        "gone": len(gone),
        "halls": [{"hall": hall, "listed": len(there), "file": hall_file(hall)} for hall, there in halls.items()],
        "value_at_risk": _at_risk(listed),
        "value_unknown": int(listed["value_at_risk"].is_null().sum()),
    }
    folder = lists / f"month={scores.month}"
    replace_folder(folder, files | {MANIFEST: json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n"})
    return WrittenList(folder, len(listed), scores.rows, len(halls), manifest["value_at_risk"])


def hall_file(hall: str | None) -> str:
    """The path of a hall's files without their ending: what of its name is safe everywhere, and a digest of all of it.

    Letters and digits of any script stay, because managers look for their hall by name; slashes, dots, quotes and
    other signs become hyphens. Names that then are alike, or differ in case only, still differ in the digest.
    """
    if hall is None:
        return f"{HALLS}/{NO_HALL}"
    safe = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", hall)).strip("-")[:LONGEST_NAME].rstrip("-")
    return f"{HALLS}/{safe or 'hall'}-{hashlib.sha256(hall.encode()).hexdigest()[:8]}"


def _halls(listed: Rows) -> list[str | None]:
    """The halls that have somebody listed, by name, nobody's hall last."""
    halls: list[str | None] = listed["hall"].unique().to_list()
    return sorted(halls, key=lambda hall: (hall is None, hall or ""))


def _in_hall(hall: str | None) -> nw.Expr:
    return nw.col("hall").is_null() if hall is None else nw.col("hall") == hall


def _at_risk(listed: Rows) -> float:
    """Summed exactly and rounded once, so that it does not depend on the order of the rows."""
    return round(math.fsum(listed["value_at_risk"].drop_nulls().to_list()), 2)


def _both(name: str, rows: Rows) -> dict[str, bytes]:
    return {f"{name}.csv": BYTE_ORDER_MARK + _csv(rows), f"{name}.parquet": _parquet(rows)}


def _csv(rows: Rows) -> bytes:
    """UTF-8 text in which no cell is a formula: Excel would run a hall's name that begins with an equals sign.

    OWASP's advice on CSV injection: an apostrophe before whatever a spreadsheet may take for the start of one.
    """
    texts = [name for name, dtype in rows.schema.items() if dtype == nw.String]
    harmless = [
        nw.when(nw.col(name).str.contains(FORMULA))
        .then(nw.concat_str(nw.lit("'"), nw.col(name)))
        .otherwise(nw.col(name))
        .alias(name)
        for name in texts
    ]
    rounded = [nw.col(name).round(4) for name in rows.columns if name == "probability"]
    text: str = rows.with_columns(*harmless, *rounded).write_csv()
    return text.encode()


def _parquet(rows: Rows) -> bytes:
    buffer = io.BytesIO()
    rows.to_native().write_parquet(buffer, row_group_size=100_000)
    return buffer.getvalue()


def _manifest(listing: Listing, scores: Entry, entry: Entry, files: Mapping[str, bytes]) -> dict[str, Any]:
    scoring, champion = listing.scoring, listing.scoring.champion
    before = listing.before(scores)
    return {
        "month": str(scores.month),
        "scored": scores.rows,
        "model": {
            "name": champion.name,
            "version": champion.version,
            "trained_as_of": champion.facts["as_of"],
            "horizon": champion.model.horizon,
            "gap": champion.facts["gap"],
            "feature_set": champion.facts["feature_set"],
        },
        "segments": None if scoring.segments is None else {"version": scoring.segments.version},
        "settings": asdict(listing.settings) | asdict(scoring.warning),
        "currency": None if listing.currency == NO_CURRENCY else listing.currency,
        "inputs": {
            "scores": scores.content_hash,
            "list": entry.content_hash,
            "list_before": before and before.content_hash,
            **{
                table: known.content_hash
                for table in CONTRACTS
                if (known := listing.ledger.known(table, scores.month, scores.month)) is not None
            },
        },
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
