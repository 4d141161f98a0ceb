"""Calling circle: the numbers with which each customer talks most, and how much."""

import dataframely as dy

from features.contracts.contract import Contract, count, customer_id, identifier, one_of, volume

NETWORKS = ("own", "competitor_1", "competitor_2", "other")


class CallingCircle(dy.Schema):
    customer_id = customer_id()
    contact_id = identifier("Keyed hash of the other number; a customer's own is their customer_id.", key=True)
    network = one_of(NETWORKS, "Whose number it is at the end of the month.")
    minutes = volume("Minutes in both directions.", "minutes")
    calls = count("Calls in both directions.")


CONTRACT = Contract("calling_circle", CallingCircle, "One row per customer and one of their most called numbers.")
