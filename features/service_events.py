"""Service events: stops, complaints, faults and signs of a competitor, how often, how long and how lately."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw

from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths
from features.months import Month
from features.side_by_side import months_since_last, total
from features.time_spans import begins_in, days_within, in_force_at_end, lasts_in

TABLE = "service_events"
SPANS = {1: "the latest month", 3: "the last three months", 6: "the last six months"}
MONTHS = max(SPANS)
LONG_CALL_SECONDS = 60
"""Of a minute: from there on a call to a competitor's service line is a warning signal (domain section 3)."""


@dataclass(frozen=True)
class EventGroup:
    """Kinds of event that say the same to a retention manager, and the facts of them that are indicators.

    A fact is `open` (lasting at the month's end), `months_since`, or one of `begun`, `days`, `seconds` and `long`
    (calls of more than a minute) with the months it looks back over, such as `begun_3`. `counted` says what a row is
    where it is not one of what the group means: of several calls a day only one is delivered.
    """

    name: str
    kinds: tuple[str, ...]
    meaning: str
    angle: Angle
    facts: tuple[str, ...]
    counted: str = ""


_EXPERIENCE: Angle = "service experience"
_COMPETITOR: Angle = "social circle and competitor"

# The contract's kinds, sorted by the eight warning signals of decline; `stop` sums up all ways to be cut off,
# because some operators record no reason, and `competitor` its signs, because some record one of them only.
GROUPS = (
    EventGroup(
        "stop",
        ("suspension", "voluntary_suspension", "suspension_to_keep_number", "arrears_stop"),
        "suspensions and stops of any kind",
        _EXPERIENCE,
        ("begun_3", "months_since", "days_3", "open"),
    ),
    EventGroup(
        "own_suspension",
        ("voluntary_suspension", "suspension_to_keep_number"),
        "suspensions at the customer's own wish",
        _EXPERIENCE,
        ("begun_3", "months_since", "open"),
    ),
    EventGroup(
        "keep_number", ("suspension_to_keep_number",), "suspensions to keep the number", _EXPERIENCE, ("begun_3",)
    ),
    EventGroup("complaint", ("severe_complaint",), "severe complaints", _EXPERIENCE, ("begun_3", "months_since")),
    EventGroup(
        "fault",
        ("network_fault",),
        "network faults that hit the customer",
        _EXPERIENCE,
        ("begun_3", "begun_6", "months_since"),
    ),
    EventGroup(
        "arrears_stop", ("arrears_stop",), "stops for overdue bills", "payment", ("begun_3", "months_since", "open")
    ),
    EventGroup(
        "competitor",
        ("competitor_call", "forwarding_to_competitor", "second_sim_suspected"),
        "signs of a competitor (calls to its service line, forwarding to its numbers, a second SIM)",
        _COMPETITOR,
        ("begun_1", "begun_3", "months_since"),
    ),
    EventGroup(
        "competitor_call",
        ("competitor_call",),
        "calls to a competitor's service line",
        _COMPETITOR,
        ("begun_3", "seconds_3", "long_3"),
        "days with calls to a competitor's service line",
    ),
    EventGroup(
        "forwarding", ("forwarding_to_competitor",), "forwardings to a competitor", _COMPETITOR, ("begun_3", "open")
    ),
    EventGroup("second_sim", ("second_sim_suspected",), "signs of a second SIM", _COMPETITOR, ("begun_3",)),
    EventGroup(
        "plan_change", ("plan_change",), "changes of plan", "contract and plan fit", ("begun_6", "months_since")
    ),
    EventGroup("handset_change", ("handset_change",), "changes of handset", "device", ("begun_6", "months_since")),
    EventGroup(
        "reactivation", ("reactivation",), "reactivations", "products and life cycle", ("begun_6", "months_since")
    ),
)

_MEANINGS = {
    "begun": ("count", "Number of {2} in {1}."),
    "days": ("days", "Days of {1} under {0}, each counted once."),
    "seconds": ("seconds", "Seconds of {} in {}, of each day the longest."),
    "long": ("count", "Number of {2} of more than a minute in {1}."),
    "open": ("count", "Number of {} that last at the month's end."),
    "months_since": ("months", "Months since the latest of the {}; empty when there was none in the last six months."),
}

_OF_LENGTH = ("long", "seconds")


def fact_and_window(fact: str) -> tuple[str, int]:
    """`begun_3` is `begun` over three months; `open` looks at one and `months_since` at six."""
    name, _, months = fact.rpartition("_")
    return (name, int(months)) if months.isdigit() else (fact, 1 if fact == "open" else MONTHS)


def catalogue() -> tuple[Indicator, ...]:
    return tuple(_indicator(group, fact) for group in GROUPS for fact in group.facts)


