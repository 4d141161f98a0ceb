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


@dataclass(frozen=True)
class Measure:
    """A numeric column of a monthly table; `name` begins the names of its indicators, `meaning` completes
    "the ... of the latest month"."""

    column: str
    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Share:
    """How much of one column (the sum of `whole`) another column makes up over the last three months."""

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

    None where none of the six months was delivered. What several windows share is worked out once, as columns:
    engines find common parts of expressions late or not at all, and Spark writes a division's operands out seven
    times, which grows exponentially where divisions are nested.
    """
    frame = side_by_side(known, population, source)
    if frame is None:
        return None
    shared = [part for measure in source.measures for part in _shared_parts(measure)]
    shared += [part for share in source.shares for part in _share_parts(share)]
    windows = [window for measure in source.measures for window in _windows_of(measure)]
    shares = [_ratio(f"{share.name}__part", f"{share.name}__whole").alias(share.name) for share in source.shares]
    return frame.with_columns(*shared).select("customer_id", *windows, *shares)


def side_by_side(known: KnownMonths, population: Frame, source: MeasureTable) -> Frame | None:
    """The last six months of a table next to each other: column `<measure>_<months ago>` as Float64.

    A month that was not delivered, and a customer without a row in a month, give null: nobody knows what they
    spent, which is not zero.
    """
    months = [known.table(source.table, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        if month is None:
            frame = frame.with_columns(
                nw.lit(None, dtype=nw.Float64).alias(f"{m.column}_{ago}") for m in source.measures
            )
        else:
            frame = frame.join(_renamed(month, source, ago), on="customer_id", how="left")
    return frame


def _renamed(month: Frame, source: MeasureTable, ago: int) -> Frame:
    # Money is stored as Decimal; Float64 holds it to the cent and is the width in which all engines agree.
    return month.select(
        "customer_id", *(nw.col(m.column).cast(nw.Float64).alias(f"{m.column}_{ago}") for m in source.measures)
    )


def total(terms: Sequence[nw.Expr]) -> nw.Expr:
    """The sum, added up in the order given so that every engine gets the same bits; null as soon as a term is."""
    return reduce(add, terms)


def mean_of_known(months: Sequence[nw.Expr]) -> nw.Expr:
    """The mean of the months that are known; null when none is."""
    count = total([_is_known(month) for month in months])
    return total([month.fill_null(0.0) for month in months]) / _nonzero(count)


def _shared_parts(measure: Measure) -> list[nw.Expr]:
    """Sums over the months of one measure from which its windows are made, named `<measure>__<part>`.

    `sum` and `known` pass over unknown months; `all` and `spread` are null as soon as one of their months is. `2`
    and `5` are the months before the latest of a window of three and six.
    """
    months = _months(measure)
    known = [_is_known(month) for month in months]
    filled = [month.fill_null(0.0) for month in months]
    silent = [(month <= 0).fill_null(False).cast(nw.Float64) for month in months]  # noqa: FBT003
    sum_2, known_2, sum_5, known_5 = total(filled[1:3]), total(known[1:3]), total(filled[1:]), total(known[1:])
    parts = {
        "sum_2": sum_2,
        "sum_3": sum_2 + filled[0],
        "sum_5": sum_5,
        "sum_6": sum_5 + filled[0],
        "known_2": known_2,
        "known_3": known_2 + known[0],
        "known_5": known_5,
        "known_6": known_5 + known[0],
        "silent_3": total(silent[:3]),
        "silent_6": total(silent),
        "all_3": total(months[:3]).abs(),
        "all_6": total(months).abs(),
        "spread_3": _squared_spread(months[:3]),
        "spread_6": _squared_spread(months),
    }
    return [expression.alias(f"{measure.name}__{part}") for part, expression in parts.items()]


def _squared_spread(months: Sequence[nw.Expr]) -> nw.Expr:
    """The variance times the squared number of months.

    Deviations are taken from the latest month instead of the mean: n * sum(d^2) - sum(d)^2 is the same from any
    origin, a steady measure gives exactly 0, and no digits cancel because the origin is itself one of the values.
    """
    deviations = [month - months[0] for month in months[1:]]
    squares = total([deviation * deviation for deviation in deviations])
    drift = total(deviations)
    return squares * len(months) - drift * drift


def _windows_of(measure: Measure) -> list[nw.Expr]:
    months = _months(measure)
    latest = months[0]
    part = {name: f"{measure.name}__{name}" for name in ("sum_2", "sum_3", "sum_5", "sum_6")}
    expressions = {
        "last": latest,
        "mean_3": _ratio(f"{measure.name}__sum_3", f"{measure.name}__known_3"),
    }
    return [expressions[window.name].alias(f"{measure.name}_{window.name}") for window in WINDOWS]


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
        for window in WINDOWS
    ]
    shares = [
        Indicator(share.name, source.angle, "share", share.meaning, SHARE_MONTHS, source.table)
        for share in source.shares
    ]
    return (*windows, *shares)
