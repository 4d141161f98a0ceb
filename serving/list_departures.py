"""List departures: who was on last month's warning list and is not on this one, and why."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from features.contracts.customers import LEFT_BY_CHOICE, LEFT_BY_FORCE
from features.engine import collect
from features.known_months import Frame
from features.month_ledger import Entry
from serving.warning_lists import PLACES, TABLE, Listing

COLUMNS = ("task_ref_before", "masked_number", "brand", *PLACES, "rank_before", "value_at_risk_before", "why")
OFF_THE_BOOKS = "no longer on the operator's books"
LEFT, CLOSED = "left", "closed by the operator"
SILENT = "no longer scored: no activity this month"
NOT_LISTED = "not on this month's list"
"""Said of all others alike: those with less at stake, those below the cut, and those whom a campaign withholds. Whoever
could tell them apart would know the holdout, and might call it."""

Rows = nw.DataFrame[Any]


def departures(listing: Listing, scores: Entry, listed: Entry) -> Rows:
    """One row per customer who was listed last month and is not now: what last month's file said of them, and `why`.

    Under last month's task reference, by last month's rank. Nobody when there was no list last month.
    """
    gone = _gone(listing, scores, listed)
    today = _today(listing, scores, gone["customer_id"].to_list())
    return gone.join(today, on="customer_id", how="left").with_columns(_why()).sort("rank_before").select(COLUMNS)


def _gone(listing: Listing, scores: Entry, listed: Entry) -> Rows:
    before = listing.before(scores)
    rows = _read(listing, before or listed).select(
        nw.col("customer_id", "masked_number", "brand", *PLACES),
        nw.col("task_ref").alias("task_ref_before"),
        nw.col("rank").alias("rank_before"),
        nw.col("value_at_risk").alias("value_at_risk_before"),
    )
    still = _read(listing, listed).select("customer_id")
    return rows.head(0) if before is None else rows.join(still, on="customer_id", how="anti")


def _read(listing: Listing, entry: Entry) -> Rows:
    rows = listing.ledger.warehouse.read(TABLE, entry.month, entry.version)
    return nw.from_native(collect(rows), eager_only=True)


def _today(listing: Listing, scores: Entry, ids: list[str]) -> Rows:
    """Standing on the books and score of these customers now; null where they have none."""
    warehouse, found = listing.ledger.warehouse, []
    for bucket in warehouse.buckets_of(scores.table, scores.month, scores.version):
        customers = listing.ledger.known_months(scores.month, bucket).table("customers", scores.month)
        assert customers is not None  # the month was scored from it
        scored = warehouse.read(scores.table, scores.month, scores.version, bucket)
        found.append(_facts(customers, scored, ids))
    return nw.concat([nw.from_native(collect(part), eager_only=True) for part in found], how="vertical")


def _facts(customers: Frame, scored: Frame, ids: list[str]) -> Frame:
    wanted = nw.col("customer_id").is_in(ids)
    standing = customers.filter(wanted).select("customer_id", nw.col("status").cast(nw.String).alias("status"))
    score = scored.filter(wanted).select("customer_id", "probability")
    return standing.join(score, on="customer_id", how="left")


def _why() -> nw.Expr:
    """The first of these that is so."""
    status = nw.col("status")
    whys = [
        (status.is_null(), OFF_THE_BOOKS),
        (status.is_in(LEFT_BY_CHOICE), LEFT),
        (status.is_in(LEFT_BY_FORCE), CLOSED),
        (nw.col("probability").is_null(), SILENT),
    ]
    why = nw.lit(NOT_LISTED)
    for holds, said in reversed(whys):
        why = nw.when(holds).then(nw.lit(said)).otherwise(why)
    return why.alias("why")
