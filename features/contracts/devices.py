"""Devices: the handset in which each customer's card was at the end of the month."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, date, identifier, name, one_of

PRICE_BANDS = ("low", "middle", "high", "flagship")


class Devices(dy.Schema):
    customer_id = customer_id()
    imei_hash = identifier("Keyed hash of the handset's IMEI.")
    brand = name("Brand of the handset.", sensitivity="none")
    price_band = one_of(PRICE_BANDS, "Band of the price that the handset had when it was new.")
    used_since = date("Day on which the card was first seen in this handset.", known="when it happens")


CONTRACT = Contract("devices", Devices, "One row per customer: the handset in use at the end of the month.")
