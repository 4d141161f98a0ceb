"""Lived operators: some months of a few hundred people's life, as polars frames, for the tests of the simulator."""

from __future__ import annotations

import datetime as dt
import tempfile
from functools import cache
from pathlib import Path

import polars as pl

from features.months import Month
from infra.simulator.month_of_block import MonthOfBlock
from infra.simulator.operator import Beginning, start
from infra.simulator.outreach import NOBODY, Contacts
from infra.simulator.worlds import World, read_world

FIRST = Month(2025, 1)


def beginning(world: World | str = "usual", customers: int = 400, seed: int = 1) -> Beginning:
    return Beginning(read_world(world) if isinstance(world, str) else world, customers, seed, FIRST)


def lived(who: Beginning, months: int, contacts: Contacts = NOBODY) -> list[MonthOfBlock]:
    """The months that `start` hands out."""
    handed_out: list[MonthOfBlock] = []
    with tempfile.TemporaryDirectory() as folder:
        start(Path(folder), who, months=months, write=handed_out.append, contacts=contacts)
    return handed_out


@cache
def usual(customers: int = 3_000, months: int = 6) -> list[MonthOfBlock]:
    """The usual world, lived once for all tests that only look."""
    return lived(beginning(customers=customers), months)


def rows(months: list[MonthOfBlock], table: str) -> pl.DataFrame:
    """A table of all months, with a column `month`; `truth` is the hidden one."""
    parts = [pl.DataFrame(one.truth if table == "truth" else one.tables[table]) for one in months]
    return pl.concat(
        [part.with_columns(month=pl.lit(one.month.first_day)) for part, one in zip(parts, months, strict=True)]
    )


def leavers(months: list[MonthOfBlock]) -> pl.DataFrame:
    """Who left by choice, in the month in which they did."""
    truth = rows(months, "truth").filter(pl.col("left") == pl.col("month"))
    return truth.filter(~pl.col("cause").is_in(["arrears", "fraud"]))


def day(step: int) -> dt.date:
    """The first day of the month so many after FIRST."""
    return (FIRST + step).first_day
