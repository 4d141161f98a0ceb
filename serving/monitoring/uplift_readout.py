"""Uplift readout: whether a campaign kept customers, by comparing everybody allocated with everybody withheld."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation import NOT_ENOUGH
from models.small_cells import SMALL_CELL, TOO_FEW, counted
from models.wilson import NORMAL_QUANTILE, wilson
from serving.campaign_ledger import ARMS, TREATED, WITHHELD

if TYPE_CHECKING:
    import pyarrow as pa

OTHER, CLOSED = "other brands", "closed_by_operator"
METHOD = "difference of shares, treated minus withheld; Newcombe's hybrid score interval (1998, method 10)"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReadoutSettings:
    """Below which counts a comparison would mislead: customers of each arm, and leavers of both together.

    Whatever they are, no figure is given from which fewer than ten leavers of an arm could be worked out.
    """

    min_customers: int = 50
    min_leavers: int = 10


def difference(kept: tuple[int, int], of: tuple[int, int]) -> tuple[float, float, float]:
    """Difference of two shares, `kept[0]/of[0] - kept[1]/of[1]`, with its 95 % interval.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10, without continuity correction: it squares and
    adds the distances of each share from its Wilson score limits, so it holds its level where shares are near 1
    and never leaves -1 to 1. Strata are not used, which can only make it wider than it need be.
    """
    first, second = kept[0] / of[0], kept[1] / of[1]
    low, high = (end.tolist() for end in wilson([first, second], of))
    found = first - second
    below = math.hypot(first - low[0], high[1] - second)
    above = math.hypot(high[0] - first, second - low[1])
    return found, found - below, found + above


def effect(people: pa.Table, settings: ReadoutSettings) -> dict[str, Any]:
    """Intention to treat: who of each arm did not leave by choice, and the difference, or why there is none to show.

    `people` has a row for everybody allocated, contacted or not, with `arm`, `churned` and `involuntary`: who was
    never reached still counts as treated, because those who can be reached differ from those who cannot. Closed by
    the operator, for arrears or fraud, is not leaving by choice; `closed_by_operator` compares the arms in it, so
    that nobody takes for kept whom the operator itself has lost.
    """
    of = {arm: int((_arms(people) == arm).sum()) for arm in ARMS}
    left = _counts(people, "churned")
    if reason := _too_few(of, left, settings):
        counts = {arm: {"customers": counted(customers)} for arm, customers in of.items()}
        return {"arms": counts, "difference": {"value": None, "note": reason}}
    closed = _counts(people, "involuntary")
    kept = {arm: of[arm] - left[arm] for arm in ARMS}
    arms = {
        arm: {
            "customers": of[arm],
            "retention": round(kept[arm] / of[arm], 6),
            CLOSED: counted(closed[arm]),
        }
        for arm in ARMS
    }
    return {"arms": arms, "difference": _compared(kept, of), CLOSED: _closed(closed, of)}


def _counts(people: pa.Table, column: str) -> dict[str, int]:
    """How many of each arm have the flag."""
    return {arm: int(_flags(people, column)[_arms(people) == arm].sum()) for arm in ARMS}


def _compared(some: Mapping[str, int], of: Mapping[str, int]) -> dict[str, Any]:
    found = difference((some[TREATED], some[WITHHELD]), (of[TREATED], of[WITHHELD]))
    return {name: round(end, 6) for name, end in zip(("value", "low", "high"), found, strict=True)}


def _closed(closed: Mapping[str, int], of: Mapping[str, int]) -> dict[str, Any]:
    if any(_is_small(count, of[arm]) for arm, count in closed.items()):
        return {"value": None, "note": f"{NOT_ENOUGH}: {TOO_FEW} closed by the operator in an arm"}
    return _compared(closed, of)


def _too_few(of: Mapping[str, int], left: Mapping[str, int], settings: ReadoutSettings) -> str:
    for arm, customers in of.items():
        if customers < settings.min_customers:
            return f"{NOT_ENOUGH}: fewer than {settings.min_customers} customers {arm}"
    if sum(left.values()) < settings.min_leavers:
        return f"{NOT_ENOUGH}: fewer than {settings.min_leavers} leavers in both arms"
    for arm, leavers in left.items():
        if _is_small(leavers, of[arm]):
            return f"{NOT_ENOUGH}: {TOO_FEW} leavers, or others, {arm}"
    return ""


def _is_small(some: int, of: int) -> bool:
    """Whether those counted, or the rest of them, are too few to be told of; nobody is no small group."""
    return any(0 < count < SMALL_CELL for count in (some, of - some))


def by_brand(people: pa.Table, settings: ReadoutSettings) -> dict[str, Any]:
    """The same comparison within each brand; an exploration, since many comparisons find something by chance.

    Brands with few customers, leavers or others in an arm are told of together, and with the next smallest brand
    where they are few even so: otherwise the total less the other brands would say what is hidden. Nothing is told
    where that leaves a single group.
    """
    groups = _groups(people)
    told = {name: effect(group, settings) for name, group in groups.items()} if len(groups) > 1 else {}
    return {name: {"arms": _unclosed(found["arms"]), "difference": found["difference"]} for name, found in told.items()}


def _unclosed(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The arms without closings, which are too few to be told of by brand."""
    return {arm: {name: told for name, told in found.items() if name != CLOSED} for arm, found in arms.items()}


