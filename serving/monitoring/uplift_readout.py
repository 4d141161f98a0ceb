"""Uplift readout: whether a campaign kept customers, by comparing everybody allocated with everybody withheld."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from serving.campaign_ledger import ARMS, TREATED, WITHHELD

if TYPE_CHECKING:
    import pyarrow as pa

CONFIDENCE = 0.95
NOT_ENOUGH = "not enough data"
SMALL_CELL = 10
"""Fewer customers than this are not shown as a group of their own."""
METHOD = "difference of shares, treated minus withheld; Newcombe's hybrid score interval (1998, method 10)"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReadoutSettings:
    """Below which counts a comparison would mislead: customers of each arm, and leavers of both together."""

    min_customers: int = 50
    min_leavers: int = 10


def difference(kept: tuple[int, int], of: tuple[int, int]) -> tuple[float, float, float]:
    """Difference of two shares, `kept[0]/of[0] - kept[1]/of[1]`, with its 95 % interval.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10, without continuity correction: it squares and
    adds the distances of each share from its Wilson score limits, so it holds its level where shares are near 1
    and never leaves -1 to 1. Strata are not used, which can only make it wider than it need be.
    """
    (first, second), (low, high) = (kept[0] / of[0], kept[1] / of[1]), _wilson(kept[0], of[0])
    low_of_second, high_of_second = _wilson(kept[1], of[1])
    found = first - second
    below = math.hypot(first - low, high_of_second - second)
    above = math.hypot(high - first, second - low_of_second)
    return found, found - below, found + above


def _wilson(kept: int, of: int) -> tuple[float, float]:
    """Wilson's score interval of a share (1927)."""
    z2 = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) ** 2
    middle, width = 2 * kept + z2, math.sqrt(z2 * (z2 + 4 * kept * (1 - kept / of)))
    return (middle - width) / (2 * (of + z2)), (middle + width) / (2 * (of + z2))


def effect(people: pa.Table, settings: ReadoutSettings) -> dict[str, Any]:
    """Intention to treat: retention of each arm and their difference, or why there is none to show.

    `people` has a row for everybody allocated, contacted or not, with `arm` and `churned`: who was never reached
    still counts as treated, because those who can be reached differ from those who cannot. Closed by the
    operator, for arrears or fraud, is not leaving by choice; it is counted beside it.
    """
    arms = {arm: _arm(people, arm) for arm in ARMS}
    if reason := _too_few(arms, settings):
        counts = {arm: {"customers": shown(found["customers"])} for arm, found in arms.items()}
        return {"arms": counts, "difference": {"value": None, "note": reason}}
    kept = arms[TREATED]["kept"], arms[WITHHELD]["kept"]
    value, low, high = difference(kept, (arms[TREATED]["customers"], arms[WITHHELD]["customers"]))
    return {"arms": arms, "difference": {"value": round(value, 6), "low": round(low, 6), "high": round(high, 6)}}


def _arm(people: pa.Table, arm: str) -> dict[str, Any]:
    mine = _arms(people) == arm
    left = _flags(people, "churned")[mine]
    customers = int(mine.sum())
    return {
        "customers": customers,
        "kept": int((~left).sum()),
        "retention": round(float((~left).mean()), 6) if customers else None,
        "closed_by_operator": shown(int(_flags(people, "involuntary")[mine].sum())),
    }


def _too_few(arms: Mapping[str, Mapping[str, Any]], settings: ReadoutSettings) -> str:
    leavers = sum(arm["customers"] - arm["kept"] for arm in arms.values())
    for name, arm in arms.items():
        if arm["customers"] < settings.min_customers:
            return f"{NOT_ENOUGH}: fewer than {settings.min_customers} customers {name}"
    if leavers < settings.min_leavers:
        return f"{NOT_ENOUGH}: fewer than {settings.min_leavers} leavers in both arms"
    return ""


def by_brand(people: pa.Table, settings: ReadoutSettings) -> dict[str, Any]:
    """The same comparison within each brand; an exploration, since many comparisons find something by chance."""
    import pyarrow.compute as pc

    brands = sorted(set(filter(None, people.column("brand").to_pylist())))
    return {brand: effect(people.filter(pc.equal(people.column("brand"), brand)), settings) for brand in brands}


def value_kept(people: pa.Table, settings: ReadoutSettings) -> dict[str, Any]:
    """Usual monthly revenue that is still there, per head of each arm, and what the campaign kept of it in all.

    In the source's currency, by what was usual at the draw; the interval is Welch's, with normal quantiles. Who
    has no known usual revenue is left out of both arms.
    """
    revenue = people.column("usual_value").to_numpy().astype(np.float64)
    known = ~np.isnan(revenue)
    still = np.where(_flags(people, "churned"), 0.0, revenue)
    first, second = (still[known & (_arms(people) == arm)] for arm in ARMS)
    if min(len(first), len(second)) < settings.min_customers:
        return {"value": None, "note": f"{NOT_ENOUGH}: fewer than {settings.min_customers} with known revenue"}
    error = math.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    value, width = first.mean() - second.mean(), NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * error
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
    limit = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * math.sqrt(sum(1 / count for count in counts))
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
        "withheld_but_contacted": shown(sum(arm_of.get(customer) == WITHHELD for customer in tried)),
        "contacted_without_a_task": shown(len(tried - arm_of.keys())),
    }


def _share(some: set[str], of: set[str]) -> dict[str, Any]:
    if len(of) < SMALL_CELL:
        return {"value": None, "note": NOT_ENOUGH}
    return {"value": round(len(some) / len(of), 4), "of": len(of)}


def shown(customers: int) -> int | str:
    """A number of customers as a report may show it: too few to be a group of their own are not counted out."""
    return customers if customers == 0 or customers >= SMALL_CELL else f"fewer than {SMALL_CELL}"


def _arms(people: pa.Table) -> NDArray[np.str_]:
    return np.array(people.column("arm").to_pylist(), dtype=np.str_)


def _flags(people: pa.Table, column: str) -> NDArray[np.bool_]:
    return np.array(people.column(column).to_pylist(), dtype=np.bool_)
