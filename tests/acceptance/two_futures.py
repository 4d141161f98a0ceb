"""Two futures: extracts of one operator that agree up to a month and have nothing in common after it."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl

from features.months import Month
from infra.simulator.small_operator import simulate

FIRST, AS_OF, MONTHS, CUSTOMERS = Month(2025, 1), Month(2025, 6), 8, 1_200
MAPPING = Path(__file__).resolve().parents[2] / "infra" / "sources" / "simulated_operator"
MONTHLY = ("customers", "bills", "usage")
HISTORIES = {"plan_periods": ("plans", "plan"), "service_events": ("events", "code")}
"""Tables delivered as one file without months, over which the end dates of all time are spread."""


def write_mapping(folder: Path) -> Path:
    """The simulated operator's mapping, but plans and events come as histories."""
    mapping = Path(shutil.copytree(MAPPING, folder))
    for table, (file, _) in HISTORIES.items():
        sql = (mapping / f"{table}.sql").read_text().replace("    period AS month,\n", "").replace(f"{file}_*", file)
        (mapping / f"{table}.sql").write_text(sql)
    (mapping / "responses.sql").unlink(missing_ok=True)  # nobody was contacted in these lives
    return mapping


def write_lives(folder: Path) -> tuple[Path, Path]:
    """Two operators of the same size and the same numbers, whose customers live other lives."""
    lives = folder / "lives", folder / "other_lives"
    for seed, life in enumerate(lives, start=1):
        simulate(life, first=FIRST, customers=CUSTOMERS, months=MONTHS, seed=seed)
    return lives


def write_extract(folder: Path, until_then: Path, afterwards: Path) -> Path:
    """An extract of all months: those up to AS_OF from one operator, those after it from the other.

    With them go the histories: what had happened by AS_OF stands, and every date after it is told otherwise.
    """
    folder.mkdir()
    for step in range(MONTHS):
        month = FIRST + step
        for table in MONTHLY:
            name = f"{table}_{month}.parquet"
            (folder / name).hardlink_to((until_then if month <= AS_OF else afterwards) / name)
    for file, kind in HISTORIES.values():
        told = _history(until_then, file, kind)
        if afterwards != until_then:
            told = _told_otherwise(told, _history(afterwards, file, kind))
        told.write_parquet(folder / f"{file}.parquet")
    return folder


def _history(life: Path, file: str, kind: str) -> pl.DataFrame:
    """Everything that ever began, once, with the end that it had at last."""
    rows = pl.read_parquet(life / f"{file}_*.parquet")
    return rows.group_by("msisdn", kind, "since", maintain_order=True).agg(pl.col("until").max())


def _told_otherwise(told: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """What ended after AS_OF lasts for ever, what lasted for ever ended after AS_OF, and other things began since."""
    close = AS_OF.last_day
    known_end = pl.when(pl.col("until") <= close).then("until")
    other_end = pl.when(pl.col("until").is_null()).then(pl.lit(close + dt.timedelta(days=9)))
    begun = told.filter(pl.col("since") <= close).with_columns(until=pl.coalesce(known_end, other_end))
    return pl.concat([begun, other.filter(pl.col("since") > close)])
