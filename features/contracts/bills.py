"""Bills: what each customer was charged, paid in advance and owes for the month."""

import dataframely as dy

from features.contracts.contract import Contract, count, customer_id, money, volume


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
    margin = money("What the operator keeps of the charge after interconnection, content partners and commissions.")
    arrears = money("Overdue at the end of the month.")
    payment_delay_days = count(
        "Days after its due date on which the latest due bill was paid; 0 when in time.", unit="days"
    )
    balance = money("Prepaid balance at the end of the month.")
    recharge_amount = money("Topped up in the month.")
    recharge_count = count("Number of top-ups in the month.")
    points = volume("Loyalty points at the end of the month.", "points")
    points_redeemed = volume("Loyalty points redeemed in the month.", "points")


CONTRACT = Contract("bills", Bills, "One row per customer: the month's bill in its parts.", activity=True)
