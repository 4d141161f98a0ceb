"""Service events: what happened between the customer and the network, day by day."""

import dataframely as dy

from features.contracts.contract import Contract, Interval, count, customer_id, date, described

KINDS = (
    "suspension",
    "voluntary_suspension",
    "suspension_to_keep_number",
    "arrears_stop",
    "competitor_call",
    "forwarding_to_competitor",
    "second_sim_suspected",
    "severe_complaint",
    "network_fault",
    "plan_change",
    "handset_change",
    "reactivation",
)


class ServiceEvents(dy.Schema):
    customer_id = customer_id()
    kind = dy.Enum(
        KINDS,
        primary_key=True,
        description="What happened.",
        metadata=described(sensitivity="none"),
    )
    started_on = date("Day on which it happened or began.", known="when it happens", key=True)
    ended_on = date(
        "Last day; null while it lasts, and the same as `started_on` for what takes no time.", known="when it happens"
    )
    seconds = count(
        "Length of the call to a competitor's service line, of several a day the longest; null for everything else.",
        unit="seconds",
        most=86_400,
    )


CONTRACT = Contract(
    "service_events",
    ServiceEvents,
    "One row per event that lasted on any day of the month; of several calls a day to a competitor the longest.",
    interval=Interval("started_on", "ended_on"),
)
