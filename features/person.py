"""Person: what may be used of the person behind a number: how many numbers they hold and whether others follow them."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths

TABLE = "customer_profile"

# Left out on purpose: the columns barred from models; anniversary, interests and relations, to which people consent
# for personal care and nothing else; gender and occupation, which say little about leaving and much about people.


def catalogue() -> tuple[Indicator, ...]:
    angle: Angle = "products and life cycle"
    return (
        Indicator("person_numbers", angle, "count", "Number of numbers that the same person holds.", 1, TABLE),
        Indicator("person_influence", angle, "", "Influence of the person on others.", 1, TABLE, "category"),
    )


TOLD = {
    "person_numbers": nw.col("numbers_held").cast(nw.Float64),
    "person_influence": nw.col("influence").cast(nw.String),
}


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when the month's profiles were not delivered."""
    month = known.table(TABLE, known.as_of)
    if month is None:
        return None
    told = month.select("customer_id", *(value.alias(name) for name, value in TOLD.items()))
    return population.select("customer_id").join(told, on="customer_id", how="left")
