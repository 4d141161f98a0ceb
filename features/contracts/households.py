"""Households: who lives together, so that a customer is more than one number."""

import dataframely as dy

from features.contracts.contract import Contract, count, customer_id, identifier, one_of


class Households(dy.Schema):
    customer_id = customer_id()
    household_id = identifier("Keyed hash of the household or of the account that its bills go to.", required=True)
    role = one_of(("head", "member"), "Whether the customer pays for the others.", sensitivity="personal")
    numbers = count("Numbers of the household with this operator at the end of the month.")
    persons = count("Persons in the household, as far as known.")


CONTRACT = Contract("households", Households, "One row per customer whose household is known.")
