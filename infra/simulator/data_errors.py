"""Data errors: a column that arrives in wrong units, or empty, for a scheduled month: found by a drift monitor."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from infra.simulator.moments import Moment


def with_data_errors(now: Moment, tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """The tables as sent: the scheduled column multiplied by the change's strength, or emptied where that is 0."""
    sent = dict(tables)
    for change in now.changes("data_error"):
        if change.table in sent:
            sent[change.table] = _with_error(sent[change.table], change.column, change.strength)
    return sent


def _with_error(rows: pa.Table, column: str, strength: float) -> pa.Table:
    kind = rows.schema.field(column).type
    if strength == 0:
        wrong = pa.nulls(len(rows), kind)
    else:
        wrong = pc.cast(pc.multiply(pc.cast(rows[column], pa.float64()), strength), kind, safe=False)
    return rows.set_column(rows.column_names.index(column), column, wrong)
