"""Products held: what a customer has beside the tariff plan, from fixed line and broadband to ring-back tones."""

import dataframely as dy

from features.contracts.contract import Contract, Interval, customer_id, date, money, name, one_of

FAMILIES = ("fixed_line", "broadband", "family_network", "value_added", "application")


class ProductsHeld(dy.Schema):
    customer_id = customer_id()
    product = name("The product, for example mobile newspaper, mailbox or ring-back tone.", key=True)
    family = one_of(FAMILIES, "What kind of product it is.")
    started_on = date("First day of the product.", known="when it happens", key=True)
    ended_on = date("Last day of the product; null while it is held.", known="when it happens")
    fee = money("Fixed monthly fee.")


CONTRACT = Contract(
    "products_held",
    ProductsHeld,
    "One row per customer and product held on any day of the month.",
    interval=Interval("started_on", "ended_on"),
)
