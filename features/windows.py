"""Windows: how a monthly measure stands, moves and falls silent over the last one, three and six months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add

import narwhals as nw

from features.catalogue import Indicator
from features.known_months import Frame, KnownMonths

MONTHS = 6
SHARE_MONTHS = 3
NOTHING = 1e-6
"""Sums nearer to zero than this are zero: money is exact to a ten-thousandth, the rest is rounding."""


@dataclass(frozen=True)
class Measure:
    """A numeric column of a monthly table.

    `name` begins the names of its indicators; `meaning` completes "the ... of the latest month". A measure that is
    a part of another one gets only the windows named in `IN_BRIEF`: its own trend and unevenness say little more
    than those of the whole, and would double the indicators.
    """

    column: str
    name: str
    unit: str
    meaning: str
    in_brief: bool = False

    @property
    def windows(self) -> tuple[Window, ...]:
        return tuple(window for window in WINDOWS if not self.in_brief or window.name in IN_BRIEF)


@dataclass(frozen=True)
class Share:
    """How much of some measures together (`whole`) another measure makes up over the last three months, by name."""

    part: str
    whole: tuple[str, ...]
    name: str
    meaning: str


@dataclass(frozen=True)
class MeasureTable:
    """The measures and shares that one angle takes from one table with a row per customer and month."""

    table: str
    angle: str
    measures: tuple[Measure, ...]
    shares: tuple[Share, ...] = ()


def build(known: KnownMonths, population: Frame, source: MeasureTable) -> Frame | None:
    """Every window of every measure: customer_id and Float64 columns, one row per customer of `population`.

    None where none of the six months was delivered. What several windows share becomes a column first: engines
    find common parts of expressions late or never, and a division on Spark repeats its operands several times,
    which grows exponentially where divisions are nested.
    """
    frame = side_by_side(known, population, source)
    if frame is None:
        return None
    parts = [part for measure in source.measures for part in _parts_of(measure)]
    parts += [part for share in source.shares for part in _parts_of_share(share)]
    windows = [window for measure in source.measures for window in _windows_of(measure)]
    shares = [_ratio(share.name, "part", "whole").alias(share.name) for share in source.shares]
    return frame.with_columns(*parts).select("customer_id", *windows, *shares)


def side_by_side(known: KnownMonths, population: Frame, source: MeasureTable) -> Frame | None:
    """The last six months of a table next to each other: column `<measure>__<months ago>` as Float64.

    A month that was not delivered, and a customer without a row in a month, give null: nobody knows what they
    spent, which is not zero.
    """
    months = [known.table(source.table, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        if month is None:
            unknown = nw.lit(None, dtype=nw.Float64)
            frame = frame.with_columns(unknown.alias(f"{measure.name}__{ago}") for measure in source.measures)
        else:
            frame = frame.join(_renamed(month, source, ago), on="customer_id", how="left")
    return frame


def _renamed(month: Frame, source: MeasureTable, ago: int) -> Frame:
    # Money is stored as Decimal; Float64 holds it to the cent and is the width in which all engines agree.
    measures = [nw.col(measure.column).cast(nw.Float64).alias(f"{measure.name}__{ago}") for measure in source.measures]
    return month.select("customer_id", *measures)


def total(terms: Sequence[nw.Expr]) -> nw.Expr:
    """The sum, added up in the order given so that every engine gets the same bits; null as soon as a term is."""
    return reduce(add, terms)


def mean_of_known(months: Sequence[nw.Expr]) -> nw.Expr:
    """The mean of the months that are known; null when none is."""
    known = total([_is_known(month) for month in months])
    return total([month.fill_null(0.0) for month in months]) / _divisor(known)


def _parts_of(measure: Measure) -> list[nw.Expr]:
    """What the windows of a measure are made of, as columns `<measure>__<part>`.

    `sum` and `known` pass over unknown months; `all` and `spread` are null as soon as one of their months is. `2`
    and `5` are the months before the latest of a window of three and of six.
    """
    months = [nw.col(f"{measure.name}__{ago}") for ago in range(MONTHS)]
    known = [_is_known(month) for month in months]
    filled = [month.fill_null(0.0) for month in months]
    silent = [(filling <= 0).cast(nw.Float64) * is_known for filling, is_known in zip(filled, known, strict=True)]
    parts = {
        "sum_2": total(filled[1:3]),
        "sum_3": total(filled[1:3]) + filled[0],
        "known_2": total(known[1:3]),
        "known_3": total(known[:3]),
        "known_6": total(known),
        "silent_6": total(silent),
    }
    if not measure.in_brief:
        parts |= _parts_in_full(months, filled, known, silent)
    return [expression.alias(f"{measure.name}__{part}") for part, expression in parts.items()]


def _parts_in_full(
    months: Sequence[nw.Expr], filled: Sequence[nw.Expr], known: Sequence[nw.Expr], silent: Sequence[nw.Expr]
) -> dict[str, nw.Expr]:
    return {
        "sum_5": total(filled[1:]),
        "sum_6": total(filled[1:]) + filled[0],
        "known_5": total(known[1:]),
        "silent_3": total(silent[:3]),
        "all_3": total(months[:3]).abs(),
        "all_6": total(months).abs(),
        "spread_3": _squared_spread(months[:3]),
        "spread_6": _squared_spread(months),
    }


def _windows_of(measure: Measure) -> list[nw.Expr]:
    """The windows of one measure, in the order of its `windows`."""
    name = measure.name
    months = [nw.col(f"{name}__{ago}") for ago in range(MONTHS)]
    latest = months[0]
    expressions = {
        "last": latest,
        "mean_3": _ratio(name, "sum_3", "known_3"),
        "mean_6": _ratio(name, "sum_6", "known_6"),
        "change_1": latest - months[1],
        "slope_3": (latest - months[2]) * 0.5,
        "slope_6": _slope_of_six(months),
        "variability_3": nw.col(f"{name}__spread_3").sqrt() / _divisor(nw.col(f"{name}__all_3")),
        "variability_6": nw.col(f"{name}__spread_6").sqrt() / _divisor(nw.col(f"{name}__all_6")),
        "silent_3": _ratio(name, "silent_3", "known_3"),
        "silent_6": _ratio(name, "silent_6", "known_6"),
        "steepest_fall_6": _steepest_fall(months),
        "ratio_3": latest * _ratio(name, "known_2", "sum_2"),
        "ratio_6": latest * _ratio(name, "known_5", "sum_5"),
    }
    return [expressions[window.name].alias(f"{name}_{window.name}") for window in measure.windows]


def _parts_of_share(share: Share) -> list[nw.Expr]:
    """Sums of part and whole over the months in which both are known."""
    parts, wholes = [], []
    for ago in range(SHARE_MONTHS):
        part, whole = nw.col(f"{share.part}__{ago}"), total([nw.col(f"{name}__{ago}") for name in share.whole])
        parts.append((part + whole * 0).fill_null(0.0))
        wholes.append((whole + part * 0).fill_null(0.0))
    return [total(parts).alias(f"{share.name}__part"), total(wholes).alias(f"{share.name}__whole")]


def _ratio(name: str, part: str, whole: str) -> nw.Expr:
    return nw.col(f"{name}__{part}") / _divisor(nw.col(f"{name}__{whole}"))


def _divisor(divisor: nw.Expr) -> nw.Expr:
    """The divisor, or null where it is zero but for rounding: engines disagree on dividing by zero."""
    return nw.when(divisor.abs() > NOTHING).then(divisor)


def _is_known(month: nw.Expr) -> nw.Expr:
    return (~month.is_null()).cast(nw.Float64)


def _squared_spread(months: Sequence[nw.Expr]) -> nw.Expr:
    """The variance times the squared number of months.

    n * sum(d^2) - sum(d)^2 is the same for deviations d from any origin. From the latest month no digits cancel,
    because the origin is one of the values, and a steady measure gives exactly 0.
    """
    deviations = [month - months[0] for month in months[1:]]
    squares, drift = total([deviation * deviation for deviation in deviations]), total(deviations)
    return squares * len(months) - drift * drift


def _slope_of_six(months: Sequence[nw.Expr]) -> nw.Expr:
    # Least squares on times -2.5 ... 2.5, doubled to whole numbers: weights 5, 3, 1 over 2 * 17.5. Multiplied by
    # the inverse, because Spark writes out a division's operands again and again.
    pairs = [(months[ago] - months[5 - ago]) * (5.0 - 2 * ago) for ago in range(3)]
    return total(pairs) * (1 / 35)


def _steepest_fall(months: Sequence[nw.Expr]) -> nw.Expr:
    falls = [before - after for after, before in pairwise(months)]
    return nw.max_horizontal(*falls).clip(lower_bound=0.0)


@dataclass(frozen=True)
class Window:
    """A window function: its `meaning` has a gap for the measure; `unit` None is the measure's own."""

    name: str
    months: int
    unit: str | None
    meaning: str


