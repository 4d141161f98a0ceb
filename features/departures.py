"""Departures: which customers of three months ago have left since, for those who had to do with them."""

from __future__ import annotations

import narwhals as nw

from features.contracts.customers import ON_NET
from features.known_months import Frame, KnownMonths

MONTHS = 3


def departed(known: KnownMonths) -> Frame | None:
    """One row per customer, of all the operator's, on net three months ago and no longer: column `departed_id`.

    Two months tell it, and None says that one of them is missing. Some operators show closed numbers for a while and
    others drop their rows at once, so gone is who is not on net now; who closed in between and came back is not. Those
    whom a customer had to do with are looked at as of three months ago, so nobody who came later is asked for.
    """
    return known.once("departed", lambda: _departed(known))


def _departed(known: KnownMonths) -> Frame | None:
    now, before = (known.whole_table("customers", known.as_of - ago) for ago in (0, MONTHS))
    if now is None or before is None:
        return None
    gone = _on_net(before).join(_on_net(now), on="customer_id", how="anti")
    return gone.select(nw.col("customer_id").alias("departed_id"))


def _on_net(month: Frame) -> Frame:
    return month.filter(nw.col("status").cast(nw.String).is_in(ON_NET)).select("customer_id")
