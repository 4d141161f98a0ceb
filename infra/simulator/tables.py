"""Tables: a lived month in the shape of the contracts, as an operator that delivered no dirt would know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infra.simulator import places
from infra.simulator.chance import Array, Dice
from infra.simulator.circles import NETWORKS
from infra.simulator.departures import FORCED, FRAUD, MONTHS_KEPT, PORTED
from infra.simulator.handsets import HANDSET_BRANDS, PRICE_BANDS
from infra.simulator.life import LivedMonth
from infra.simulator.lines import FRIENDS, NONE, Lines, on_net, phone_number
from infra.simulator.moments import month_of
from infra.simulator.outreach import OUTCOMES, REACHED
from infra.simulator.population import CONTRACT_KINDS
from infra.simulator.signals import KINDS

_STATUS = ("active", "suspended", "closed", "ported_out", "closed_arrears", "closed_fraud")


def customer_tables(lived: LivedMonth) -> dict[str, pa.Table]:
    """The tables whose rows go with numbers; a closed number stays in `customers` for a while, elsewhere not."""
    lines, now = lived.block.lines, lived.now
    ids, live, kept = numbers(lines), on_net(lines, now.begin), lines["closed_on"] == NONE
    by_line: dict[str, tuple[Mapping[str, object], Array]] = {
        "usage": (lived.usage, live),
        "bills": (_bills(lived), live),
        "devices": (_devices(lines), kept),
    }
    return {
        "customers": _customers(lived, ids),
        **{
            name: pa.table({"customer_id": ids, **columns}).filter(pa.array(rows))
            for name, (columns, rows) in by_line.items()
        },
        "contacts": _contacts(lived, ids),
        "service_events": _events(lived, ids),
        "contracts": _contracts(lived, ids),
        "plan_periods": _plan_periods(lived, ids),
        "calling_circle": _circle(lived, ids),
        "responses": _responses(lived, ids),
    }


def numbers(lines: Lines) -> pa.Array:
    return pa.array(phone_number(lines["line"])).cast(pa.string())


def day(days: Array) -> pa.Array:
    """Days as dates, NONE as missing."""
    return pa.array(days.astype(np.int32), mask=days < 0).cast(pa.date32())


def named(names: Sequence[str], at: Array) -> pa.Array:
    """The name at each position; none where it is negative."""
    return pa.array(names, pa.string()).take(pa.array(at.astype(np.int32), mask=at < 0))


def money(amount: Array) -> Array:
    return amount.astype(np.float64).round(2)


def _customers(lived: LivedMonth, ids: pa.Array) -> pa.Table:
    """A contract that has ended is shown for a year more."""
    lines, now = lived.block.lines, lived.now
    bound = (lines["contract_end"] != NONE) & (lines["contract_end"] >= now.begin - 366)
    hides = Dice(lines["person"], now.seed, "ever").happens("hides age", now.constants.profiles.hides_age)
    return pa.table(
        {
            "customer_id": ids,
            "brand": named(places.BRANDS, lines["brand"]),
            "activated_on": day(lines["activated"]),
            "status": named(_STATUS, _status(lines)),
            "payment_type": named(("postpaid", "prepaid"), lines["prepaid"] * 1),
            "plan_id": named([plan.plan_id for plan in now.tariff.plans], lines["plan"]),
            "contract_ends_on": day(np.where(bound, lines["contract_end"], NONE)),
            "birth_year": pa.array(lines["birth_year"], mask=hides),
            **_units(lines),
            "dealer": named(places.DEALER_NAMES, lines["dealer"]),
            "masked_number": _masked(ids),
        }
    ).filter(pa.array(~(lines["closed_on"] != NONE) | _shown(lived)))


def _status(lines: Lines) -> Array:
    """The place in _STATUS: of who is closed, by the way they went."""
    stopped = (lines["stopped_on"] != NONE) & (lines["stop_ended"] == NONE)
    ways = np.select([lines["exit"] == PORTED, lines["exit"] == FORCED, lines["exit"] == FRAUD], [3, 4, 5], 2)
    return np.where(lines["closed_on"] == NONE, stopped * 1, ways)


def _units(lines: Lines) -> dict[str, pa.Array]:
    """From the province down to the manager, whom only GoTone has."""
    area = lines["area"]
    return {
        "province": named((places.PROVINCE,), area * 0),
        "prefecture": named(places.CITIES, area),
        "county": named(places.COUNTIES, area),
        "area": named(places.GRIDS, area),
        "hall": named(places.HALLS, area),
        "manager": named(places.MANAGERS, np.where(lines["brand"] == 0, area, NONE)),
    }


def _shown(lived: LivedMonth) -> Array:
    """Closed numbers that are still shown; others are kept only because their holders come back."""
    closed = month_of(lived.block.lines["closed_on"])
    shown: Array = closed + MONTHS_KEPT >= lived.now.number
    return shown


def _masked(ids: pa.Array) -> pa.Array:
    return pc.utf8_replace_slice(ids, start=3, stop=7, replacement="****")


def _bills(lived: LivedMonth) -> dict[str, object]:
    """Nobody owes in advance, and nobody who pays afterwards has a balance: missing, not zero."""
    prepaid = lived.block.lines["prepaid"]
    columns: dict[str, object] = dict(lived.bill)
    for name in ("arrears", "payment_delay_days"):
        columns[name] = pa.array(lived.bill[name], mask=prepaid)
    for name in ("balance", "recharge_amount", "recharge_count"):
        columns[name] = pa.array(lived.bill[name], mask=~prepaid)
    return columns


def _devices(lines: Lines) -> dict[str, object]:
    return {
        "imei_hash": pa.array(350_000_000_000_000 + lines["imei"] * 7 % 600_000_000_000_000).cast(pa.string()),
        "brand": named(HANDSET_BRANDS, lines["handset_brand"]),
        "price_band": named(PRICE_BANDS, lines["price_band"]),
        "used_since": day(lines["handset_since"]),
    }


def _contacts(lived: LivedMonth, ids: pa.Array) -> pa.Table:
    some = np.sum([count for name, count in lived.inquiries.items() if name.endswith("_contacts")], axis=0) > 0
    return pa.table({"customer_id": ids, **lived.inquiries}).filter(pa.array(some))


def _events(lived: LivedMonth, ids: pa.Array) -> pa.Table:
    """A row per event of the month and per stop in force; an open stop has no last day yet."""
    events, end = lived.events, lived.now.end
    until = np.where(events.until >= end, NONE, events.until)
    valid = on_net(lived.block.lines, lived.now.begin)[events.at]
    return pa.table(
        {
            "customer_id": ids.take(pa.array(events.at)),
            "kind": named(KINDS, events.kind),
            "started_on": day(events.since),
            "ended_on": day(until),
            "seconds": pa.array(events.seconds.astype(np.int32), mask=events.seconds < 0),
        }
    ).filter(pa.array(valid))


def _contracts(lived: LivedMonth, ids: pa.Array) -> pa.Table:
    lines, now = lived.block.lines, lived.now
    in_force = on_net(lines, now.begin) & (lines["contract_end"] >= now.begin) & (lines["contract_start"] < now.end)
    months_left = (lines["contract_end"] - now.end).clip(0) / 30.4
    return pa.table(
        {
            "customer_id": ids,
            "kind": named(CONTRACT_KINDS, lines["contract_kind"]),
            "started_on": day(lines["contract_start"]),
            "ends_on": day(lines["contract_end"]),
            "penalty": money(now.constants.contracts.penalty * months_left * lines["agreed"]),
            "expected_spend": money(lines["agreed"]),
        }
    ).filter(pa.array(in_force))


def _plan_periods(lived: LivedMonth, ids: pa.Array) -> pa.Table:
    """The plan in force at the month's end, and the one before it for those who changed in the month."""
    lines, now = lived.block.lines, lived.now
    live = on_net(lines, now.begin)
    moved = live & (lines["plan_since"] >= now.begin) & (lines["former_plan"] != NONE)
    at = np.concatenate((np.flatnonzero(live), np.flatnonzero(moved)))
    former = np.arange(len(at)) >= live.sum()
    plan = np.where(former, lines["former_plan"][at], lines["plan"][at])
    since = np.where(former, lines["former_plan_since"][at], lines["plan_since"][at])
    until = np.where(former, lines["plan_since"][at] - 1, lines["closed_on"][at])
    names = [plan.plan_id for plan in now.tariff.plans]
    columns = {"plan_id": named(names, plan), "started_on": day(since), "ended_on": day(until)}
    return pa.table({"customer_id": ids.take(pa.array(at)), **columns})


