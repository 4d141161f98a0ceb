"""Inquiries: how often people turn to the operator, about what, and by which channel."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.departures import PORTED
from infra.simulator.hazard import offers
from infra.simulator.lines import CHANNELS, Lines
from infra.simulator.moments import Moment
from infra.simulator.mood import Felt

TOPICS = ("bill_queries", "plan_consultations", "business_transactions", "complaints", "portability_queries")
_APP = 4
_MOST = 12


def inquire(now: Moment, lines: Lines, felt: Felt, going: Array, billed: Array) -> dict[str, Array]:
    """Contacts of the month by topic and by channel; each has one channel and at most one topic."""
    made, dice = now.constants.inquiries, now.dice
    sensitivity, often = 4 * lines["sensitivity"], lines["inquires"] * billed
    lured = offers(now, 0)[lines["area"]]
    porting = going & (lines["exit"] == PORTED)
    # Nobody's rate is without bound, however unhappy.
    unhappy = (-lines["satisfaction"]).clip(0, 3)
    faults = felt.faults.clip(0, now.constants.mood.faults_felt)
    compares = (1 + made.plan_lured * lured) * (1 + made.plan_going * going)
    complains = made.complaint * (made.complaint_content + unhappy) + made.complaint_after_fault * faults
    ports = made.portability * (1 + made.portability_lured * lured) + made.portability_going * porting
    rates = {
        "bill_queries": often * (made.bill * sensitivity[:, 0] + made.bill_after_shock * felt.shock),
        "plan_consultations": often * made.plan * sensitivity[:, 0] * compares,
        "business_transactions": often * made.business * sensitivity[:, 1],
        "complaints": often * complains + made.complaint_after_shock * felt.shock,
        "portability_queries": billed * ports,
    }
    topics = {topic: dice.count(topic, np.minimum(rate, 4)) for topic, rate in rates.items()}
    other = dice.count("other topics", np.minimum(often * made.other * sensitivity[:, 1], 4))
    lines["complained"][topics["complaints"] > 0] = now.number
    return {**_channels(now, lines, other + sum(topics.values())), **topics}


def _channels(now: Moment, lines: Lines, number: Array) -> dict[str, Array]:
    """Give each contact a channel by taste; a new app hall draws contacts away from all others."""
    taste = lines["channel_taste"].copy()
    opened = now.change("app_hall")
    if opened:
        taste *= 1 - now.constants.inquiries.app_hall_draws * min(opened, 1.5)  # something is left to the others
        taste[:, _APP] += 1 - taste.sum(axis=1)
    edges = taste.cumsum(axis=1)
    counts = np.zeros((len(number), CHANNELS), np.int32)
    for nth in range(min(int(number.max(initial=0)), _MOST)):
        who = np.flatnonzero(number > nth)
        luck = now.dice.of(who).uniform(f"channel of contact {nth}")
        channel = (luck[:, None] > edges[who]).sum(axis=1).clip(max=CHANNELS - 1)
        counts[who, channel] += 1
    names = ("hall_contacts", "hotline_contacts", "sms_contacts", "web_contacts", "app_contacts")
    return {name: counts[:, channel] for channel, name in enumerate(names)}
