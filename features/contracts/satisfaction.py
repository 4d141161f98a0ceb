"""Satisfaction: what customers answered when they were asked how content they are."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, date, described, one_of

TOPICS = ("overall", "network", "tariff", "service")


class Satisfaction(dy.Schema):
    customer_id = customer_id()
    surveyed_on = date("Day of the survey.", known="when it happens", key=True)
    topic = one_of(TOPICS, "What the question was about.", key=True)
    score = dy.Int32(
        nullable=False,
        min=0,
        max=10,
        description="From 0, not at all, to 10, fully content.",
        metadata=described(unit="points", sensitivity="personal"),
    )


CONTRACT = Contract("satisfaction", Satisfaction, "One row per answer of the month to a satisfaction survey.")
