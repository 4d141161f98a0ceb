"""Plan periods: which tariff plan was in force for a customer, from when to when."""

import dataframely as dy

from features.contracts.contract import Contract, Interval, customer_id, date, described


class PlanPeriods(dy.Schema):
    customer_id = customer_id()
    plan_id = dy.String(
        primary_key=True,
        min_length=1,
        max_length=200,
        description="Tariff plan.",
        metadata=described(sensitivity="business"),
    )
    started_on = date("First day of the plan.", known="when it happens", key=True)
    ended_on = date("Last day of the plan; null while it is in force.", known="when it happens")


CONTRACT = Contract(
    "plan_periods",
    PlanPeriods,
    "One row per customer and plan in force on any day of the month.",
    interval=Interval("started_on", "ended_on"),
)
