"""Period: when the schedule runs, and which month such a run is about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from features.months import Month


@dataclass(frozen=True)
class ScheduleSettings:
    """When the month just closed is run, in the operator's time zone, and which URL hears of failed runs.

    The 5th, because bills close on the days before; six in the morning, so that the lists are on desks when
    halls open.
    """

    cron: str = "0 6 5 * *"
    failure_webhook: str = ""


def month_just_closed(due: dt.datetime, timezone: str) -> Month:
    """The calendar month before the one in which `due` falls, in the operator's time zone.

    The 5th, 06:00 in Shanghai is still the 4th in London; near the turn of a month another zone's month would
    be the wrong one.
    """
    if due.tzinfo is None:
        raise ValueError("a due time without a time zone names no month")
    there = due.astimezone(ZoneInfo(timezone))
    return Month(there.year, there.month) - 1
