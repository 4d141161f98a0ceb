"""The small operator: some thousand subscribers live month by month, and what an operator knows of it is sent.

Its rates are nobody's figures: they are set so that 1–4 % leave in a month, every sign of leaving is seen in
stayers too, and a good model's AUC lies near 0.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.random import Generator, Philox

from features.months import Month
from infra.simulator import leaving
from infra.simulator.contacts import NO_ANSWERS, NOBODY, Contacts, contact
from infra.simulator.extracts import LivedMonth, send
from infra.simulator.subscribers import (
    AREAS,
    NEVER,
    PLAN_FEES,
    PLAN_MB,
    PLAN_MINUTES,
    SUBSCRIBER,
    Array,
    days_in,
    draw,
)

WARM_UP = 6
"""Months lived before the first extract, so that decisions, arrears and suspensions are under way in it."""
JOINING = 0.019
"""New subscribers a month as a share of the number to begin with."""
STOPPED_AFTER, CLOSED_AFTER = 3, 4
"""Months unpaid after which the line is stopped, and after which a stopped number is closed."""

_SEASON = np.array([1.0, 0.85, 1.0, 1.0, 1.03, 1.0, 1.05, 1.05, 1.02, 1.06, 1.0, 1.05])
"""Use by calendar month; low in the month of Spring Festival."""


def simulate(  # noqa: PLR0913 - all but the first come by name
    folder: Path,
    *,
    first: Month,
    customers: int = 20_000,
    months: int = 14,
    seed: int = 1,
    contacts: Contacts = NOBODY,
) -> None:
    """Write one Parquet file per table and month into `folder`, named like `bills_2025-01.parquet`.

    The same arguments give the same bytes. A month rests on the random numbers of that month and of those
    before it, so more months leave the earlier files as they are. `customers` is how many there are to
    begin with; about as many join as leave.

    `contacts` act from the month after theirs on: to let a campaign act, the operator lives again from its
    start, and the files of the months before come out as they were. Once somebody stays whom a contact has
    kept, the others' later luck is drawn anew, as it would be with another seed, by the same chances.
    """
    for lived in lived_months(first, customers, months, seed, contacts):
        send(folder, lived)


def lived_months(
    first: Month, customers: int, months: int, seed: int, contacts: Contacts = NOBODY
) -> Iterator[LivedMonth]:
    """The months that `simulate` sends, one after the other; each is to be used before the next is asked for.

    With `send_truth` a test or benchmark can put the hidden truth of the same months in a folder of its own.
    """
    start, joined, who = np.datetime64(str(first), "M"), 0, np.zeros(0, SUBSCRIBER)
    for step in range(-WARM_UP, months):
        month = start + step
        # Each month draws from a stretch of the counter that is its own.
        rng = Generator(Philox(key=seed, counter=[0, 0, 0, step + WARM_UP]))
        coming = int(rng.poisson(JOINING * customers)) if joined else customers
        who = np.concatenate((leaving.still_kept(who, month), draw(coming, joined, month, rng, newcomers=joined > 0)))
        joined += coming
        lived = _live(who, month, step, rng)
        lived = replace(lived, answers=contact(who, month, contacts, seed))
        if step >= 0:
            yield lived


def _live(who: Array, month: np.datetime64, step: int, rng: Generator) -> LivedMonth:
    """Let every subscriber live one month: `who` moves on in place, and what happened is returned."""
    leaving.decide(who, month, step, rng)
    leaving.close(who, month, rng)
    _suspend(who, month, rng)
    share = _share_of_month(who, month)
    usage = _use(who, month, share, rng)
    bill = _charge(who, month, usage, share, rng)
    shocked = bill["total_fen"] > 2 * who["expected_bill"]
    who["expected_bill"] += 0.3 * (bill["total_fen"] - who["expected_bill"]) * (share > 0.9)
    events = _feel(who, month, share > 0, shocked, rng)
    _change_plan(who, month, shocked & (share > 0), rng)
    _pay(who, month, bill["total_fen"], rng)
    return LivedMonth(month, who, usage, bill, events, NO_ANSWERS)


def _suspend(who: Array, month: np.datetime64, rng: Generator) -> None:
    """Let most of the suspended come back after a month, and others ask for it: more of those about to go."""
    over = ~np.isnat(who["stop_ended"])
    who["stopped_on"][over] = who["stop_ended"][over] = NEVER
    who["stopped_for_arrears"][over] = False
    size, stopped, here = len(who), ~np.isnat(who["stopped_on"]), ~(who["leaves"] <= month)
    back = stopped & here & ~who["stopped_for_arrears"] & (rng.random(size) < 0.8)
    who["stop_ended"][back] = days_in(month, size, rng)[back]
    asks = rng.random(size) < np.where(leaving.going(who, month), 0.07, 0.004)
    asks &= ~stopped & here & (who["activated"] < month.astype("M8[D]"))
    who["stopped_on"][asks] = days_in(month, size, rng)[asks]


def _share_of_month(who: Array, month: np.datetime64) -> Array:
    """The share of the month in which a subscriber could use the line."""
    begin, end = month.astype("M8[D]"), (month + 1).astype("M8[D]")
    stopped = np.where(np.isnat(who["stop_ended"]), who["stopped_on"], NEVER)
    since = np.fmax(np.fmax(begin, who["activated"]), who["stop_ended"])
    until = np.fmin(np.fmin(end, stopped), who["closed_on"])
    return np.where(leaving.silent(who, month), 0, ((until - since) / (end - begin)).clip(0, 1))


def _use(who: Array, month: np.datetime64, share: Array, rng: Generator) -> dict[str, Array]:
    """The month's traffic; stayers have poor months too."""
    size = len(who)
    fresh_dip = np.where(rng.random(size) < 0.06, rng.uniform(-0.05, 0.9, size).clip(0), 1)
    who["dip"] = np.minimum(0.5 + 0.5 * who["dip"], fresh_dip)
    level = share * who["dip"] * leaving.fading(who, month) * _SEASON[month.astype(int) % 12]
    out = who["minutes"] * level * rng.lognormal(0, 0.35, size)
    travels = rng.random(size) < 0.05
    usage = {
        "out_minutes": out,
        "in_minutes": out * rng.lognormal(0, 0.3, size),
        "same_net_minutes": out * who["on_net"],
        "other_net_minutes": out * (1 - who["on_net"]),
        "toll_minutes": out * rng.beta(1, 8, size),
        "roam_minutes": np.where(travels, rng.exponential(80, size) * level, 0),
        "sms_sent": rng.poisson(0.15 * out).astype(float),
        "gprs_mb": who["mb"] * level * rng.lognormal(0, 0.45, size),
    }
    return {column: volume.round(1) for column, volume in usage.items()}


