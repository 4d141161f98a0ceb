"""Dealers: who sells the operator's numbers, and where."""

import dataframely as dy

from features.contracts.contract import Contract, date, money, name, one_of

KINDS = ("own_hall", "franchise", "street", "online", "direct")


class Dealers(dy.Schema):
    dealer = name("Dealer, as in `customers`.", key=True)
    kind = one_of(KINDS, "Kind of outlet.")
    prefecture = name("Prefecture or city.", sensitivity="none")
    since = date("First day of the dealer's agreement.", known="when it happens", sensitivity="business")
    commission = money("Paid for a new customer.", sensitivity="business")


CONTRACT = Contract("dealers", Dealers, "One row per dealer.")
