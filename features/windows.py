"""Windows: how a monthly measure stands, moves and falls silent over the last one, three and six months."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

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
    blocks = [block for measure in source.measures if measure.looked_at for block in _blocks_of(measure)]
    blocks += [block for share in source.shares for block in _blocks_of_share(share)]
    windows = [window for measure in source.measures for window in _windows_of(measure)]
    shares = [_share_of(share) for share in source.shares]
    changes = [_share_change(share) for share in source.shares if share.change]
    return frame.with_columns(*blocks).select("customer_id", *windows, *shares, *changes)


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
        "mean_3": over("filled", "0", "1_2") / count_or_null(known_3),
        "mean_6": over("filled", "0", "1_2", "3_5") / count_or_null(known_6),
        "change_1": latest - months[1],
        "slope_3": (latest - months[2]) * 0.5,
        "slope_6": _slope_of_six(months),
        "variability_3": spread_3.sqrt() / sum_or_null(over("all", "0_2")).abs(),
        "variability_6": spread_6.sqrt() / sum_or_null(over("all", "0_2", "3_5")).abs(),
        "silent_3": over("silent", "0_2").cast(nw.Float64) / count_or_null(known_3),
        "silent_6": over("silent", "0_2", "3_5").cast(nw.Float64) / count_or_null(known_6),
        "steepest_fall_6": _steepest_fall(months),
        "ratio_3": latest * over("known", "1_2") / sum_or_null(over("filled", "1_2")),
        "ratio_6": latest * over("known", "1_2", "3_5") / sum_or_null(over("filled", "1_2", "3_5")),
        "months_since": months_since_last(months),
    }
    return [expressions[window.name].alias(f"{measure.name}_{window.name}") for window in measure.windows]


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
    falls = [before - after for after, before in pairwise(months)]
    return nw.max_horizontal(*falls).clip(lower_bound=0.0)
