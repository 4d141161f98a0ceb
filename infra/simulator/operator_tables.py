"""The operator's own tables: its plans, dealers, units and campaigns, which belong to no customer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from infra.simulator import places
from infra.simulator.chance import Array, chance_of
from infra.simulator.moments import Moment
from infra.simulator.outreach import Contacts
from infra.simulator.tables import day, money
from infra.simulator.world_sections import Organisation


def operator_tables(now: Moment, customers: int, contacts: Contacts) -> dict[str, pa.Table]:
    """The four tables; capacities go with how many customers there are to begin with."""
    return {
        "plans": _plans(now),
        "dealers": _dealers(now),
        "organisation": _organisation(customers, now.constants.organisation),
        "campaigns": _campaigns(now, contacts),
    }


def _plans(now: Moment) -> pa.Table:
    tariff = now.tariff
    return pa.table(
        {
            "plan_id": [plan.plan_id for plan in tariff.plans],
            "brand": [plan.brand for plan in tariff.plans],
            "fee": money(tariff.fee),
            "included_minutes": tariff.minutes,
            "included_mb": tariff.mb,
            "included_sms": tariff.texts,
            "minute_price": tariff.minute_price.round(4),
            "mb_price": tariff.mb_price.round(4),
            "on_sale": [True] * len(tariff.plans),
        }
    )


def _dealers(now: Moment) -> pa.Table:
    made = now.constants.dealers
    kinds = places.dealer_kinds(now.seed, made.kinds)
    paid = {"own_hall": 0.0, "online": made.commission_online}
    # Within eight years from 2005 on, which nothing rests on.
    since = [13_000 + int(3_000 * chance_of(now.seed, "dealer since", dealer)) for dealer in range(places.DEALERS)]
    return pa.table(
        {
            "dealer": places.DEALER_NAMES,
            "kind": kinds,
            "prefecture": [places.PREFECTURES[at] for at in places.DEALER_PREFECTURE],
            "since": day(np.array(since)),
            "commission": [paid.get(kind, made.commission) for kind in kinds],
        }
    )


def _organisation(customers: int, made: Organisation) -> pa.Table:
    """The tree of units; managers and halls can work a part of their customers in a month."""
    rows: list[tuple[str, str, str | None, int | None]] = [("province", places.PROVINCE, None, None)]
    rows += [("prefecture", city, places.PROVINCE, None) for city in places.PREFECTURES]
    by_area = list(zip(places.CITIES, places.COUNTIES, places.GRIDS, places.HALLS, places.MANAGERS, strict=True))
    rows += dict.fromkeys(("county", county, city, None) for city, county, *_ in by_area)
    rows += [("area", grid, county, None) for _, county, grid, *_ in by_area]
    worked = max(customers // len(set(places.HALLS)) // made.halls_work, made.hall_least)
    rows += dict.fromkeys(("hall", hall, county, worked) for _, county, _, hall, _ in by_area)
    owned = made.customers_per_manager // made.managers_work
    rows += [("manager", manager, hall, owned) for *_, hall, manager in by_area]
    columns = dict(zip(("level", "unit", "parent", "capacity"), zip(*rows, strict=True), strict=True))
    return pa.table({**columns, "capacity": pa.array(columns["capacity"], pa.int32())})


def _campaigns(now: Moment, contacts: Contacts) -> pa.Table:
    """A standing offer for newcomers, a yearly care campaign, and whatever contacts were made for."""
    year, made = now.month.year, now.constants.organisation
    first, last = day(np.array([now.begin])).to_pylist()[0], day(np.array([now.end - 1])).to_pylist()[0]
    rows: list[tuple[str, str, str | None, str | None, float]] = [
        ("Newcomers' offer " + str(year), "acquisition", "newcomer's discount", "hall", made.newcomers_budget),
        (f"Seasonal care {now.month}", "care", "festival greetings", "sms", made.care_budget),
    ]
    here: Array = contacts.rows[contacts.rows["month"] == np.datetime64(str(now.month), "M")]
    for name in sorted(set(here["campaign"])):
        of_it = here[here["campaign"] == name]
        budget = made.contact_budget * len(of_it)
        rows.append((name, "marketing", _only(of_it["plan"]), _only(of_it["channel"]), budget))
    names, kinds, plans, channels, budgets = zip(*rows, strict=True)
    return pa.table(
        {
            "campaign": names,
            "kind": kinds,
            "plan": plans,
            "channel": channels,
            "started_on": pa.array([first] * len(rows), pa.date32()),
            "ended_on": pa.array([last] * len(rows), pa.date32()),
            "budget": budgets,
        }
    )


def _only(values: Array) -> str | None:
    """The value that all have; of several, none stands for the campaign."""
    different = {str(value) for value in values}
    return different.pop() if len(different) == 1 else None
