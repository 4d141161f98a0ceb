"""Labels: who left after the gap, told only when it can be known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import narwhals as nw

from features import FeaturesError
from features.contracts.customers import LEFT_BY_CHOICE, LEFT_BY_FORCE
from features.known_months import Frame, KnownMonths
from features.months import Month


@dataclass(frozen=True)
class Activity:
    """A customer counts as active in a month when `column` of `table` is above zero."""

    table: str
    column: str


@dataclass(frozen=True)
class ChurnDefinition:
    """What leaving means for an operator, as its `source.toml` says.

    The churn month is the first month of a run of at least `silent_months` without activity, or of a
    closing status. A customer scored in month m is labelled a leaver when the churn month lies in
    (m + gap, m + gap + horizon]. `first_label_month` is the first scoring month whose labels are fit for
    use; `given` says that the operator's own `outcomes` table is the label.
    """

    silent_months: int = 2
    gap: int = 1
    horizons: tuple[int, ...] = (1,)
    activity: tuple[Activity, ...] = ()
    first_label_month: Month | None = None
    given: bool = False

    def matures(self, scored: Month, horizon: int) -> Month:
        """The month whose data complete the labels of `scored`: a run that starts last must be seen to last."""
        return scored if self.given else scored + (self.gap + horizon + self.silent_months - 1)


class ImmatureLabels(FeaturesError):
    """Labels were asked for before the months that decide them were on hand."""


def refuse_immature(
    scored: Month, horizon: int, churn: ChurnDefinition, as_of: Month, on_hand: Callable[[Month], bool]
) -> None:
    """Raise ImmatureLabels unless every month that decides the labels of `scored` is on hand by `as_of`."""
    last = churn.matures(scored, horizon)
    if last > as_of:
        raise ImmatureLabels(
            f"labels of {scored} at horizon {horizon} mature with {last}, after as-of {as_of}; "
            f"score an earlier month or wait"
        )
    missing = next((scored + k for k in range(1, scored.until(last) + 1) if not on_hand(scored + k)), None)
    if missing is not None:
        raise ImmatureLabels(f"labels of {scored} at horizon {horizon} need {missing}, which was not delivered")


def active_customers(known: KnownMonths, month: Month, churn: ChurnDefinition) -> Frame:
    """Customers with any activity in `month`: one row each.

    An activity table that was delivered without a customer's row says that there was no activity; one
    that was not delivered at all says nothing, and is an error.
    """
    parts = []
    for activity in churn.activity:
        rows = known.table(activity.table, month)
        if rows is None:
            raise FeaturesError(
                f"{activity.table}: {month} was not on hand at the close of {known.as_of}, but the churn definition "
                f"needs it; run holdfast ingest --month {month}"
            )
        parts.append(rows.filter(nw.col(activity.column) > 0).select("customer_id"))
    return nw.concat(parts, how="vertical").unique("customer_id")


def labels(
    known: KnownMonths, population: Frame, scored: Month, horizon: int, churn: ChurnDefinition
) -> Frame:
    """Who of `population`, scored at the close of `scored`, left in the window.

    Columns `customer_id`, `churned` (left by choice or in silence within the window), `involuntary`
    (the same, but closed for arrears or fraud by the time the labels mature). Whoever is closed by force
    did not leave by choice: churned is false for them, as for somebody who stays, which makes the
    propensity a cumulative incidence with involuntary closing as the competing event. Leaving inside the gap counts as not
    leaving in the window, since no list could have come in time. Raises ImmatureLabels.
    """
    if churn.given:
        return _given(known, population, scored)
    refuse_immature(
        scored, horizon, churn, known.as_of, lambda month: known.table("customers", month) is not None
    )
    last = churn.gap + horizon + churn.silent_months - 1
    frame = population.select("customer_id")
    for step in range(1, last + 1):
        frame = _with_month(frame, known, scored + step, step, churn)
    first = nw.lit(0)
    for step in reversed(range(1, churn.gap + horizon + 1)):
        first = nw.when(_left_at(step, churn)).then(nw.lit(step)).otherwise(first)
    in_window = (nw.col("first") > churn.gap) & (nw.col("first") <= churn.gap + horizon)
    forced = nw.any_horizontal(*[nw.col(f"forced_{step}") for step in range(1, last + 1)], ignore_nulls=True)
    return (
        frame.with_columns(first=first, forced=forced)
        .with_columns(churned=in_window & ~nw.col("forced"), involuntary=in_window & nw.col("forced"))
        .select("customer_id", "churned", "involuntary")
    )


def _left_at(step: int, churn: ChurnDefinition) -> nw.Expr:
    """Whether a closing status, or a long enough run of silence, begins `step` months after the scoring month."""
    run = [nw.col(f"active_{step + k}") for k in range(churn.silent_months)]
    closed = nw.col(f"chosen_{step}") | nw.col(f"forced_{step}")
    return closed | ~nw.any_horizontal(*run, ignore_nulls=True)


def _with_month(frame: Frame, known: KnownMonths, month: Month, step: int, churn: ChurnDefinition) -> Frame:
    """Add whether each customer was active, and closed by choice or by force, in `month`."""
    customers = known.table("customers", month)
    assert customers is not None  # refuse_immature has looked
    standing = customers.select("customer_id", nw.col("status").alias(f"status_{step}"))
    active = active_customers(known, month, churn).with_columns(nw.lit(True).alias(f"active_{step}"))
    joined = frame.join(standing, on="customer_id", how="left").join(active, on="customer_id", how="left")
    status = nw.col(f"status_{step}")
    return joined.with_columns(
        nw.col(f"active_{step}").fill_null(False),
        (~status.is_null() & status.is_in(list(LEFT_BY_CHOICE))).fill_null(False).alias(f"chosen_{step}"),
        (~status.is_null() & status.is_in(list(LEFT_BY_FORCE))).fill_null(False).alias(f"forced_{step}"),
    ).drop(f"status_{step}")


def _given(known: KnownMonths, population: Frame, scored: Month) -> Frame:
    outcomes = known.table("outcomes", scored)
    if outcomes is None:
        raise ImmatureLabels(f"outcomes of {scored} were not delivered; run holdfast ingest --month {scored}")
    chosen = outcomes.select(
        "customer_id",
        churned=nw.col("churned") & (nw.col("kind").fill_null("voluntary") == "voluntary"),
        involuntary=nw.col("churned") & (nw.col("kind").fill_null("voluntary") == "involuntary"),
    )
    return population.select("customer_id").join(chosen, on="customer_id", how="inner")
