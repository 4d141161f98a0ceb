"""Service events: stops, complaints, faults and signs of a competitor, how often, how long and how lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw

from features.catalogue import Indicator
from features.known_months import Frame, KnownMonths
from features.months import Month
from features.time_spans import begins_in, days_within, in_force_at_end, lasts_in
from features.windows import total

TABLE = "service_events"
ANGLE = "service events"
WINDOWS = {1: "the latest month", 3: "the last three months", 6: "the last six months"}
MONTHS = max(WINDOWS)


@dataclass(frozen=True)
class EventGroup:
    """Kinds of event that say the same to a retention manager; `lasting` ones are also counted in days."""

    name: str
    kinds: tuple[str, ...]
    meaning: str
    lasting: bool = False


# The contract's kinds, sorted by the eight warning signals of decline; `stop` sums up all ways to be cut off,
# because some operators record no reason.
GROUPS = (
    EventGroup(
        "stop",
        ("suspension", "voluntary_suspension", "suspension_to_keep_number", "arrears_stop"),
        "suspensions and stops of any kind",
        lasting=True,
    ),
    EventGroup(
        "own_suspension",
        ("voluntary_suspension", "suspension_to_keep_number"),
        "suspensions at the customer's own wish",
        lasting=True,
    ),
    EventGroup("arrears_stop", ("arrears_stop",), "stops for overdue bills", lasting=True),
    EventGroup(
        "competitor",
        ("competitor_call", "forwarding_to_competitor", "second_sim_suspected"),
        "signs of a competitor: calls to its service line, forwarding to its numbers, a second SIM",
    ),
    EventGroup("complaint", ("severe_complaint",), "severe complaints"),
    EventGroup("fault", ("network_fault",), "network faults that hit the customer"),
    EventGroup("plan_change", ("plan_change",), "changes of plan"),
    EventGroup("handset_change", ("handset_change",), "changes of handset"),
    EventGroup("reactivation", ("reactivation",), "reactivations"),
)


def catalogue() -> tuple[Indicator, ...]:
    return tuple(indicator for group in GROUPS for indicator in _indicators_of(group))


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last six was delivered.

    The table lists what happened, so a customer without a row in a delivered month had no event: zero. A month
    that was not delivered is unknown, and so is every window that reaches over it.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        frame = _with_month(frame, month, known.as_of - ago, ago)
    return frame.select("customer_id", *(expression for group in GROUPS for expression in _expressions_of(group)))


def _with_month(frame: Frame, month: Frame | None, when: Month, ago: int) -> Frame:
    columns = [name for group in GROUPS for name in _monthly_columns(group, ago)]
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Int64).alias(column) for column in columns)
    # Operators may deliver all events ever with each month; what does not last in the month, or is only announced,
    # does not count in it.
    counts = (
        month.filter(lasts_in(nw.col("started_on"), nw.col("ended_on"), when))
        .select("customer_id", *(fact for group in GROUPS for fact in _facts(group, when, ago)))
        .group_by("customer_id")
        .agg(nw.col(column).sum() for column in columns)
    )
    joined = frame.join(counts, on="customer_id", how="left")
    return joined.with_columns(nw.col(column).fill_null(0) for column in columns)


def _monthly_columns(group: EventGroup, ago: int) -> Sequence[str]:
    begun, days, still = (f"{group.name}_{fact}_{ago}" for fact in ("begun", "days", "open"))
    return (begun, days, still) if group.lasting else (begun,)


def _facts(group: EventGroup, when: Month, ago: int) -> list[nw.Expr]:
    """Per event row, as whole numbers so that sums do not depend on their order: begun, days and open in the month."""
    of_group = nw.col("kind").cast(nw.String).is_in(group.kinds)
    started_on, ended_on = nw.col("started_on"), nw.col("ended_on")
    facts = [
        begins_in(started_on, when).cast(nw.Int64),
        days_within(started_on, ended_on, when),
        in_force_at_end(ended_on, when).cast(nw.Int64),
    ]
    columns = _monthly_columns(group, ago)
    return [
        nw.when(of_group).then(fact).otherwise(nw.lit(0)).cast(nw.Int64).alias(column)
        for fact, column in zip(facts, columns, strict=False)
    ]


def _indicators_of(group: EventGroup) -> list[Indicator]:
    def indicator(name: str, unit: str, meaning: str, window: int) -> Indicator:
        return Indicator(f"event_{group.name}_{name}", ANGLE, unit, meaning, window, TABLE)

    found = [
        indicator(f"begun_{window}", "count", f"Number of {group.meaning} begun in {months}.", window)
        for window, months in WINDOWS.items()
    ]
    since = f"Months since the latest of the {group.meaning}; empty when there was none in the last six months."
    found.append(indicator("months_since", "months", since, MONTHS))
    if group.lasting:
        found += [
            indicator(f"days_{window}", "days", f"Days of {months} under {group.meaning}.", window)
            for window, months in WINDOWS.items()
        ]
        found.append(indicator("open", "count", f"Number of {group.meaning} that last at the month's end.", 1))
    return found


def _expressions_of(group: EventGroup) -> list[nw.Expr]:
    def summed(fact: str, window: int) -> nw.Expr:
        monthly = [nw.col(f"{group.name}_{fact}_{ago}") for ago in range(window)]
        return total(monthly).cast(nw.Float64).alias(f"event_{group.name}_{fact}_{window}")

    expressions = [summed("begun", window) for window in WINDOWS]
    expressions.append(_months_since(group).alias(f"event_{group.name}_months_since"))
    if group.lasting:
        expressions += [summed("days", window) for window in WINDOWS]
        expressions.append(nw.col(f"{group.name}_open_0").cast(nw.Float64).alias(f"event_{group.name}_open"))
    return expressions


def _months_since(group: EventGroup) -> nw.Expr:
    """How many months ago the latest event began; null when an unknown month comes before it in the search."""
    since = nw.lit(None, dtype=nw.Float64)
    for ago in reversed(range(MONTHS)):
        begun = nw.col(f"{group.name}_begun_{ago}")
        earlier = nw.when(begun == 0).then(since)
        since = nw.when(begun > 0).then(nw.lit(float(ago))).otherwise(earlier)
    return since
