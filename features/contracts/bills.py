"""Bills: what each customer was charged, paid in advance and owes for the month."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, described, money


class Bills(dy.Schema):
    customer_id = customer_id()
    amount = money("Total charged for the month; for prepaid, what was consumed.")
    plan_fee = money("Fixed fee of the plan.")
    overage = money("Charged beyond the plan's allowances.")
    long_distance = money("Charged for long-distance and international calls.")
    roaming = money("Charged while roaming.")
    information = money("Charged for content and information services.")
    data_fee = money("Charged for data beyond the plan fee.")
    discount = money("Taken off the bill.")
    arrears = money("Overdue at the end of the month.")
    balance = money("Prepaid balance at the end of the month.")
    recharge_amount = money("Topped up in the month.")
    recharge_count = dy.Int32(
        nullable=True,
        min=0,
        max=10_000,
        description="Number of top-ups in the month.",
        metadata=described(unit="count", sensitivity="personal"),
    )


CONTRACT = Contract("bills", Bills, "One row per customer: the month's bill in its parts.", activity=True)
