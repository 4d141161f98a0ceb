"""Plans: the catalogue of tariff plans, what each costs and includes."""

import dataframely as dy

from features.contracts.contract import Contract, flag, money, name, volume


class Plans(dy.Schema):
    plan_id = name("Tariff plan, as in `customers` and `plan_periods`.", key=True)
    brand = name("Brand that the plan belongs to.", sensitivity="none")
    fee = money("Fixed monthly fee.", sensitivity="none")
    included_minutes = volume("Outgoing minutes included.", "minutes", sensitivity="none")
    included_mb = volume("Data included.", "MB", sensitivity="none")
    included_sms = volume("Short messages included.", "count", sensitivity="none")
    minute_price = money("Price of a minute beyond those included.", sensitivity="none")
    mb_price = money("Price of a megabyte beyond those included.", sensitivity="none")
    on_sale = flag("Whether new customers can choose it.", sensitivity="business")


CONTRACT = Contract("plans", Plans, "One row per tariff plan that somebody is on, or can choose.")
