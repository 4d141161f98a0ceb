"""Device: which handset the customer uses, for how long, and whether it was changed for a better or a cheaper one."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Indicator
from features.contracts.devices import PRICE_BANDS
from features.known_months import Frame, KnownMonths
from features.side_by_side import MonthlyColumns, side_by_side, total
from features.time_spans import months_since

TABLE = "devices"
MONTHS = 6


def catalogue() -> tuple[Indicator, ...]:
    bands = ", ".join(f"{rank} {band}" for rank, band in enumerate(PRICE_BANDS, start=1))
    step = "By how much the price band of the handset rose in five months; below zero for a cheaper one."
    changes = "How often the handset at a month's end was another one than when last known, in the last six months."
    return (
        Indicator("device_brand", "device", "", "Brand of the handset.", 1, TABLE, "category"),
        Indicator("device_price_band", "device", "band", f"Price band of the handset: {bands}.", 1, TABLE),
        Indicator(
            "device_months_in_use", "device", "months", "Full months since the handset was first seen.", 1, TABLE
        ),
        Indicator("device_changes_6", "device", "count", changes, MONTHS, TABLE),
        Indicator("device_price_step_6", "device", "bands", step, MONTHS, TABLE),
    )


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last six was delivered.

    A customer without a row has a handset that nobody knows: unknown, not none.
    """
    handsets = MonthlyColumns(TABLE, {"imei": nw.col("imei_hash")}, range(MONTHS), dtype=nw.String)
    side = side_by_side(known, population, handsets)
    if side is None:
        return None
    frame = _with_rank(_with_present(side, known), known)
    handset = [nw.col(f"imei__{ago}") for ago in range(MONTHS)]
    # Against the last one known before: somebody whose handset was not seen for a month may have changed it then.
    other = [handset[ago] != nw.coalesce(*handset[ago + 1 :]) for ago in range(MONTHS - 1)]
    compared = nw.any_horizontal(*[~change.is_null() for change in other], ignore_nulls=False)
    changes = nw.when(compared).then(total([change.cast(nw.Float64).fill_null(0.0) for change in other]))
    return frame.select(
        "customer_id",
        "device_brand",
        nw.col("rank_now").alias("device_price_band"),
        nw.col("device_months_in_use"),
        changes.alias("device_changes_6"),
        (nw.col("rank_now") - nw.col("rank_then")).alias("device_price_step_6"),
    )


def _with_present(frame: Frame, known: KnownMonths) -> Frame:
    month = known.table(TABLE, known.as_of)
    if month is None:
        return frame.with_columns(
            nw.lit(None, dtype=nw.String).alias("device_brand"),
            nw.lit(None, dtype=nw.Float64).alias("device_months_in_use"),
            nw.lit(None, dtype=nw.Float64).alias("rank_now"),
        )
    now = month.select(
        "customer_id",
        nw.col("brand").cast(nw.String).alias("device_brand"),
        months_since(nw.col("used_since"), known.as_of).cast(nw.Float64).alias("device_months_in_use"),
        _rank().alias("rank_now"),
    )
    return frame.join(now, on="customer_id", how="left")


def _with_rank(frame: Frame, known: KnownMonths) -> Frame:
    month = known.table(TABLE, known.as_of - (MONTHS - 1))
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Float64).alias("rank_then"))
    return frame.join(month.select("customer_id", _rank().alias("rank_then")), on="customer_id", how="left")


def _rank() -> nw.Expr:
    """The place of the price band from below, from 1; null where it is unknown."""
    band = nw.col("price_band").cast(nw.String)
    rank: nw.Expr = nw.lit(None, dtype=nw.Float64)
    for place, name in enumerate(PRICE_BANDS, start=1):
        rank = nw.when(band == name).then(nw.lit(float(place))).otherwise(rank)
    return rank