def _groups(people: pa.Table) -> dict[str, pa.Table]:
    """The people of each brand that is large enough, and the others, unknown brands among them, in one group."""
    import pyarrow as pa
    import pyarrow.compute as pc

    brands = pc.fill_null(people.column("brand"), OTHER)
    groups = {name: people.filter(pc.equal(brands, name)) for name in sorted(set(brands.to_pylist()))}
    small = {name for name, group in groups.items() if name == OTHER or _has_small_cell(group)}
    while small:
        pooled = pa.concat_tables([groups.pop(name) for name in sorted(small)])
        if not groups or not _has_small_cell(pooled):
            return groups | {OTHER: pooled}
        smallest = min(groups, key=lambda name: (groups[name].num_rows, name))
        groups, small = groups | {OTHER: pooled}, {OTHER, smallest}
    return groups


def _has_small_cell(people: pa.Table) -> bool:
    left, of = _counts(people, "churned"), {arm: int((_arms(people) == arm).sum()) for arm in ARMS}
    return any(of[arm] < SMALL_CELL or _is_small(left[arm], of[arm]) for arm in ARMS)


def value_kept(people: pa.Table, settings: ReadoutSettings) -> dict[str, Any]:
    """Usual monthly revenue that is still there, per head of each arm, and what the campaign kept of it in all.

    In the source's currency, by what was usual at the draw; the interval is Welch's, with normal quantiles. Whoever
    has left brings nothing any more, by choice or closed by the operator. Who has no known usual revenue is left out
    of both arms.
    """
    revenue = people.column("usual_value").to_numpy().astype(np.float64)
    known = ~np.isnan(revenue)
    still = np.where(_flags(people, "churned") | _flags(people, "involuntary"), 0.0, revenue)
    first, second = (still[known & (_arms(people) == arm)] for arm in ARMS)
    if min(len(first), len(second)) < settings.min_customers:
        return {"value": None, "note": f"{NOT_ENOUGH}: fewer than {settings.min_customers} with known revenue"}
    error = math.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    value, width = first.mean() - second.mean(), NORMAL_QUANTILE * error
    ends = {"value": value, "low": value - width, "high": value + width}
    return {
        "per_head": {name: round(float(amount), 2) for name, amount in ends.items()},
        "in_all": {name: round(float(amount * len(first)), 2) for name, amount in ends.items()},
    }


def balance(people: pa.Table) -> dict[str, Any]:
    """How far the arms differ in what was known at the draw, in standard deviations; large ones speak of a fault.

    Standardised mean differences (Austin, 2009). `by_chance` is what 95 of 100 fair draws of this size stay under.
    """
    arms = _arms(people)
    counts = [int((arms == arm).sum()) for arm in ARMS]
    columns = {name: people.column(name).to_numpy().astype(np.float64) for name in ("probability", "usual_value")}
    for name in ("band", "brand"):
        values = np.array([value or "" for value in people.column(name).to_pylist()])
        common = [value for value in sorted(set(values)) if (values == value).sum() >= SMALL_CELL]
        columns |= {f"{name} {value}": (values == value).astype(np.float64) for value in common}
    found = {name: _standardised(values, arms) for name, values in columns.items()}
    limit = NORMAL_QUANTILE * math.sqrt(sum(1 / count for count in counts))
    return {"differences": found, "by_chance": round(limit, 4)}


def _standardised(values: Floats, arms: NDArray[np.str_]) -> float | None:
    first, second = (values[(arms == arm) & ~np.isnan(values)] for arm in ARMS)
    if min(len(first), len(second)) < 2:
        return None
    spread = math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    return round(float(first.mean() - second.mean()) / spread, 4) if spread > 0 else 0.0


def reach(people: pa.Table, responses: pa.Table) -> dict[str, Any]:
    """How far the campaign got: of the treated, who was tried, reached and accepted; and whom it must not have tried.

    `responses` has a row per attempt: `customer_id`, `outcome`, `accepted`, `talk_seconds`. An attempt on somebody
    withheld breaks the protocol and is counted, but the person stays in the arm that was drawn.
    """
    arm_of = dict(zip(people.column("customer_id").to_pylist(), people.column("arm").to_pylist(), strict=True))
    attempts = responses.to_pylist()
    tried = {row["customer_id"] for row in attempts}
    reached = {row["customer_id"] for row in attempts if row["outcome"] == "reached"}
    accepted = {row["customer_id"] for row in attempts if row["accepted"]}
    treated = {customer for customer, arm in arm_of.items() if arm == TREATED}
    return {
        "attempts": len(attempts),
        "tried": _share(tried & treated, treated),
        "reached": _share(reached & treated, treated),
        "accepted_of_reached": _share(accepted & treated, reached & treated),
        "talk_seconds": sum(row["talk_seconds"] or 0 for row in attempts),
        "withheld_but_contacted": counted(sum(arm_of.get(customer) == WITHHELD for customer in tried)),
        "contacted_without_a_task": counted(len(tried - arm_of.keys())),
    }


def _share(some: set[str], of: set[str]) -> dict[str, Any]:
    if len(of) < SMALL_CELL:
        return {"value": None, "note": NOT_ENOUGH}
    return {"value": round(len(some) / len(of), 4), "of": len(of)}


def _arms(people: pa.Table) -> NDArray[np.str_]:
    return np.array(people.column("arm").to_pylist(), dtype=np.str_)


def _flags(people: pa.Table, column: str) -> NDArray[np.bool_]:
    return np.array(people.column(column).to_pylist(), dtype=np.bool_)
