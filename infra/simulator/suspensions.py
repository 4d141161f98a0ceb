"""Suspensions: lines stopped for a while as their holders ask, more often by those about to go."""

from __future__ import annotations

from infra.simulator.chance import Array
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment

ARREARS_STOP, ASKED_STOP, KEEP_STOP = range(3)
"""Kinds of stops: for arrears, as the customer asked, and asked for to keep the number while gone."""


def suspend(now: Moment, lines: Lines, here: Array, going: Array) -> None:
    """End the stops of last month, and begin those that are asked for in this one.

    A stop that was asked for ends in the month after, so that nobody who stays is silent for two months:
    the churn label would call them a leaver.
    """
    over = (lines["stop_ended"] != NONE) & (lines["stop_ended"] < now.begin)
    lines["stopped_on"][over] = lines["stop_ended"][over] = lines["stop_kind"][over] = NONE
    asked = (lines["stopped_on"] != NONE) & (lines["stop_kind"] != ARREARS_STOP) & (lines["stop_ended"] == NONE)
    lines["stop_ended"][asked] = now.days("stop ends")[asked]
    free = here & (lines["stopped_on"] == NONE) & (lines["activated"] < now.begin)
    signals, luck, day = now.constants.signals, now.dice.uniform("asks for a stop"), now.days("stop begins")
    keep = signals.keep_number_false + (signals.keep_number - signals.keep_number_false) * going
    asks = signals.stop_false + (signals.stop - signals.stop_false) * going
    for kind, begins in ((KEEP_STOP, luck < keep), (ASKED_STOP, (luck >= keep) & (luck < keep + asks))):
        lines["stopped_on"][free & begins] = day[free & begins]
        lines["stop_kind"][free & begins] = kind
