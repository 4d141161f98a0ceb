"""Campaign ledger: who is in which arm of which campaign, written once before anybody is treated, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from features.contracts import OWN
from features.contracts.campaign_ledger import ARMS as _ARMS
from features.months import Month
from features.warehouse import Warehouse
from serving import ServingError

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "campaign_ledger"
ARMS = TREATED, WITHHELD = _ARMS
_TYPES: Mapping[str, type] = {"Int64": int, "Float64": float}
COLUMNS: Mapping[str, type] = {
    name: _TYPES.get(type(column).__name__, str) for name, column in OWN[TABLE].columns().items()
}


def record(warehouse: Warehouse, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append a campaign's rows in one commit, so that it is drawn whole or not at all; a second draw is refused.

    The caller holds a lock that keeps other draws away.
    """
    campaign = rows[0]["campaign"]
    if members(warehouse, campaign).num_rows:
        raise ServingError(f"campaign {campaign}: was drawn before and is never drawn again; give a new --name")
    warehouse.append_rows(TABLE, rows, COLUMNS)


def members(warehouse: Warehouse, campaign: str) -> pa.Table:
    """Everybody in the campaign, in the order of hall and rank; no rows when it was not drawn."""
    import pyarrow.compute as pc

    rows = _all(warehouse)
    mine = rows.filter(pc.equal(rows.column("campaign"), campaign))
    return mine.sort_by([("hall", "ascending"), ("rank", "ascending")])


def running(warehouse: Warehouse, month: Month) -> pa.Table:
    """Everybody in a campaign whose outcome is open at the close of `month`."""
    return overlapping(warehouse, month, month + 1)


def overlapping(warehouse: Warehouse, month: Month, readout_month: Month) -> pa.Table:
    """Everybody in a campaign whose months have one in common with those after `month` up to `readout_month`.

    A campaign's months are those after its own up to its readout's. Which of two was drawn first does not matter.
    """
    import pyarrow.compute as pc

    rows = _all(warehouse)  # months as text are in order of time
    begins_before = pc.less(rows.column("month"), str(readout_month))
    return rows.filter(pc.and_(begins_before, pc.greater(rows.column("readout_month"), str(month))))


def unfinished(warehouse: Warehouse, latest: Month | None) -> pa.Table:
    """Everybody in a campaign, of whatever month, whose outcome is open by data up to `latest`, or by none at all."""
    import pyarrow.compute as pc

    rows = _all(warehouse)
    return rows if latest is None else rows.filter(pc.greater(rows.column("readout_month"), str(latest)))


def drawn(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The campaigns that were drawn, in order of time, each with its counts."""
    facts = ["campaign", "month", "readout_month", "design", "drawn_at", "arm"]
    counts = _all(warehouse).group_by(facts).aggregate([([], "count_all")]).to_pylist()
    campaigns: dict[str, dict[str, Any]] = {}
    for row in counts:
        kept = {name: row[name] for name in facts[:-1]}
        campaigns.setdefault(row["campaign"], kept | dict.fromkeys(ARMS, 0))[row["arm"]] = row["count_all"]
    return sorted(campaigns.values(), key=lambda campaign: (campaign["drawn_at"], campaign["campaign"]))


def _all(warehouse: Warehouse) -> pa.Table:
    import pyarrow as pa

    kinds = {str: pa.large_string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    return pa.Table.from_pylist(warehouse.rows(TABLE), schema)
