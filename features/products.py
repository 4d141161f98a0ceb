"""Products: what the customer holds beside the tariff plan, what it costs, and what was begun or given up lately."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Indicator
from features.contracts.products_held import FAMILIES
from features.known_months import Frame, KnownMonths
from features.months import Month
from features.side_by_side import total
from features.time_spans import begins_in, in_force_at_end, lasts_in

TABLE = "products_held"
MONTHS = 3
_WORDS = {
    "fixed_line": "fixed lines",
    "broadband": "broadband lines",
    "family_network": "family networks",
    "value_added": "value-added services",
    "application": "applications",
}


def catalogue() -> tuple[Indicator, ...]:
    held, moved = "Number of {} held at the month's end.", "Number of products {} in the last three months."
    return (
        _indicator("product_held", "count", held.format("products")),
        *(_indicator(f"product_{family}", "count", held.format(_WORDS[family])) for family in FAMILIES),
        _indicator("product_fee", "currency", "Monthly fees of the products held."),
        _indicator("product_begun_3", "count", moved.format("begun"), MONTHS),
        _indicator("product_ended_3", "count", moved.format("ended"), MONTHS),
    )


def _indicator(name: str, unit: str, meaning: str, window: int = 1) -> Indicator:
    return Indicator(name, "products and life cycle", unit, meaning, window, TABLE)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last three was delivered.

    The table lists what is held, so a customer without a row in a delivered month held nothing: zero. Newcomers
    neither began nor gave up anything before they came, which a count over those months says truly.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = _with_held(population.select("customer_id"), months[0], known.as_of)
    for ago, month in enumerate(months):
        frame = _with_moves(frame, month, known.as_of - ago, ago)
    moved = {
        f"product_{move}_3": total([nw.col(f"{move}_{ago}") for ago in range(MONTHS)]) for move in ("begun", "ended")
    }
    return frame.with_columns(value.alias(name) for name, value in moved.items()).select(
        "customer_id", *(nw.col(indicator.name).cast(nw.Float64) for indicator in catalogue())
    )


def _lasting(month: Frame, when: Month) -> Frame:
    return month.filter(lasts_in(nw.col("started_on"), nw.col("ended_on"), when))


def _with_held(frame: Frame, month: Frame | None, as_of: Month) -> Frame:
    families = [f"product_{family}" for family in FAMILIES]
    counts = ["product_held", "priced", "sorted", *families]
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Float64).alias(name) for name in (*counts, "product_fee"))
    family = nw.col("family").cast(nw.String)
    held = (
        _lasting(month, as_of)
        .filter(in_force_at_end(nw.col("ended_on"), as_of))
        .select(
            "customer_id",
            nw.lit(1).cast(nw.Int64).alias("product_held"),
            *((family == name).fill_null(False).cast(nw.Int64).alias(f"product_{name}") for name in FAMILIES),
            (~nw.col("fee").is_null()).cast(nw.Int64).alias("priced"),
            (~family.is_null()).cast(nw.Int64).alias("sorted"),
            nw.col("fee").alias("product_fee"),
        )
        .group_by("customer_id")
        # Money is summed as Decimal, whose sum does not depend on the order.
        .agg(nw.col(*counts, "product_fee").sum())
    )
    joined = frame.join(held, on="customer_id", how="left")
    counted = joined.with_columns(
        *(nw.col(name).fill_null(0) for name in counts), nw.col("product_fee").cast(nw.Float64).fill_null(0.0)
    )
    # A product whose fee is not told leaves the sum unknown, and one of no family how many are held of each.
    held_in_all = nw.col("product_held")
    return counted.with_columns(
        nw.when(nw.col("priced") == held_in_all).then(nw.col("product_fee")).alias("product_fee"),
        *(nw.when(nw.col("sorted") == held_in_all).then(nw.col(name)).alias(name) for name in families),
    )


def _with_moves(frame: Frame, month: Frame | None, when: Month, ago: int) -> Frame:
    names = [f"{move}_{ago}" for move in ("begun", "ended")]
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Int64).alias(name) for name in names)
    moves = (
        _lasting(month, when)
        .select(
            "customer_id",
            begins_in(nw.col("started_on"), when).cast(nw.Int64).alias(names[0]),
            begins_in(nw.col("ended_on"), when).fill_null(False).cast(nw.Int64).alias(names[1]),
        )
        .filter((nw.col(names[0]) > 0) | (nw.col(names[1]) > 0))
        .group_by("customer_id")
        .agg(nw.col(*names).sum())
    )
    return frame.join(moves, on="customer_id", how="left").with_columns(nw.col(*names).fill_null(0))
