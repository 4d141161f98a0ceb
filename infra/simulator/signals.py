"""Signals: the warning signals of who is about to go, and the same as false alarms of who is not.

The eight of the domain (section 3): a competitor's service line called, calls forwarded to a competitor,
suspension to keep the number, a falling bill, voluntary suspension, a contract that expires, overdue arrears
and a severe complaint; and a second SIM (section 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.hazard import offers
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment
from infra.simulator.mood import Felt
from infra.simulator.suspensions import ARREARS_STOP, ASKED_STOP, KEEP_STOP


@dataclass(frozen=True)
class Events:
    """Events of a month, column by column: the line's position, kind, first and last day, seconds."""

    at: Array
    kind: Array
    since: Array
    until: Array
    seconds: Array


KINDS = (
    *("suspension", "voluntary_suspension", "suspension_to_keep_number", "arrears_stop", "competitor_call"),
    *("forwarding_to_competitor", "second_sim_suspected", "severe_complaint", "network_fault", "plan_change"),
    *("handset_change", "reactivation"),
)
_STOPS = {ARREARS_STOP: "arrears_stop", ASKED_STOP: "voluntary_suspension", KEEP_STOP: "suspension_to_keep_number"}


def noted_events(now: Moment, lines: Lines, felt: Felt, going: Array, happened: dict[str, Array]) -> Events:
    """All that the operator noted; `happened` adds days (NONE for none) by kind of what others decided."""
    days = {kind: _day(now, lines, kind, chance) for kind, chance in _chances(now, lines, felt, going).items()}
    days |= happened
    ended = np.where(lines["stop_ended"] >= now.begin, lines["stop_ended"], NONE)
    days["reactivation"] = np.where(ended < now.end, ended, NONE)
    parts = [_events(kind, day, day) for kind, day in days.items()]
    until = np.where(lines["stop_ended"] == NONE, lines["closed_on"], lines["stop_ended"])
    for stop, kind in _STOPS.items():
        parts.append(_events(kind, np.where(lines["stop_kind"] == stop, lines["stopped_on"], NONE), until))
    events = Events(*(np.concatenate([getattr(part, name) for part in parts]) for name in Events.__annotations__))
    called = events.kind == KINDS.index("competitor_call")
    made = now.constants.signals
    mean = np.where(going[events.at], made.rival_seconds, made.rival_seconds_false)
    long = now.dice.exponential("seconds")[events.at] * mean
    events.seconds[called] = (made.rival_seconds_least + long[called]).clip(max=3_000)  # a call is cut after 50 minutes
    return events


def within_talk(events: Events, minutes: Array) -> Events:
    """The events without competitor calls of who called nobody; no call is longer than all of somebody's talk."""
    called = events.kind == KINDS.index("competitor_call")
    talked = 60 * minutes[events.at]
    seconds = np.where(called, np.minimum(events.seconds, talked), events.seconds).astype(np.int32)
    possible = ~called | (talked >= 1)
    columns = (events.at, events.kind, events.since, events.until, seconds)
    return Events(*(column[possible] for column in columns))


def _chances(now: Moment, lines: Lines, felt: Felt, going: Array) -> dict[str, Array]:
    """How likely each event is in this month, of who is going and of everybody else."""
    made, tariff = now.constants.signals, 4 * lines["sensitivity"][:, 0]
    lured = offers(now, 0)[lines["area"]]
    complains = lines["complained"] == now.number
    asks_rival = (1 - made.rival_call_by_tariff) + made.rival_call_by_tariff * tariff + made.rival_call_lured * lured
    severe = np.where(complains, made.severe_complaining, made.severe_silent)
    return {
        "competitor_call": np.where(going, made.rival_call, made.rival_call_false * asks_rival),
        "forwarding_to_competitor": np.where(going, made.forwarding, made.forwarding_false),
        "second_sim_suspected": np.where(going, made.second_sim, made.second_sim_false),
        "severe_complaint": np.where(going, made.severe, made.severe_false) * severe,
        "network_fault": (felt.faults > 0) * 1.0,
        "suspension": np.full(len(going), made.lost_card),
    }


def _day(now: Moment, lines: Lines, kind: str, chance: Array) -> Array:
    """The day on which it happened to those to whom it did: never before the first day on net or after the last."""
    day = np.maximum(now.days(f"day of {kind}"), lines["activated"])
    day = np.where(lines["closed_on"] == NONE, day, np.minimum(day, lines["closed_on"]))
    return np.where(now.dice.happens(kind, chance), day, NONE)


def _events(kind: str, since: Array, until: Array) -> Events:
    at = np.flatnonzero(since != NONE)
    number = np.full(len(at), KINDS.index(kind), np.int8)
    return Events(at, number, since[at], until[at], np.full(len(at), NONE))
