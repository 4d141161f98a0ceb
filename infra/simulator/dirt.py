"""Dirt: rows that no contract lets through, as operators' extracts have them; a share of each table, by seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts import contract_of
from infra.simulator.dialect import DIALECT

UNKNOWN_CODE, UNREADABLE = "?9", "#REF!"
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
_Spoiling: TypeAlias = Callable[[pa.Table, Array], pa.Table]


@dataclass(frozen=True)
class Dirt:
    """The share of bad rows that an ingest sees, and the seed by which; texts hold unreadable numbers too."""

    share: float
    seed: int
    as_text: bool = False


def soil(rows: pa.Table, name: str, dirt: Dirt, stamp: str) -> pa.Table:
    """Spoil rows of contract table `name`, and repeat some others, each way equally often.

    Tables too small for a whole row of dirt stay clean. The same seed, table and `stamp` of month and block spoil
    the same rows.
    """
    rng = np.random.default_rng([dirt.seed, zlib.crc32(f"{name} {stamp}".encode())])
    ways = list(_ways(name, dirt))
    spoilt = rng.choice(len(rows), _to_spoil(len(rows), dirt.share, len(ways) + 1), replace=False)
    *shares, repeated = (spoilt[way :: len(ways) + 1] for way in range(len(ways) + 1))
    for spoil, places in zip(ways, shares, strict=True):
        at = np.zeros(len(rows), bool)
        at[places] = True
        rows = spoil(rows, at)
    return pa.concat_tables([rows, rows.take(pa.array(repeated))])


def _to_spoil(rows: int, share: float, ways: int) -> int:
    """How many rows to spoil or repeat so that `share` of what is sent is bad, and never more.

    Both rows of a repeated pair are bad, and one of them is a row more: bad are `spoilt * (1 + 1 / ways)` of
    `rows + spoilt / ways`.
    """
    return int(share * rows * ways / (ways + 1 - share))


def _ways(name: str, dirt: Dirt) -> Iterator[_Spoiling]:
    contract, speech = contract_of(name), DIALECT[name]
    volumes = [speech.column(column) for column, kind in contract.columns().items() if getattr(kind, "min", None) == 0]
    coded = [speech.column(column) for column in speech.codes if column != "brand"]  # any brand is allowed
    yield lambda table, at: _replaced(table, speech.column(contract.key()[0]), at, None)
    if coded:
        yield lambda table, at: _replaced(table, coded[-1], at, UNKNOWN_CODE)
    if volumes:
        yield lambda table, at: _negative(table, volumes[0], at)
    if dirt.as_text and volumes:
        yield lambda table, at: _replaced(table, volumes[-1], at, UNREADABLE)


def _replaced(rows: pa.Table, column: str, at: Array, value: str | None) -> pa.Table:
    """The value in the rows `at`; text where it is none of the column's own kind."""
    place, values = rows.column_names.index(column), rows.column(column)
    if value is not None or pa.types.is_dictionary(values.type):
        values = values.cast(pa.string())
    return rows.set_column(place, column, pc.if_else(pa.array(at), pa.scalar(value, values.type), values))


def _negative(rows: pa.Table, column: str, at: Array) -> pa.Table:
    place, values = rows.column_names.index(column), rows.column(column)
    below = pc.subtract(pc.negate(pc.fill_null(values, 0)), pa.scalar(1, values.type))
    return rows.set_column(place, column, pc.if_else(pa.array(at), below, values))
