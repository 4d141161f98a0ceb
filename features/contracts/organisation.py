"""Organisation: the operator's units from province to customer manager, and how many tasks each can work."""

import dataframely as dy

from features.contracts.contract import Contract, count, name, one_of

LEVELS = ("province", "prefecture", "county", "area", "hall", "manager")


class Organisation(dy.Schema):
    level = one_of(LEVELS, "Level of the unit.", key=True)
    unit = name("Name of the unit, as in `customers`.", key=True)
    parent = name("Unit of the level above; null for the province.")
    capacity = count(
        "Retention tasks that it can work in a month; null when unbounded.", sensitivity="business", most=10_000_000
    )


CONTRACT = Contract("organisation", Organisation, "One row per unit of the operator's organisation.")
