"""Customer contracts: what a customer is bound to, from when until when, and at what price they can leave."""

import dataframely as dy

from features.contracts.contract import Contract, Interval, customer_id, date, money, one_of

KINDS = ("plan", "handset", "prepay_for_handset", "bundle", "enterprise")


class CustomerContracts(dy.Schema):
    customer_id = customer_id()
    kind = one_of(KINDS, "What the customer got for being bound.", key=True)
    started_on = date("First day of the contract.", known="when it happens", key=True)
    ends_on = date("Last day of the agreed minimum term.", known="in advance")
    penalty = money("What leaving at the end of the month would cost the customer.")
    expected_spend = money("Monthly spend agreed, or named by the customer at signing.")


CONTRACT = Contract(
    "contracts",
    CustomerContracts,
    "One row per contract in force on any day of the month.",
    interval=Interval("started_on", "ends_on"),
)
