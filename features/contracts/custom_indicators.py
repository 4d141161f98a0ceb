"""Custom indicators: an operator's own columns, numbers or categories, as of their month."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, described


class CustomIndicators(dy.Schema):
    customer_id = customer_id()
    name = dy.String(
        primary_key=True,
        regex=r"^[a-z][a-z0-9_]{0,62}$",
        description="Name of the indicator: lower-case letters, digits and underscores; ethnicity is barred.",
        metadata=described(sensitivity="none"),
    )
    number = dy.Float64(
        nullable=True,
        description="Value of a numeric indicator.",
        metadata=described(unit="as named", sensitivity="personal"),
    )
    category = dy.String(
        nullable=True,
        max_length=200,
        description="Value of a categorical indicator.",
        metadata=described(sensitivity="personal"),
    )


CONTRACT = Contract(
    "custom_indicators", CustomIndicators, "One row per customer and indicator that the operator computes itself."
)
