"""Campaigns: what the operator offered, to whom it was meant, and from when to when."""

import dataframely as dy

from features.contracts.contract import Contract, Interval, date, money, name, one_of

KINDS = ("care", "marketing", "win_back", "acquisition")


class Campaigns(dy.Schema):
    campaign = name("Name of the campaign.", key=True)
    kind = one_of(KINDS, "What it was for.")
    plan = name("Care plan or offer.")
    channel = name("Channel, for example hall, hotline or sms.", sensitivity="none")
    started_on = date("First day.", known="when it happens", key=True, sensitivity="business")
    ended_on = date("Last day as planned.", known="in advance", sensitivity="business")
    budget = money("Budget.", sensitivity="business")


CONTRACT = Contract(
    "campaigns",
    Campaigns,
    "One row per campaign that ran on any day of the month.",
    interval=Interval("started_on", "ended_on"),
)
