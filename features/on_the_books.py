"""On the books: how long a customer has been the operator's, so that months before are no months of doing nothing."""

from __future__ import annotations

import narwhals as nw

from features.known_months import Frame, KnownMonths
from features.time_spans import months_since

_SINCE = "on_the_books_since"


def with_months_on_the_books(frame: Frame, known: KnownMonths, months: int) -> Frame:
    """Adds, for `on_the_books`, how many months ago the customer was on the books first, of the last `months`.

    Customers are on the books from their first day on net, and from the first month that has a row of them where that
    day is not told. Who is in no row is on the books as of now alone: only customers are asked about.
    """
    delivered = [(ago, known.table("customers", known.as_of - ago)) for ago in range(months)]
    rows = [
        month.select("customer_id", _at_least(months_since(nw.col("activated_on"), known.as_of), ago))
        for ago, month in delivered
        if month is not None
    ]
    if not rows:
        return frame.with_columns(nw.lit(0).cast(nw.Int64).alias(_SINCE))
    since = nw.concat(rows, how="vertical").group_by("customer_id").agg(nw.col(_SINCE).max())
    return frame.join(since, on="customer_id", how="left").with_columns(nw.col(_SINCE).fill_null(0))


def on_the_books(ago: int) -> nw.Expr:
    """Whether the customer was on the books at the end of the month so many months ago."""
    return nw.col(_SINCE) >= ago


def _at_least(months: nw.Expr, least: int) -> nw.Expr:
    return months.fill_null(least).clip(lower_bound=least).alias(_SINCE)