WINDOWS = (
    Window("last", 1, None, "The {} of the latest month."),
    Window("mean_3", 3, None, "The monthly {} on average over the last three months, as far as known."),
    Window("mean_6", 6, None, "The monthly {} on average over the last six months, as far as known."),
    Window("change_1", 2, None, "By how much the {} rose from the month before to the latest month."),
    Window("slope_3", 3, "{} per month", "By how much the {} rises a month, by the trend of the last three months."),
    Window("slope_6", 6, "{} per month", "By how much the {} rises a month, by the trend of the last six months."),
    Window("variability_3", 3, "ratio", "How uneven the {} was over the last three months: deviation by mean."),
    Window("variability_6", 6, "ratio", "How uneven the {} was over the last six months: deviation by mean."),
    Window("silent_3", 3, "share", "Share of the last three months, as far as known, in which the {} was zero."),
    Window("silent_6", 6, "share", "Share of the last six months, as far as known, in which the {} was zero."),
    Window("steepest_fall_6", 6, None, "The largest fall of the {} from one month to the next in the last six."),
    Window("ratio_3", 3, "ratio", "The {} of the latest month against the usual of the two months before."),
    Window("ratio_6", 6, "ratio", "The {} of the latest month against the usual of the five months before."),
)
IN_BRIEF = ("last", "mean_3", "change_1", "silent_6", "ratio_3")


def catalogue(source: MeasureTable) -> tuple[Indicator, ...]:
    """The indicators that `build` makes of a table, in the same order."""
    windows = [
        Indicator(
            name=f"{measure.name}_{window.name}",
            angle=source.angle,
            unit=measure.unit if window.unit is None else window.unit.format(measure.unit),
            meaning=window.meaning.format(measure.meaning),
            window=window.months,
            table=source.table,
        )
        for measure in source.measures
        for window in measure.windows
    ]
    shares = [
        Indicator(share.name, source.angle, "share", share.meaning, SHARE_MONTHS, source.table)
        for share in source.shares
    ]
    return (*windows, *shares)