def _charge(
    who: Array, month: np.datetime64, usage: dict[str, Array], share: Array, rng: Generator
) -> dict[str, Array]:
    """The month's bill in fen. Use beyond the plan, roaming and content give it its heavy tail."""
    size, plan, on = len(who), (who["brand"], who["plan"]), share > 0
    parts = {
        "rent_fen": PLAN_FEES[plan] * on,
        "excess_fen": (usage["out_minutes"] - PLAN_MINUTES[plan]).clip(0) * 20,
        "toll_fen": usage["toll_minutes"] * 15,
        "roam_fen": usage["roam_minutes"] * 60,
        "content_fen": rng.lognormal(6.5, 1.0, size) * (on & (rng.random(size) < 0.12)),
        "gprs_fen": (usage["gprs_mb"] - PLAN_MB[plan]).clip(0) * 2,
    }
    bill = {part: np.rint(amount).astype(np.int64) for part, amount in parts.items()}
    rebate = np.where(who["contract_end"] >= month.astype("M8[D]"), bill["rent_fen"] // 10, 0)
    return {**bill, "rebate_fen": rebate, "total_fen": np.sum(list(bill.values()), axis=0) - rebate}


def _feel(who: Array, month: np.datetime64, on: Array, shocked: Array, rng: Generator) -> dict[str, Array]:
    """Remember bill shocks, faults and complaints for some months; return the days of what was noted, by kind."""
    size, going = len(who), leaving.going(who, month)
    fault = rng.random(size) < rng.gamma(0.4, 0.1, AREAS).clip(max=0.8)[who["area"]]
    noted = {
        "FAULT": fault,
        "COMPLAINT": rng.random(size) < 0.004 + 0.10 * fault + 0.06 * shocked,
        "RIVAL_CALL": rng.random(size) < np.where(going, 0.25, 0.015),
        "RIVAL_FORWARD": rng.random(size) < np.where(going, 0.08, 0.003),
    }
    who["bill_grievance"] = 0.75 * who["bill_grievance"] + 1.2 * (shocked & on)
    who["service_grievance"] = 0.75 * who["service_grievance"] + on * (0.5 * fault + 1.2 * noted["COMPLAINT"])
    # Nothing happens before the first day on net or after the last.
    days = {kind: np.fmin(np.fmax(days_in(month, size, rng), who["activated"]), who["closed_on"]) for kind in noted}
    return {kind: np.where(on & happened, days[kind], NEVER) for kind, happened in noted.items()}


def _change_plan(who: Array, month: np.datetime64, shocked: Array, rng: Generator) -> None:
    """Let some move one plan up or down, more often after a bill shock, and some renew their contracts."""
    size, settled = len(who), np.isnat(who["leaves"]) & (who["activated"] < month.astype("M8[D]"))
    wanted = (who["plan"] + np.where(shocked | (rng.random(size) < 0.5), 1, -1)).clip(0, 2)
    moves = settled & (wanted != who["plan"]) & (rng.random(size) < 0.015 + 0.08 * shocked)
    who["former_plan"][moves], who["former_plan_since"][moves] = who["plan"][moves], who["plan_since"][moves]
    who["plan"][moves], who["plan_since"][moves] = wanted[moves], days_in(month, size, rng)[moves]
    renews = settled & (who["contract_end"] < month.astype("M8[D]")) & (rng.random(size) < 0.1)
    who["contract_end"][renews] = (month + 13).astype("M8[D]") - 1


def _pay(who: Array, month: np.datetime64, total: Array, rng: Generator) -> None:
    """Settle or owe: who pays in advance owes nothing; the line stops, then the number closes, on what is unpaid."""
    last_day = (month + 1).astype("M8[D]") - 1
    pays = who["prepaid"] | (rng.random(len(who)) < who["pays"]) | ~np.isnat(who["closed_on"])
    who["arrears"] = np.where(pays, 0, who["arrears"] + total)
    who["unpaid_months"] = np.where(who["arrears"] > 0, who["unpaid_months"] + 1, 0)
    who["stop_ended"][who["stopped_for_arrears"] & pays] = last_day
    due = (who["unpaid_months"] >= CLOSED_AFTER) & who["stopped_for_arrears"]
    leaving.close_for_arrears(who, due, month, last_day)
    stops = (who["unpaid_months"] >= STOPPED_AFTER) & np.isnat(who["stopped_on"])
    who["stopped_on"][stops], who["stopped_for_arrears"][stops] = last_day, True
