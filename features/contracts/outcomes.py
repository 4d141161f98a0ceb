"""Outcomes: whether a customer left, where the operator says so instead of letting it be derived."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, described


class Outcomes(dy.Schema):
    customer_id = customer_id()
    churned = dy.Bool(
        nullable=False,
        description="Whether the customer left in the period that the source's churn definition names.",
        metadata=described(sensitivity="personal"),
    )
    kind = dy.Enum(
        ["voluntary", "involuntary"],
        nullable=True,
        description="By whose will, where the operator knows.",
        metadata=described(sensitivity="personal"),
    )


CONTRACT = Contract("outcomes", Outcomes, "One row per customer of a snapshot whose outcome is given.")
