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

    None where none of the six months was delivered. What several windows share becomes a column first: Polars
    finds common parts of expressions one level deep, and Spark repeats the operands of every division.
    """
    frame = side_by_side(known, population, source)
    if frame is None:
        return None
    blocks = [block for measure in source.measures for block in _blocks_of(measure)]
    blocks += [block for share in source.shares for block in _blocks_of_share(share)]
    windows = [window for measure in source.measures for window in _windows_of(measure)]
    shares = [_share_of(share) for share in source.shares]
    return frame.with_columns(*blocks).select("customer_id", *windows, *shares)


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
    return total([_or_zero(month) for month in months]) / _count_or_null(_how_many([_known(month) for month in months]))


def _blocks_of(measure: Measure) -> list[nw.Expr]:
    """Sums over blocks of months as columns `<measure>__<sum>_<months ago>`, from which the windows are put together.

    The blocks are the latest month, the two before it and the three before those: a window of three months is the
    first two blocks, a window of six all three. `filled` and `known` pass over unknown months; `all`, `drift` and
    `squares` are null as soon as one of their months is. The last two sum deviations from the latest month.
    """
    months = _months(measure)
    filled, known = [_or_zero(month) for month in months], [_known(month) for month in months]
    silent = [(month <= 0).fill_null(False) for month in months]
    deviations = [month - months[0] for month in months]
    squares = [deviation * deviation for deviation in deviations]
    blocks = {
        "filled_0": filled[0],
        "filled_1_2": total(filled[1:3]),
        "filled_3_5": total(filled[3:]),
        "known_0": _how_many(known[:1]),
        "known_1_2": _how_many(known[1:3]),
        "known_3_5": _how_many(known[3:]),
        "silent_0_2": _how_many(silent[:3]),
        "silent_3_5": _how_many(silent[3:]),
        "all_0_2": total(months[:3]),
        "all_3_5": total(months[3:]),
        "drift_1_2": total(deviations[1:3]),
        "drift_3_5": total(deviations[3:]),
        "squares_1_2": total(squares[1:3]),
        "squares_3_5": total(squares[3:]),
    }
    return [expression.alias(f"{measure.name}__{block}") for block, expression in blocks.items()]


def _windows_of(measure: Measure) -> list[nw.Expr]:
    """The windows of one measure, in the order of its `windows`."""

    def over(what: str, *blocks: str) -> nw.Expr:
        return total([nw.col(f"{measure.name}__{what}_{block}") for block in blocks])

    months = _months(measure)
    latest = months[0]
    known_3, known_6 = over("known", "0", "1_2"), over("known", "0", "1_2", "3_5")
    spread_3 = _squared_spread(over("drift", "1_2"), over("squares", "1_2"), 3)
    spread_6 = _squared_spread(over("drift", "1_2", "3_5"), over("squares", "1_2", "3_5"), 6)
    expressions = {
        "last": latest,
        "mean_3": over("filled", "0", "1_2") / _count_or_null(known_3),
        "mean_6": over("filled", "0", "1_2", "3_5") / _count_or_null(known_6),
        "change_1": latest - months[1],
        "slope_3": (latest - months[2]) * 0.5,
        "slope_6": _slope_of_six(months),
        "variability_3": spread_3.sqrt() / _sum_or_null(over("all", "0_2")).abs(),
        "variability_6": spread_6.sqrt() / _sum_or_null(over("all", "0_2", "3_5")).abs(),
        "silent_3": over("silent", "0_2").cast(nw.Float64) / _count_or_null(known_3),
        "silent_6": over("silent", "0_2", "3_5").cast(nw.Float64) / _count_or_null(known_6),
        "steepest_fall_6": _steepest_fall(months),
        "ratio_3": latest * over("known", "1_2") / _sum_or_null(over("filled", "1_2")),
        "ratio_6": latest * over("known", "1_2", "3_5") / _sum_or_null(over("filled", "1_2", "3_5")),
    }
    return [expressions[window.name].alias(f"{measure.name}_{window.name}") for window in measure.windows]


def _blocks_of_share(share: Share) -> list[nw.Expr]:
    """Sums of part and whole over the months in which both are known."""
    parts, wholes = [], []
    for ago in range(SHARE_MONTHS):
        part, whole = nw.col(f"{share.part}__{ago}"), total([nw.col(f"{name}__{ago}") for name in share.whole])
        parts.append(_or_zero(part + whole * 0))
        wholes.append(_or_zero(whole + part * 0))
    return [total(parts).alias(f"{share.name}__part"), total(wholes).alias(f"{share.name}__whole")]


def _share_of(share: Share) -> nw.Expr:
    return (nw.col(f"{share.name}__part") / _sum_or_null(nw.col(f"{share.name}__whole"))).alias(share.name)


def _months(measure: Measure) -> list[nw.Expr]:
    return [nw.col(f"{measure.name}__{ago}") for ago in range(MONTHS)]


def _or_zero(month: nw.Expr) -> nw.Expr:
    return month.fill_null(0.0)


def _known(month: nw.Expr) -> nw.Expr:
    return ~month.is_null()


def _how_many(flags: Sequence[nw.Expr]) -> nw.Expr:
    # Counted in bytes: on Polars half the time of counting in Float64, which moves eight times the memory.
    return total([flag.cast(nw.Int8) for flag in flags])


def _count_or_null(count: nw.Expr) -> nw.Expr:
    """A count to divide by: engines disagree on dividing by zero, so that it becomes unknown."""
    return nw.when(count > 0).then(count).cast(nw.Float64)


def _sum_or_null(amount: nw.Expr) -> nw.Expr:
    """A sum to divide by, unknown where it is zero but for rounding."""
    return nw.when(amount.abs() > NOTHING).then(amount)


def _squared_spread(drift: nw.Expr, squares: nw.Expr, months: int) -> nw.Expr:
    """The variance times the squared number of months.

    n * sum(d^2) - sum(d)^2 is the same for deviations d from any origin. From the latest month no digits cancel,
    because the origin is one of the values, and a steady measure gives exactly 0.
    """
    return squares * months - drift * drift


def _slope_of_six(months: Sequence[nw.Expr]) -> nw.Expr:
    # Least squares on times -2.5 ... 2.5, doubled to whole numbers: weights 5, 3, 1 over 2 * 17.5. Multiplied by
    # the inverse, because Spark writes out a division's operands again and again.
    rise_5, rise_3, rise_1 = (months[ago] - months[5 - ago] for ago in range(3))
    return (rise_5 * 5.0 + rise_3 * 3.0 + rise_1) * (1 / 35)


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
