"""Measures: which columns of a monthly table are looked at, over which windows, and what those are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from features.catalogue import Angle, Indicator

SHARE_MONTHS = 3
TREND: Angle = "trend"
ANGLES: tuple[Angle, ...] = get_args(Angle)


@dataclass(frozen=True)
class Window:
    """A window function: its `meaning` has a gap for the measure; `unit` None is the measure's own.

    The gap `{1}` takes what a measure that is the number of something counts.
    What compares months belongs to the angle `trend`, whatever the measure; a level to the measure's own angle.
    """

    name: str
    months: int
    unit: str | None
    meaning: str
    trend: bool = True


WINDOWS = (
    Window("last", 1, None, "The {} of the latest month.", trend=False),
    Window("mean_3", 3, None, "The monthly {} on average over the last three months, as far as known.", trend=False),
    Window("mean_6", 6, None, "The monthly {} on average over the last six months, as far as known.", trend=False),
    Window("change_1", 2, None, "By how much the {} rose from the month before to the latest month."),
    Window("slope_3", 3, "{} per month", "By how much the {} rises a month, by the trend of the last three months."),
    Window("slope_6", 6, "{} per month", "By how much the {} rises a month, by the trend of the last six months."),
    Window("variability_3", 3, "ratio", "How uneven the {} was over the last three months: deviation by mean."),
    Window("variability_6", 6, "ratio", "How uneven the {} was over the last six months: deviation by mean."),
    Window(
        "silent_3", 3, "share", "Share of the last three months, as far as known, in which the {} was not above zero."
    ),
    Window(
        "silent_6", 6, "share", "Share of the last six months, as far as known, in which the {} was not above zero."
    ),
    Window("steepest_fall_6", 6, None, "The largest fall of the {} from one known month to the next in the last six."),
    Window("ratio_3", 3, "ratio", "The {} of the latest month against the usual of the two before, as far as known."),
    Window("ratio_6", 6, "ratio", "The {} of the latest month against the usual of the five before, as far as known."),
)
MONTHS_SINCE = Window(
    "months_since",
    6,
    "months",
    "Months since there were any {1}; empty when there were none in the last six months.",
    trend=False,
)
"""For what happens now and then; of what goes on month by month it would nearly always say 0."""
ALL = tuple(window.name for window in WINDOWS)
_BY_NAME = {window.name: window for window in (*WINDOWS, MONTHS_SINCE)}


@dataclass(frozen=True)
class Measure:
    """A numeric column of a monthly table, or the sum of several (`plus`), of those of them that are known.

    An operator that records two channels out of five has all the contacts that it can have: what it never tells does
    not make them unknown. The `meaning` of such a sum says so.

    `name` begins the names of its indicators; `meaning` completes "the ... of the latest month". Only the whole,
    such as the bill or all calls, gets every window: the trend of a part says little more than its level and the
    trend of the whole. A measure without any is there for shares. `angle` None is the table's.
    """

    column: str
    name: str
    unit: str
    meaning: str
    looked_at: tuple[str, ...] = ALL
    plus: tuple[str, ...] = ()
    angle: Angle | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, *self.plus)

    @property
    def windows(self) -> tuple[Window, ...]:
        return tuple(_BY_NAME[name] for name in self.looked_at)


@dataclass(frozen=True)
class Share:
    """How much of some measures together (`whole`) other measures (`part`) make up over the last three months, by name.

    With words for its `change` there is an indicator more: the share of the latest month less that of the two before.
    """

    part: tuple[str, ...]
    whole: tuple[str, ...]
    name: str
    meaning: str
    change: str = ""
    angle: Angle | None = None

    @property
    def change_name(self) -> str:
        return f"{self.name.removesuffix('_3')}_change_3"


@dataclass(frozen=True)
class MeasureTable:
    """The measures and shares that are taken from one table with a row per customer and month.

    `lists` says that the table lists what happened, so that a customer on the books without a row in a delivered month
    had nothing of it: zero. Everywhere else such a month is unknown.
    """

    table: str
    angle: Angle
    measures: tuple[Measure, ...]
    shares: tuple[Share, ...] = ()
    lists: bool = False


def catalogue(source: MeasureTable) -> tuple[Indicator, ...]:
    """The indicators that `windows.build` makes of a table, in the same order."""
    windows = [
        Indicator(
            name=f"{measure.name}_{window.name}",
            angle=TREND if window.trend else measure.angle or source.angle,
            unit=measure.unit if window.unit is None else window.unit.format(measure.unit),
            meaning=window.meaning.format(measure.meaning, measure.meaning.removeprefix("number of ")),
            window=window.months,
            table=source.table,
        )
        for measure in source.measures
        for window in measure.windows
    ]
    shares = [
        Indicator(share.name, share.angle or source.angle, "share", share.meaning, SHARE_MONTHS, source.table)
        for share in source.shares
    ]
    changes = [
        Indicator(share.change_name, TREND, "share", share.change, SHARE_MONTHS, source.table)
        for share in source.shares
        if share.change
    ]
    return (*windows, *shares, *changes)
