"""Plan periods: which tariff plan the customer is on, since when, and how often plans begin and end."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Indicator, Kind
from features.known_months import Frame, KnownMonths
from features.months import Month
from features.side_by_side import total
from features.time_spans import begins_in, in_force_at_end, lasts_in, months_since

TABLE = "plan_periods"
SPANS = {6: "the last six months"}
MONTHS = max(SPANS)


def catalogue() -> tuple[Indicator, ...]:
    current = "The tariff plan in force at the month's end; of several, the one begun last."
    begun = "Number of tariff plans that began in {}, a first plan included."
    ended = "Number of tariff plans that ended in {}."
    return (
        _indicator("plan_current", "", current, 1, "category"),
        _indicator("plan_months_on_current", "months", "Full months since the current plan began.", 1),
        *(
            _indicator(f"plan_{move}_{window}", "count", meaning.format(months), window)
            for move, meaning in (("begun", begun), ("ended", ended))
            for window, months in SPANS.items()
        ),
    )


def _indicator(name: str, unit: str, meaning: str, window: int, kind: Kind = "number") -> Indicator:
    return Indicator(name, "contract and plan fit", unit, meaning, window, TABLE, kind)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last six was delivered.

    Everybody on the books has some plan, so a customer without any period in the six months is missing from
    the history: null throughout. For one who is in it, no row in a delivered month is a real zero.
    """
    months = [_lasting(known, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        frame = _with_counts(frame, month, known.as_of - ago, ago)
    return _with_current(frame, months[0], known.as_of).select("customer_id", *_indicators())


def _lasting(known: KnownMonths, when: Month) -> Frame | None:
    """The periods that last in the month: operators may deliver all periods ever with each of their months."""
    month = known.table(TABLE, when)
    return None if month is None else month.filter(lasts_in(nw.col("started_on"), nw.col("ended_on"), when))


def _with_counts(frame: Frame, month: Frame | None, when: Month, ago: int) -> Frame:
    """Adds how many periods the month holds per customer, and how many began and ended in it."""
    facts = {
        "held": nw.lit(1),
        "begun": begins_in(nw.col("started_on"), when),
        "ended": begins_in(nw.col("ended_on"), when).fill_null(False),
    }
    columns = [f"{fact}_{ago}" for fact in facts]
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Int64).alias(column) for column in columns)
    rows = [expression.cast(nw.Int64).alias(f"{fact}_{ago}") for fact, expression in facts.items()]
    counts = month.select("customer_id", *rows).group_by("customer_id").agg(nw.col(column).sum() for column in columns)
    joined = frame.join(counts, on="customer_id", how="left")
    return joined.with_columns(nw.col(column).fill_null(0) for column in columns)


def _with_current(frame: Frame, month: Frame | None, as_of: Month) -> Frame:
    """Adds the plan in force at the end of `as_of` that began last (of several, the last by name) and since when."""
    if month is None:
        return frame.with_columns(
            nw.lit(None, dtype=nw.String).alias("plan_current"),
            nw.lit(None, dtype=nw.Int64).alias("months_on_current"),
        )
    now = month.filter(in_force_at_end(nw.col("ended_on"), as_of))
    newest = now.group_by("customer_id").agg(nw.col("started_on").max().alias("newest"))
    current = (
        now.join(newest, on="customer_id", how="inner")
        .filter(nw.col("started_on") == nw.col("newest"))
        .group_by("customer_id")
        .agg(nw.col("plan_id").cast(nw.String).max().alias("plan_current"), nw.col("newest").max())
        .with_columns(months_since(nw.col("newest"), as_of).alias("months_on_current"))
    )
    return frame.join(current.drop("newest"), on="customer_id", how="left")


def _indicators() -> list[nw.Expr]:
    in_history = total([nw.col(f"held_{ago}").fill_null(0) for ago in range(MONTHS)]) > 0

    def counted(fact: str, window: int, name: str) -> nw.Expr:
        months = [nw.col(f"{fact}_{ago}") for ago in range(window)]
        return nw.when(in_history).then(total(months)).cast(nw.Float64).alias(name)

    return [
        nw.col("plan_current"),
        nw.col("months_on_current").cast(nw.Float64).alias("plan_months_on_current"),
        *(counted(move, window, f"plan_{move}_{window}") for move in ("begun", "ended") for window in SPANS),
    ]