def _circle(lived: LivedMonth, ids: pa.Array) -> pa.Table:
    """The most called numbers, those of the block's people by the number under which they are reached now."""
    lines, neighbours = lived.block.lines, lived.block.neighbours
    friend, inside = lines["friend"], lines["friend"] != NONE
    number = np.where(inside, neighbours.number[friend], lines["friend_number"])
    talk = lived.usage["voice_out_minutes"] + lived.usage["voice_in_minutes"]
    minutes = np.round(talk[:, None] * lines["friend_weight"], 1)
    at, slot = np.nonzero((minutes >= 1) & on_net(lines, lived.now.begin)[:, None] & ~_repeated(number))
    told = minutes[at, slot]
    return pa.table(
        {
            "customer_id": ids.take(pa.array(at)),
            "contact_id": pa.array(number[at, slot]).cast(pa.string()),
            "network": named(NETWORKS, lived.networks[at, slot]),
            "minutes": told.astype(np.float64),
            "calls": np.ceil(told / lived.now.constants.circle.call_minutes).astype(np.int32),
        }
    )


def _repeated(number: Array) -> Array:
    """Whether a friend stands in an earlier slot already."""
    found = np.zeros(number.shape, bool)
    for slot in range(1, FRIENDS):
        found[:, slot] = (number[:, :slot] == number[:, slot : slot + 1]).any(axis=1)
    return found


def _responses(lived: LivedMonth, ids: pa.Array) -> pa.Table:
    answers = lived.answers
    unheard = answers.outcome != REACHED
    texts = {name: pa.array(answers.rows[name], pa.string()) for name in ("channel", "plan")}
    return pa.table(
        {
            "customer_id": ids.take(pa.array(answers.at)),
            "campaign": pa.array(answers.rows["campaign"], pa.string()),
            "contacted_on": day(answers.day),
            **texts,
            "outcome": named(OUTCOMES, answers.outcome),
            "accepted": pa.array(answers.accepted, mask=unheard),
            "talk_seconds": pa.array(answers.seconds, mask=unheard),
        }
    )
