"""Campaign answers: how often campaigns tried to reach the customer lately, and what came of it."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Indicator
from features.known_months import Frame, KnownMonths
from features.months import Month
from features.side_by_side import months_since_last, total
from features.time_spans import begins_in

TABLE = "responses"
MONTHS = 6
_FACTS = ("attempts", "reached", "accepted")


def catalogue() -> tuple[Indicator, ...]:
    since = "Months since a campaign last reached the customer; empty when none did in the last six months."
    return (
        _indicator(
            "campaign_attempts_3", "Number of attempts of campaigns to contact the customer in three months.", 3
        ),
        _indicator("campaign_accepted_6", "Number of offers of campaigns that the customer took in six months.", 6),
        _indicator("campaign_months_since_reached", since, 6, "months"),
    )


def _indicator(name: str, meaning: str, window: int, unit: str = "count") -> Indicator:
    return Indicator(name, "contacts", unit, meaning, window, TABLE)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last six was delivered.

    The table lists attempts, so a customer without a row in a delivered month was left alone: zero. Nobody tried to
    reach newcomers before they came, which a count over those months says truly.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        frame = _with_month(frame, month, known.as_of - ago, ago)
    accepted = total([nw.col(f"accepted_{ago}") for ago in range(MONTHS)])
    return frame.select(
        "customer_id",
        total([nw.col(f"attempts_{ago}") for ago in range(3)]).cast(nw.Float64).alias("campaign_attempts_3"),
        accepted.cast(nw.Float64).alias("campaign_accepted_6"),
        months_since_last([nw.col(f"reached_{ago}") for ago in range(MONTHS)]).alias("campaign_months_since_reached"),
    )


def _with_month(frame: Frame, month: Frame | None, when: Month, ago: int) -> Frame:
    names = {fact: f"{fact}_{ago}" for fact in _FACTS}
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Int64).alias(name) for name in names.values())
    counts = (
        month.filter(begins_in(nw.col("contacted_on"), when))
        .select(
            "customer_id",
            nw.lit(1).cast(nw.Int64).alias(names["attempts"]),
            (nw.col("outcome").cast(nw.String) == "reached").cast(nw.Int64).alias(names["reached"]),
            nw.col("accepted").fill_null(False).cast(nw.Int64).alias(names["accepted"]),
        )
        .group_by("customer_id")
        .agg(nw.col(name).sum() for name in names.values())
    )
    joined = frame.join(counts, on="customer_id", how="left")
    return joined.with_columns(nw.col(name).fill_null(0) for name in names.values())
