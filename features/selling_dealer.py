"""Selling dealer: what kind of outlet sold the number, and what it is paid for a new customer as of the month."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths

TABLE = "dealers"


def catalogue() -> tuple[Indicator, ...]:
    angle: Angle = "products and life cycle"
    beside = ("customers",)
    kind, commission = (
        "Kind of outlet that sold the number.",
        "What the dealer who sold the number is paid for a new customer, as of the month.",
    )
    return (
        Indicator("dealer_kind", angle, "", kind, 1, TABLE, "category", beside),
        Indicator("dealer_commission", angle, "currency", commission, 1, TABLE, beside=beside),
    )


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when the month's customers or dealers were not delivered."""
    customers, dealers = (known.table(name, known.as_of) for name in ("customers", TABLE))
    if customers is None or dealers is None:
        return None
    told = dealers.select(
        "dealer",
        nw.col("kind").cast(nw.String).alias("dealer_kind"),
        nw.col("commission").cast(nw.Float64).alias("dealer_commission"),
    )
    sold_by = customers.select("customer_id", "dealer")
    frame = population.select("customer_id").join(sold_by, on="customer_id", how="left")
    return frame.join(told, on="dealer", how="left").select("customer_id", "dealer_kind", "dealer_commission")
