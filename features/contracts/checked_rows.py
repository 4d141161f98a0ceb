"""Checked rows: which rows of a table keep its contract, and for each of the others why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from features.contracts.contract import Contract

if TYPE_CHECKING:
    import pyarrow as pa

REASON = "reason"

_LOST: dict[type[dy.Column], str] = {
    dy.Decimal: "unreadable as a number",
    dy.Float64: "unreadable as a number",
    dy.Int32: "unreadable as a whole number",
    dy.Date: "unreadable as a date",
    dy.Bool: "unreadable as true or false",
}
"""What became of a value that was lost in conversion, by the kind of its column."""


@dataclass(frozen=True)
class CheckedRows:
    """Good rows in key order with storage types; bad ones as text, with a column `reason`: texts apart by `; `.

    The bad ones are in order too, of all their columns, so that neither depends on the order they came in.
    """

    good: pl.DataFrame
    bad: pl.DataFrame


def check_rows(contract: Contract, rows: pa.Table, unreadable: Mapping[str, str]) -> CheckedRows:
    """Split rows into those that keep the contract and the others.

    `unreadable` names, for flag columns of `rows`, the column whose value was lost in conversion where the
    flag is set. Rows with a repeated key are all bad: nothing tells which one is right.
    """
    frame = pl.DataFrame(rows)
    columns = list(contract.columns())
    lost = pl.any_horizontal(pl.lit(value=False), *unreadable)
    good, failure = contract.schema.filter(frame.filter(~lost).select(columns), cast=True)
    broken = failure.details()
    rules = {rule: _words(contract, rule) for rule in broken.columns if rule not in columns}
    flags = {flag: f"{column}: {_LOST[type(contract.columns()[column])]}" for flag, column in unreadable.items()}
    bad = [_explained(frame.filter(lost), columns, flags), _explained(broken, columns, rules)]
    enums = [name for name, column in contract.columns().items() if isinstance(column.dtype, pl.Enum)]
    return CheckedRows(
        good.with_columns(pl.col(enums).cast(pl.String)).sort(contract.key()),
        pl.concat(bad, how="vertical").sort([*contract.key(), pl.all()]),
    )


def _explained(rows: pl.DataFrame, columns: list[str], words: Mapping[str, str]) -> pl.DataFrame:
    """The columns as text, and the words of every rule or flag that a row fell under."""
    failed = [
        pl.when(pl.col(name).cast(pl.String).is_in(["true", "invalid"])).then(pl.lit(text))
        for name, text in words.items()
    ]
    reason = pl.concat_str(failed, separator="; ", ignore_nulls=True) if failed else pl.lit("")
    return rows.select(pl.col(columns).cast(pl.String), reason.alias(REASON))


def _words(contract: Contract, rule: str) -> str:
    """A dataframely rule name in words that tell what to mend."""
    column, _, check = rule.rpartition("|")
    limits = contract.columns().get(column)
    words = {
        "primary_key": f"repeated ({', '.join(contract.key())}, month)",
        "nullability": f"{column}: missing",
        "dtype": f"{column}: not one of the allowed values",
        "min": f"{column}: below {getattr(limits, 'min', '')}",
        "max": f"{column}: above {getattr(limits, 'max', '')}",
        "min_length": f"{column}: empty",
        "max_length": f"{column}: longer than {getattr(limits, 'max_length', '')} characters",
        "regex": f"{column}: does not match {getattr(limits, 'regex', '')}",
    }
    return words.get(check, f"{column}: breaks {check}" if column else check)
