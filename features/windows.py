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

    None where none of the six months was delivered.
    """
    frame = side_by_side(known, population, source)
    if frame is None:
        return None
    windows = [window for measure in source.measures for window in of_measure(measure)]
    return frame.select("customer_id", *windows, *(share_of(share) for share in source.shares))


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


def of_measure(measure: Measure) -> list[nw.Expr]:
    """The twelve windows of one measure, in the order of `WINDOWS`.

    Sums are written out month by month, newest first, so that every engine adds in the same order and gives the
    same bits; divisions go through `_divisor` because engines disagree on dividing by zero.
    """
    months = [nw.col(f"{measure.column}_{ago}") for ago in range(MONTHS)]
    expressions = {
        "last": months[0],
        "mean_3": mean_of_known(months[:3]),
        "mean_6": mean_of_known(months),
        "change_1": months[0] - months[1],
        "slope_3": (months[0] - months[2]) / 2,
        "slope_6": _slope_of_six(months),
        "variability_3": _variability(months[:3]),
        "variability_6": _variability(months),
        "silent_3": _silent(months[:3]),
        "silent_6": _silent(months),
        "steepest_fall_6": _steepest_fall(months),
        "ratio_3": months[0] / _divisor(mean_of_known(months[1:3])),
        "ratio_6": months[0] / _divisor(mean_of_known(months[1:])),
    }
    return [expressions[window.name].alias(f"{measure.name}_{window.name}") for window in WINDOWS]


def total(terms: Sequence[nw.Expr]) -> nw.Expr:
    """The sum in the order given; null as soon as one term is unknown."""
    return reduce(add, terms)


def mean_of_known(months: Sequence[nw.Expr]) -> nw.Expr:
    """The mean of the months that are known; null when none is."""
    return total([month.fill_null(0.0) for month in months]) / _divisor(_count_known(months))


def share_of(share: Share) -> nw.Expr:
    """Part by whole over the months in which both are known; null when the whole comes to nothing."""
    parts, wholes = [], []
    for ago in range(SHARE_MONTHS):
        part, whole = nw.col(f"{share.part}_{ago}"), total([nw.col(f"{column}_{ago}") for column in share.whole])
        both = ~(part.is_null() | whole.is_null())
        parts.append(nw.when(both).then(part).otherwise(nw.lit(0.0)))
        wholes.append(nw.when(both).then(whole).otherwise(nw.lit(0.0)))
    return (total(parts) / _divisor(total(wholes))).alias(share.name)


def _count_known(months: Sequence[nw.Expr]) -> nw.Expr:
    return total([(~month.is_null()).cast(nw.Float64) for month in months])


def _divisor(divisor: nw.Expr) -> nw.Expr:
    return nw.when(divisor != 0).then(divisor)


def _slope_of_six(months: Sequence[nw.Expr]) -> nw.Expr:
    # Least squares on times -2.5 ... 2.5, doubled to whole numbers: weights 5, 3, 1 over 2 * 17.5.
    pairs = [(months[ago] - months[5 - ago]) * (5 - 2 * ago) for ago in range(3)]
    return total(pairs) / 35


def _variability(months: Sequence[nw.Expr]) -> nw.Expr:
    mean = total(months) / len(months)
    deviations = [month - mean for month in months]
    variance = total([deviation * deviation for deviation in deviations]) / len(months)
    return variance.sqrt() / _divisor(mean.abs())


def _silent(months: Sequence[nw.Expr]) -> nw.Expr:
    silent = [(month <= 0).cast(nw.Float64).fill_null(0.0) for month in months]
    return total(silent) / _divisor(_count_known(months))


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
