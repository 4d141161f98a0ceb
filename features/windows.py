"""Windows: how a monthly measure stands, moves and falls silent over the last one, three and six months."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import narwhals as nw

from features.known_months import Frame, KnownMonths
from features.measures import SHARE_MONTHS, Measure, MeasureTable, Share
from features.side_by_side import (
    MonthlyColumns,
    count_or_null,
    months_since_last,
    side_by_side,
    sum_of_known,
    sum_or_null,
    total,
)

MONTHS = 6


def build(known: KnownMonths, population: Frame, source: MeasureTable) -> Frame | None:
    """Every window of every measure: customer_id and Float64 columns, one row per customer of `population`.

    None where none of the six months was delivered. What several windows share becomes a column first: Polars
    finds common parts of expressions one level deep, and Spark repeats the operands of every division.
    """
    columns = {measure.name: sum_of_known([nw.col(name) for name in measure.columns]) for measure in source.measures}
    wanted = MonthlyColumns(source.table, columns, range(MONTHS), source.lists)
    frame = side_by_side(known, population, wanted)
    if frame is None:
        return None
    windows = {measure.name: _windows_of(measure) for measure in source.measures}
    blocks = [_block(measure, name) for measure in source.measures for name in windows[measure.name].blocks]
    blocks += [block for share in source.shares for block in _blocks_of_share(share)]
    shares = [_share_of(share) for share in source.shares]
    changes = [_share_change(share) for share in source.shares if share.change]
    values = [value for measure in source.measures for value in windows[measure.name].values]
    return frame.with_columns(*blocks).select("customer_id", *values, *shares, *changes)


@dataclass(frozen=True)
class _Windows:
    """The windows of one measure, in the order of its `windows`, and the blocks that they are put together from."""

    values: tuple[nw.Expr, ...]
    blocks: tuple[str, ...]


def _windows_of(measure: Measure) -> _Windows:
    blocks: dict[str, None] = {}

    def over(what: str, *spans: str) -> nw.Expr:
        used = [f"{what}_{span}" for span in spans]
        blocks.update(dict.fromkeys(used))
        return total([nw.col(f"{measure.name}__{block}") for block in used])

    # Of several hundred expressions only those are made that are asked for: making them all takes half a second.
    values = [_WINDOWS[window.name](_months(measure), over) for window in measure.windows]
    named = [
        value.alias(f"{measure.name}_{window.name}") for value, window in zip(values, measure.windows, strict=True)
    ]
    return _Windows(tuple(named), tuple(blocks))


def _block(measure: Measure, name: str) -> nw.Expr:
    """A sum over a block of months as column `<measure>__<sum>_<months ago>`.

    The blocks are the latest month, the two before it and the three before those: a window of three months is the
    first two blocks, a window of six all three. `filled` and `known` pass over unknown months; `all`, `drift` and
    `squares` are null as soon as one of their months is. The last two sum deviations from the latest month.
    """
    months = _months(measure)
    what, _, span = name.partition("_")
    first, _, last = span.partition("_")
    within = months[int(first) : int(last or first) + 1]
    return _SUMS[what](within, months[0]).alias(f"{measure.name}__{name}")


_SUMS: dict[str, Callable[[Sequence[nw.Expr], nw.Expr], nw.Expr]] = {
    "filled": lambda months, _: total([_or_zero(month) for month in months]),
    "known": lambda months, _: _how_many([_known(month) for month in months]),
    "silent": lambda months, _: _how_many([(month <= 0).fill_null(False) for month in months]),
    "all": lambda months, _: total(months),
    "drift": lambda months, latest: total([month - latest for month in months]),
    "squares": lambda months, latest: total([(month - latest) * (month - latest) for month in months]),
}

_Over = Callable[..., nw.Expr]
"""The sum of the named blocks of one kind."""
_THREE, _SIX = ("0", "1_2"), ("0", "1_2", "3_5")


def _mean(over: _Over, *spans: str) -> nw.Expr:
    return over("filled", *spans) / count_or_null(over("known", *spans))


def _ratio(latest: nw.Expr, over: _Over, *spans: str) -> nw.Expr:
    return latest * over("known", *spans) / sum_or_null(over("filled", *spans))


def _silent(over: _Over, of: str, *known: str) -> nw.Expr:
    """The share of silent months among the known ones; `of` names the blocks of the silent ones, apart by spaces."""
    return over("silent", *of.split()).cast(nw.Float64) / count_or_null(over("known", *known))


def _variability(over: _Over, months: int) -> nw.Expr:
    before, whole = (("1_2",), ("0_2",)) if months == 3 else (("1_2", "3_5"), ("0_2", "3_5"))
    spread = _squared_spread(over("drift", *before), over("squares", *before), months)
    return spread.sqrt() / sum_or_null(over("all", *whole)).abs()


_WINDOWS: dict[str, Callable[[Sequence[nw.Expr], _Over], nw.Expr]] = {
    "last": lambda months, _: months[0],
    "mean_3": lambda _, over: _mean(over, *_THREE),
    "mean_6": lambda _, over: _mean(over, *_SIX),
    "change_1": lambda months, _: months[0] - months[1],
    "slope_3": lambda months, _: (months[0] - months[2]) * 0.5,
    "slope_6": lambda months, _: _slope_of_six(months),
    "variability_3": lambda _, over: _variability(over, 3),
    "variability_6": lambda _, over: _variability(over, 6),
    "silent_3": lambda _, over: _silent(over, "0_2", *_THREE),
    "silent_6": lambda _, over: _silent(over, "0_2 3_5", *_SIX),
    "steepest_fall_6": lambda months, _: _steepest_fall(months),
    "ratio_3": lambda months, over: _ratio(months[0], over, *_THREE[1:]),
    "ratio_6": lambda months, over: _ratio(months[0], over, *_SIX[1:]),
    "months_since": lambda months, _: months_since_last(months),
}


def _blocks_of_share(share: Share) -> list[nw.Expr]:
    """Part and whole of the latest month and of the two before it, over the months in which both are known."""
    parts, wholes = [], []
    for ago in range(SHARE_MONTHS):
        part, whole = (total([nw.col(f"{name}__{ago}") for name in names]) for names in (share.part, share.whole))
        parts.append(_or_zero(part + whole * 0))
        wholes.append(_or_zero(whole + part * 0))
    sums = {"part_0": parts[0], "part_1_2": total(parts[1:]), "whole_0": wholes[0], "whole_1_2": total(wholes[1:])}
    return [expression.alias(f"{share.name}__{block}") for block, expression in sums.items()]


def _share_of(share: Share) -> nw.Expr:
    part, whole = (nw.col(f"{share.name}__{what}_0") + nw.col(f"{share.name}__{what}_1_2") for what in _OF_SHARES)
    return (part / sum_or_null(whole)).alias(share.name)


def _share_change(share: Share) -> nw.Expr:
    """The share of the latest month less that of the two before; null where one of them is unknown or of nothing."""
    latest, before = (
        nw.col(f"{share.name}__part_{block}") / sum_or_null(nw.col(f"{share.name}__whole_{block}"))
        for block in ("0", "1_2")
    )
    return (latest - before).alias(share.change_name)


_OF_SHARES = ("part", "whole")


def _months(measure: Measure) -> list[nw.Expr]:
    return [nw.col(f"{measure.name}__{ago}") for ago in range(MONTHS)]


def _or_zero(month: nw.Expr) -> nw.Expr:
    return month.fill_null(0.0)


def _known(month: nw.Expr) -> nw.Expr:
    return ~month.is_null()


def _how_many(flags: Sequence[nw.Expr]) -> nw.Expr:
    # Counted in bytes: on Polars half the time of counting in Float64, which moves eight times the memory.
    return total([flag.cast(nw.Int8) for flag in flags])


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
    # An unknown month is passed over: what fell beside it is seen against the last month that is known.
    falls = [nw.coalesce(*months[ago + 1 :]) - months[ago] for ago in range(MONTHS - 1)]
    return nw.max_horizontal(*falls).clip(lower_bound=0.0)
