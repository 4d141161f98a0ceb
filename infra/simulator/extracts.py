"""Extracts: the month's files as the operator sends them, under its own names and codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from infra.simulator.contacts import OUTCOMES
from infra.simulator.leaving import CAUSES
from infra.simulator.subscribers import (
    AREAS,
    AREAS_PER_COUNTY,
    AREAS_PER_PREFECTURE,
    BRANDS,
    DEALERS,
    NEVER,
    PLAN_FEES,
    PREFECTURES,
    Array,
)

STATES = ("cancelled", "cancelled", "ported", "cancelled_owing", "normal", "stopped")
"""The operator's word for each way to go, in their order, and for who is still there."""
PLANS = [f"{brand} {fee // 100}" for brand, fees in zip(BRANDS, PLAN_FEES, strict=True) for fee in fees]
CITIES = [PREFECTURES[area // AREAS_PER_PREFECTURE] for area in range(AREAS)]
COUNTIES = [f"{city} county {area // AREAS_PER_COUNTY}" for area, city in enumerate(CITIES)]
"""By area, like the names of grids, halls and managers."""


@dataclass(frozen=True)
class LivedMonth:
    """One month of everybody's life: `usage`, `bill` and `events` (days, by kind) go row by row with `who`.

    `answers` are those of the people whom a campaign contacted, attempt by attempt.
    """

    month: np.datetime64
    who: Array
    usage: dict[str, Array]
    bill: dict[str, Array]
    events: dict[str, Array]
    answers: Array


def send(folder: Path, lived: LivedMonth) -> None:
    """Write the month's six extracts; a closed number stays in `customers` for a while, elsewhere not."""
    on_net = ~(lived.who["closed_on"] < lived.month.astype("M8[D]"))
    _write(folder, "customers", lived, _customers(lived))
    _write(folder, "bills", lived, _bills(lived).filter(on_net))
    _write(folder, "usage", lived, pa.table({"msisdn": _msisdn(lived.who), **lived.usage}).filter(on_net))
    _write(folder, "plans", lived, _plans(lived.who[on_net], lived.month))
    _write(folder, "events", lived, _events(lived, on_net))
    _write(folder, "responses", lived, _responses(lived.answers))


def send_truth(folder: Path, lived: LivedMonth) -> None:
    """Write what only the simulator can know: each hazard, and who has decided to go, when and why."""
    who = lived.who
    months = {field: who[field].astype("M8[D]") for field in ("decided", "leaves")}
    cause = _named(CAUSES, np.where(np.isnat(who["leaves"]), -1, who["cause"]))
    rows = pa.table({"msisdn": _msisdn(who), "hazard": who["hazard"], **months, "cause": cause})
    _write(folder, "truth", lived, rows)


def _write(folder: Path, name: str, lived: LivedMonth, rows: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    period = pa.array(np.full(len(rows), int(str(lived.month).replace("-", ""))))
    pq.write_table(rows.append_column("period", period), folder / f"{name}_{lived.month}.parquet")


def _customers(lived: LivedMonth) -> pa.Table:
    who, area = lived.who, lived.who["area"]
    stopped = ~np.isnat(who["stopped_on"]) & np.isnat(who["stop_ended"])
    standing = np.where(stopped, STATES.index("stopped"), STATES.index("normal"))
    return pa.table(
        {
            "msisdn": _msisdn(who),
            "brand_name": _named(BRANDS, who["brand"]),
            "opened": who["activated"],
            "state": _named(STATES, np.where(np.isnat(who["closed_on"]), standing, who["exit"])),
            "pays": _named(("after", "before"), who["prepaid"].astype(int)),
            "plan": _plan(who["brand"], who["plan"]),
            "bound_until": who["contract_end"],
            "born": pa.array(who["birth_year"], mask=who["birth_year"] == 0),
            "city": _named(CITIES, area),
            "county": _named(COUNTIES, area),
            "grid": _named([f"Grid {number}" for number in range(AREAS)], area),
            "hall": _named([f"{county} hall" for county in COUNTIES], area),
            "manager": _named([f"Manager {number}" for number in range(AREAS)], np.where(who["brand"] == 0, area, -1)),
            "seller": _named([f"Dealer {number}" for number in range(DEALERS)], who["dealer"]),
        }
    )


def _bills(lived: LivedMonth) -> pa.Table:
    """Nobody owes in advance: for prepaid lines what is owing is missing, not zero."""
    who = lived.who
    return pa.table({"msisdn": _msisdn(who), **lived.bill, "owing_fen": pa.array(who["arrears"], mask=who["prepaid"])})


def _plans(who: Array, month: np.datetime64) -> pa.Table:
    """The plan in force at the month's end, and the one before it for those who changed in the month."""
    moved = who[_changed_plan(who, month)]
    ended = pa.array(np.concatenate((who["closed_on"], moved["plan_since"] - 1)))
    both = np.concatenate((who, moved))
    plan = np.concatenate((who["plan"], moved["former_plan"]))
    since = np.concatenate((who["plan_since"], moved["former_plan_since"]))
    return pa.table({"msisdn": _msisdn(both), "plan": _plan(both["brand"], plan), "since": since, "until": ended})


def _events(lived: LivedMonth, on_net: Array) -> pa.Table:
    """A row per event of the month and per stop of the line in force; an open stop has no last day yet."""
    who, owing = lived.who, lived.who["stopped_for_arrears"]
    moved = np.where(_changed_plan(who, lived.month), who["plan_since"], NEVER)
    began = {kind: (days, days) for kind, days in (*lived.events.items(), ("PLAN", moved))}
    until = np.fmin(who["stop_ended"], who["closed_on"])
    for kind, so_stopped in (("STOP_OWING", owing), ("STOP_ASKED", ~owing)):
        began[kind] = (np.where(so_stopped, who["stopped_on"], NEVER), until)
    msisdn = _msisdn(who)
    return pa.concat_tables(
        pa.table({"msisdn": msisdn, "code": np.full(len(who), kind), "since": since, "until": until}).filter(
            on_net & ~np.isnat(since)
        )
        for kind, (since, until) in began.items()
    )


def _responses(answers: Array) -> pa.Table:
    unheard = answers["outcome"] != OUTCOMES.index("reached")
    texts = {name: pa.array(answers[name], pa.string()) for name in ("campaign", "channel", "plan")}
    return pa.table(
        {
            "msisdn": _msisdn(answers),
            "called": answers["contacted_on"],
            "result": _named(OUTCOMES, answers["outcome"]),
            "agreed": pa.array(answers["accepted"], mask=unheard),
            "seconds": pa.array(answers["talk_seconds"], mask=unheard),
            **texts,
        }
    )


def _changed_plan(who: Array, month: np.datetime64) -> Array:
    changed: Array = (who["plan_since"] >= month.astype("M8[D]")) & (who["plan_since"] > who["activated"])
    return changed


def _msisdn(who: Array) -> pa.Array:
    return pa.array(who["number"]).cast(pa.string())


def _plan(brand: Array, plan: Array) -> pa.Array:
    return _named(PLANS, brand * PLAN_FEES.shape[1] + plan)


def _named(names: Sequence[str], numbers: Array) -> pa.Array:
    """The name of each number; none where it is negative."""
    return pa.array(names).take(pa.array(numbers, mask=numbers < 0))