def _indicator(group: EventGroup, fact: str) -> Indicator:
    name, window = fact_and_window(fact)
    unit, meaning = _MEANINGS[name]
    said = meaning.format(group.meaning, SPANS[window], group.counted or f"{group.meaning} begun")
    return Indicator(f"event_{group.name}_{fact}", group.angle, unit, said, window, TABLE)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last six was delivered.

    The table lists what happened, so a customer without a row in a delivered month had no event: zero. A month
    that was not delivered is unknown, and so is every window that reaches over it. Nothing happened to a newcomer in
    the months before they came, and a count over them says so; only what is divided by months must leave them out.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        frame = _with_month(frame, month, known.as_of - ago, ago)
    return frame.select("customer_id", *(_expression(group, fact) for group in GROUPS for fact in group.facts))


def _with_month(frame: Frame, month: Frame | None, when: Month, ago: int) -> Frame:
    wanted = [(group, fact) for group in GROUPS for fact in _monthly(group, ago)]
    columns = [f"{group.name}_{fact}_{ago}" for group, fact in wanted]
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Int64).alias(column) for column in columns)
    # Operators may deliver all events ever with each month; what does not last in the month, or is only announced,
    # does not count in it.
    facts = _facts(when)
    counted = [
        nw.when(nw.col("kind").cast(nw.String).is_in(group.kinds)).then(facts[fact]).otherwise(nw.lit(0)).cast(nw.Int64)
        for group, fact in wanted
    ]
    lasting = month.filter(lasts_in(nw.col("started_on"), nw.col("ended_on"), when))
    if any(fact == "days" for _, fact in wanted):
        lasting = _with_days(lasting, when)
    counts = (
        lasting.select("customer_id", *(count.alias(column) for count, column in zip(counted, columns, strict=True)))
        .group_by("customer_id")
        .agg(nw.col(column).sum() for column in columns)
    )
    joined = frame.join(counts, on="customer_id", how="left")
    return joined.with_columns(nw.col(column).fill_null(0) for column in columns)


def _with_days(lasting: Frame, when: Month) -> Frame:
    """Adds `days`: how many days of the month each stop covers that no earlier one does, so that none counts twice.

    A stop for overdue bills often begins within one of another kind. By their first days, each adds what lies beyond
    the furthest day that those before it reached.
    """
    first, last = days_within(nw.col("started_on"), nw.col("ended_on"), when)
    each = (_stops().alias("stop"), first.alias("first"), last.alias("last"))
    of, order = ("customer_id", "stop"), ("first", "last", "kind", "started_on")
    return (
        lasting.with_columns(*each)
        .with_columns(nw.col("last").cum_max().over(*of, order_by=order).alias("reached"))
        .with_columns(nw.col("reached").shift(1).over(*of, order_by=order).fill_null(0).alias("before"))
        .with_columns(
            (nw.col("last") - nw.max_horizontal("before", nw.col("first") - 1)).clip(lower_bound=0).alias("days")
        )
    )


def _stops() -> nw.Expr:
    (kinds,) = {group.kinds for group in GROUPS for fact in group.facts if fact_and_window(fact)[0] == "days"}
    return nw.col("kind").cast(nw.String).is_in(kinds)


def _monthly(group: EventGroup, ago: int) -> list[str]:
    """What has to be counted of a group so many months ago; `months_since` needs what has begun in each of six."""
    found = [fact_and_window(fact) for fact in group.facts]
    counted = {"begun" if fact == "months_since" else fact for fact, window in found if ago < window}
    return sorted(counted | ({"unsaid"} if counted & set(_OF_LENGTH) else set()))


def _facts(when: Month) -> dict[str, nw.Expr]:
    """Per event row, as whole numbers so that sums do not depend on their order."""
    started_on, ended_on = nw.col("started_on"), nw.col("ended_on")
    begun, seconds = begins_in(started_on, when), nw.col("seconds").cast(nw.Int64)
    return {
        "begun": begun.cast(nw.Int64),
        "days": nw.col("days"),
        "open": in_force_at_end(ended_on, when).cast(nw.Int64),
        "seconds": nw.when(begun).then(seconds.fill_null(0)).otherwise(nw.lit(0)),
        "long": (begun & (seconds.fill_null(0) > LONG_CALL_SECONDS)).cast(nw.Int64),
        "unsaid": (begun & seconds.is_null()).cast(nw.Int64),
    }


def _expression(group: EventGroup, fact: str) -> nw.Expr:
    name, window = fact_and_window(fact)

    def monthly(of: str) -> list[nw.Expr]:
        return [nw.col(f"{group.name}_{of}_{ago}") for ago in range(window)]

    if fact == "months_since":
        value = months_since_last(monthly("begun"))
    elif name in _OF_LENGTH:  # unknown where the operator does not say how long a call took
        value = nw.when(total(monthly("unsaid")) == 0).then(total(monthly(name)).cast(nw.Float64))
    else:
        value = total(monthly(name)).cast(nw.Float64)
    return value.alias(f"event_{group.name}_{fact}")
