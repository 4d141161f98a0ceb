"""Survey answers: how content the customer said to be, with what, and how long ago."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Indicator
from features.contracts.satisfaction import TOPICS
from features.known_months import Frame, KnownMonths
from features.side_by_side import count_or_null
from features.time_spans import begins_in, months_since

TABLE = "satisfaction"
MONTHS = 6


def catalogue() -> tuple[Indicator, ...]:
    of = {"overall": "Overall satisfaction"} | {topic: f"Satisfaction with the {topic}" for topic in TOPICS[1:]}
    since = "Months since the customer last answered a survey; empty when not in the last six months."
    return (
        *(
            _indicator(
                f"survey_{topic}_6", "points", f"{what} on average over the answers of six months, from 0 to 10."
            )
            for topic, what in of.items()
        ),
        _indicator("survey_months_since", "months", since),
    )


def _indicator(name: str, unit: str, meaning: str) -> Indicator:
    return Indicator(name, "service experience", unit, meaning, MONTHS, TABLE)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last six was delivered.

    Few are asked in any month: who gave no answer in the six is unknown, neither content nor discontent. An operator
    may deliver all answers ever with each month: only those of the month itself count in it. How long ago the last
    answer was is unknown where a later month was not delivered.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    delivered = [
        month.filter(begins_in(nw.col("surveyed_on"), known.as_of - ago)).select(
            "customer_id", "surveyed_on", "topic", "score"
        )
        for ago, month in enumerate(months)
        if month is not None
    ]
    topic, score = nw.col("topic").cast(nw.String), nw.col("score").cast(nw.Int64)
    answers = (
        nw.concat(delivered, how="vertical")
        .select(
            "customer_id",
            "surveyed_on",
            *(nw.when(topic == name).then(score).otherwise(nw.lit(0)).alias(f"sum_{name}") for name in TOPICS),
            *((topic == name).cast(nw.Int64).alias(f"count_{name}") for name in TOPICS),
        )
        .group_by("customer_id")
        .agg(
            nw.col("surveyed_on").max(),
            *(nw.col(f"{what}_{name}").sum() for what in ("sum", "count") for name in TOPICS),
        )
    )
    unknown = min((ago for ago, month in enumerate(months) if month is None), default=MONTHS)
    since = months_since(nw.col("surveyed_on"), known.as_of)
    frame = population.select("customer_id").join(answers, on="customer_id", how="left")
    return frame.select(
        "customer_id",
        *(
            (nw.col(f"sum_{name}") / count_or_null(nw.col(f"count_{name}"))).alias(f"survey_{name}_6")
            for name in TOPICS
        ),
        nw.when(since < unknown).then(since.cast(nw.Float64)).alias("survey_months_since"),
    )
