"""Responses: the operator's answer to a campaign, contact attempt by contact attempt."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, date, described, name

OUTCOMES = ("busy", "no_answer", "reached")


class Responses(dy.Schema):
    customer_id = customer_id()
    campaign = dy.String(
        primary_key=True,
        min_length=1,
        max_length=64,
        description="Name of the campaign whose task was worked.",
        metadata=described(sensitivity="business"),
    )
    contacted_on = date("Day of the attempt; one a day.", known="when it happens", key=True)
    channel = name("Channel of the attempt, for example hall, hotline or sms.")
    plan = name("Care plan that was offered.")
    outcome = dy.Enum(
        OUTCOMES,
        nullable=False,
        description="How the attempt ended.",
        metadata=described(sensitivity="none"),
    )
    accepted = dy.Bool(
        nullable=True,
        description="Whether the customer took the offer; null where nobody was reached.",
        metadata=described(sensitivity="personal"),
    )
    talk_seconds = dy.Int32(
        nullable=True,
        min=0,
        max=86_400,
        description="Length of the talk; null where nobody was reached.",
        metadata=described(unit="seconds", sensitivity="personal"),
    )


CONTRACT = Contract("responses", Responses, "One row per attempt of the month to contact a customer for a campaign.")
