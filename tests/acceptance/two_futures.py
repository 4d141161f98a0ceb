"""Two futures: extracts of one operator that agree up to a month and have nothing in common after it."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import polars as pl

from features.contracts import contract_of
from features.months import Month
from infra.simulator.dialect import DIALECT, PERIOD
from infra.simulator.operator import Beginning, start
from infra.simulator.sending import Sending
from infra.simulator.worlds import read_world

FIRST, AS_OF, MONTHS, CUSTOMERS = Month(2025, 1), Month(2025, 6), 8, 1_200
MAPPING = Path(__file__).resolve().parents[2] / "infra" / "sources" / "simulated_operator"
LEFT_OUT = ("campaigns",)
"""Tells of no customer, and no indicator is made of it."""
HISTORIES = ("plan_periods", "products_held", "service_events")
"""Tables delivered as one file without months, over which the end dates of all time are spread."""
MONTHLY = tuple(table for table in DIALECT if table not in (*LEFT_OUT, *HISTORIES))
STANDING = ("plans", "organisation")
"""What no seed changes; in the other lives its figures are others all the same."""
SINCE, UNTIL = "since", "until"
OWN = "own_scores"
"""Files of the operator's own indicators, which the simulated operator does not send by itself."""
OWN_SQL = f"""
SELECT msisdn AS customer_id, {PERIOD} AS month, name, number, category FROM read_parquet('{OWN}_*.parquet')
"""


def write_mapping(folder: Path) -> Path:
    """The simulated operator's mapping, but what lasts comes as histories."""
    mapping = Path(shutil.copytree(MAPPING, folder))
    for table in HISTORIES:
        file, sql = DIALECT[table].file, (mapping / f"{table}.sql").read_text()
        (mapping / f"{table}.sql").write_text(sql.replace("    period AS month,\n", "").replace(f"{file}_*", file))
    for table in LEFT_OUT:
        (mapping / f"{table}.sql").unlink()
    (mapping / "custom_indicators.sql").write_text(OWN_SQL)
    return mapping


def write_lives(folder: Path) -> tuple[Path, Path]:
    """Two operators of the same size and the same numbers, whose customers live other lives."""
    lives = folder / "lives", folder / "other_lives"
    for seed, life in enumerate(lives, start=1):
        beginning = Beginning(read_world("usual"), CUSTOMERS, seed, FIRST)
        start(folder / f"state_{seed}", beginning, months=MONTHS, write=Sending(life))
        for file in life.glob(f"{DIALECT['customers'].file}_*"):
            _write_answers(life, pl.read_parquet(file), seed)
            _write_own_indicators(life, pl.read_parquet(file), seed)
    for file in (file for table in STANDING for file in lives[1].glob(f"{DIALECT[table].file}_*")):
        rows = pl.read_parquet(file)
        rows.with_columns((pl.selectors.numeric() - pl.selectors.by_name(PERIOD)) * 2).write_parquet(file)
    return lives


def _write_answers(life: Path, customers: pl.DataFrame, seed: int) -> None:
    """Every fifth customer was called for a campaign in every month, and others in other lives."""
    period = customers[PERIOD][0]
    month = Month(period // 100, period % 100)
    called = customers.sort("msisdn").gather_every(5, offset=seed).select("msisdn", PERIOD)
    turn = pl.int_range(pl.len()) % 3
    answers = called.with_columns(
        campaign=pl.lit("spring"),
        called=pl.lit(month.first_day) + dt.timedelta(days=seed),
        channel=pl.lit("hotline"),
        offer=pl.lit("points"),
        result=pl.when(turn == 0).then(pl.lit("BUSY")).otherwise(pl.lit("SPOKEN")),
        agreed=pl.when(turn > 0).then(turn == seed),
        seconds=pl.when(turn > 0).then(turn * 40),
    )
    answers.write_parquet(life / f"{DIALECT['responses'].file}_{month}_0.parquet")


def _write_own_indicators(life: Path, customers: pl.DataFrame, seed: int) -> None:
    """The operator's own score and class of everybody: others in every month, and in other lives."""
    period = customers[PERIOD][0]
    of = customers.sort("msisdn").select("msisdn", PERIOD)
    turn = pl.int_range(pl.len()) * seed + period
    score = of.with_columns(name=pl.lit("score"), number=(turn % 97).cast(pl.Float64), category=pl.lit(None, pl.String))
    grade = pl.when(turn % 2 == 0).then(pl.lit("gold")).otherwise(pl.lit("blue"))
    graded = of.with_columns(name=pl.lit("grade"), number=pl.lit(None, pl.Float64), category=grade)
    pl.concat([score, graded]).write_parquet(life / f"{OWN}_{Month(period // 100, period % 100)}_0.parquet")


def write_extract(folder: Path, until_then: Path, afterwards: Path) -> Path:
    """An extract of all months: those up to AS_OF from one operator, those after it from the other.

    With them go the histories: what had happened by AS_OF stands, and every date after it is told otherwise.
    """
    folder.mkdir()
    for step in range(MONTHS):
        month = FIRST + step
        for file in (*(DIALECT[table].file for table in MONTHLY), OWN):
            name = f"{file}_{month}_0.parquet"
            (folder / name).hardlink_to((until_then if month <= AS_OF else afterwards) / name)
    for table in HISTORIES:
        told = _history(until_then, table)
        if afterwards != until_then:
            told = _told_otherwise(told, _history(afterwards, table))
        told.write_parquet(folder / f"{DIALECT[table].file}.parquet")
    return folder


def _history(life: Path, table: str) -> pl.DataFrame:
    """Everything that ever began, once, with the end that it had at last."""
    rows = pl.read_parquet(life / f"{DIALECT[table].file}_*.parquet").drop("period")
    key = [DIALECT[table].column(name) for name in contract_of(table).key()]
    return rows.group_by(key, maintain_order=True).agg(pl.col(UNTIL).max(), pl.exclude(*key, UNTIL).first())


def _told_otherwise(told: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """What ended after AS_OF lasts for ever, what lasted for ever ended after AS_OF, and other things began since."""
    close = AS_OF.last_day
    known_end = pl.when(pl.col(UNTIL) <= close).then(UNTIL)
    other_end = pl.when(pl.col(UNTIL).is_null()).then(pl.lit(close + dt.timedelta(days=9)))
    begun = told.filter(pl.col(SINCE) <= close).with_columns(until=pl.coalesce(known_end, other_end))
    return pl.concat([begun, other.filter(pl.col(SINCE) > close)])
