"""Departures: which customers closed their numbers in the last three months, for those who had to do with them."""

from __future__ import annotations

import narwhals as nw

from features.contracts.customers import LEFT_BY_CHOICE, LEFT_BY_FORCE
from features.known_months import Frame, KnownMonths

MONTHS = 3
CLOSED = (*LEFT_BY_CHOICE, *LEFT_BY_FORCE)


def departed(known: KnownMonths) -> Frame | None:
    """One row per customer, of all the operator's, who closed within three months: column `departed_id`.

    None where one of the months is missing that tell it, the one before the three included: operators show closed
    numbers for some time, and who was closed already then did not leave lately.
    """
    return known.once("departed", lambda: _departed(known))


def _departed(known: KnownMonths) -> Frame | None:
    months = [known.whole_table("customers", known.as_of - ago) for ago in range(MONTHS + 1)]
    closed = [_closed(month) for month in months if month is not None]
    if len(closed) < len(months):
        return None
    *lately, before = closed
    gone = nw.concat(lately, how="vertical").unique("customer_id")
    return gone.join(before, on="customer_id", how="anti").select(nw.col("customer_id").alias("departed_id"))


def _closed(month: Frame) -> Frame:
    return month.filter(nw.col("status").cast(nw.String).is_in(CLOSED)).select("customer_id")
