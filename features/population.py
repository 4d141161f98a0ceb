"""Population: who is scored, said positively: on the books, not closed, and active in the month."""

from __future__ import annotations

import narwhals as nw

from features import FeaturesError
from features.contracts.customers import ON_NET
from features.known_months import Frame, KnownMonths
from features.labels import ChurnDefinition, active_customers


def scored_population(known: KnownMonths, churn: ChurnDefinition) -> Frame:
    """Customers to score at the close of `known.as_of`: one row each, column `customer_id`.

    Somebody silent in the month itself may already be gone, so nothing can be predicted for them: they
    are not scored. Where outcomes are given, everybody of the snapshot is.
    """
    customers = known.table("customers", known.as_of)
    if customers is None:
        raise FeaturesError(
            f"customers: {known.as_of} was not on hand at its close; run holdfast ingest --month {known.as_of}, "
            f"with --backload if it was delivered in time"
        )
    if churn.given:
        return customers.select("customer_id")
    on_net = customers.filter(nw.col("status").is_in(list(ON_NET))).select("customer_id")
    return on_net.join(active_customers(known, known.as_of, churn), on="customer_id", how="semi")
