"""Drawn tables: small tables that a test shows as a picture, columns apart by spaces, `-` for unknown."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import narwhals as nw
import polars as pl

from features.contracts import contract_of
from features.known_months import Frame, KnownMonths
from features.months import Month

UNKNOWN = "-"


def table(drawing: str, **types: Any) -> pl.DataFrame:
    """The drawn table; a column of whole numbers is Int64, of numbers Float64, of dates Date, else String.

    `types` gives a column's type where the drawing does not show it.
    """
    lines = [line.split() for line in drawing.strip().splitlines()]
    names, rows = lines[0], lines[1:]
    assert all(len(row) == len(names) for row in rows), "every row of a drawing has a cell per column"
    columns = [_column(name, [row[at] for row in rows]) for at, name in enumerate(names)]
    return pl.DataFrame(columns).cast(types)  # type: ignore[arg-type]


def contract_table(name: str, drawing: str) -> pl.DataFrame:
    """A drawn table in the types of contract `name`, the columns that are not drawn null; `month` may stand first."""
    drawn = table(drawing)
    types = {column: described.dtype for column, described in contract_of(name).columns().items()}
    drawn_types = {column: dtype for column, dtype in types.items() if column in drawn.columns}
    missing = [
        pl.lit(None, dtype=dtype).alias(column) for column, dtype in types.items() if column not in drawn.columns
    ]
    return drawn.cast(drawn_types).with_columns(missing)  # type: ignore[arg-type]


def known_months(as_of: str, *, empty: tuple[str, ...] = (), **drawings: str) -> KnownMonths:
    """Known months of drawn contract tables that begin with a column `month`.

    A month in which a table has no drawn row was not delivered, unless `empty` names it: then it was, without rows.
    """
    tables = {name: contract_table(name, drawing) for name, drawing in drawings.items()}

    def read(name: str, month: Month) -> Frame | None:
        if name not in tables:
            return None
        rows = tables[name].filter(pl.col("month") == str(month)).drop("month")
        delivered = rows.height > 0 or str(month) in empty
        return nw.from_native(rows.lazy()) if delivered else None

    return KnownMonths(Month.parse(as_of), read)


def population(*customers: str) -> Frame:
    return nw.from_native(pl.LazyFrame({"customer_id": list(customers)}, schema={"customer_id": pl.String}))


def rows_of(frame: Frame | None, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a lazy frame by customer, only the named columns; every customer has one row."""
    assert frame is not None
    collected = frame.to_native().collect().sort("customer_id")
    assert collected["customer_id"].is_unique().all()
    return collected.select(columns).rows()  # type: ignore[no-any-return]


def _column(name: str, cells: list[str]) -> pl.Series:
    read = _reader([cell for cell in cells if cell != UNKNOWN])
    return pl.Series(name, [None if cell == UNKNOWN else read(cell) for cell in cells])


def _reader(cells: list[str]) -> Any:
    for shape, read in (
        (r"-?\d+", int),
        (r"-?\d+(\.\d+)?", float),
        (r"\d{4}-\d{2}-\d{2}", dt.date.fromisoformat),
        (r"true|false", lambda cell: cell == "true"),
    ):
        if cells and all(re.fullmatch(shape, cell) for cell in cells):
            return read
    return str
