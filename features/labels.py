"""Labels: who left after the gap, told only when it can be known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import narwhals as nw

from features import FeaturesError
from features.contracts.customers import LEFT_BY_CHOICE, LEFT_BY_FORCE
from features.known_months import Frame, KnownMonths, refuse_lacking
from features.months import Month, months_between


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

    @property
    def watched(self) -> tuple[str, ...]:
        """The tables that tell in a month who is on the books and active."""
        activity = () if self.given else (activity.table for activity in self.activity)
        return tuple(sorted({"customers", *activity}))

    def deciding(self, scored: Month, horizon: int) -> list[tuple[str, Month]]:
        """The table months that decide the labels of `scored`, in order of time."""
        if self.given:
            return [("outcomes", scored)]
        months = months_between(scored + 1, self.matures(scored, horizon))
        return [(table, month) for month in months for table in self.watched]


class ImmatureLabels(FeaturesError):
    """Labels were asked for before the months that decide them were on hand."""


def immaturity(
    scored: Month, horizon: int, churn: ChurnDefinition, as_of: Month, on_hand: Callable[[str, Month], bool]
) -> str:
    """Why the labels of `scored` cannot be known at the close of `as_of`; empty when they can."""
    what, last = f"labels of {scored} at horizon {horizon}", churn.matures(scored, horizon)
    if last > as_of:
        return f"{what} mature with {last}, after {as_of}"
    for table, month in churn.deciding(scored, horizon):
        if not on_hand(table, month):
            return f"{what} need {table} {month}, which was not on hand at the close of {as_of}"
    return ""


def active_customers(known: KnownMonths, month: Month, churn: ChurnDefinition) -> Frame:
    """Customers with any activity in `month`: one row each.

    An activity table that was delivered without a customer's row, or with no value in it, says that there
    was no activity; one that was not delivered at all says nothing, and is an error.
    """
    parts = []
    for activity in churn.activity:
        rows = known.table(activity.table, month)
        if rows is None:
            raise FeaturesError(
                f"{activity.table}: {month} was not on hand at the close of {known.as_of}, but the churn definition "
                f"needs it; run holdfast ingest --month {month}"
            )
        refuse_lacking(rows, activity.table, month, [activity.column])
        parts.append(rows.filter(nw.col(activity.column) > 0).select("customer_id"))
    return nw.concat(parts, how="vertical").unique("customer_id")


def labels(known: KnownMonths, population: Frame, scored: Month, horizon: int, churn: ChurnDefinition) -> Frame:
    """Who of `population`, scored at the close of `scored`, left in the window, by what `known` knows.

    Columns `customer_id`, `churned` (left by choice or in silence within the window), `involuntary`
    (the same, but closed for arrears or fraud by the time the labels mature, without having closed or ported
    out by choice before). Whoever is closed by force did not leave by choice: churned is false for them, as
    for somebody who stays, which makes the propensity a cumulative incidence with involuntary closing as the
    competing event. Leaving inside the gap counts as not leaving in the window, since no list could have come
    in time. Raises ImmatureLabels.
    """
    immature = immaturity(scored, horizon, churn, known.as_of, lambda *at: known.table(*at) is not None)
    if immature:
        raise ImmatureLabels(f"{immature}; label an earlier month, or ingest what is missing")
    if churn.given:
        return _given(known, population, scored)
    frame = population.select("customer_id")
    last = churn.gap + horizon + churn.silent_months - 1
    for step in range(1, last + 1):
        frame = _with_month(frame, known, scored + step, step, churn)
    forced = nw.any_horizontal(*[_forced_at(step) for step in range(1, last + 1)], ignore_nulls=True)
    left = _in_window(horizon, churn)
    return frame.select("customer_id", churned=left & ~forced, involuntary=left & forced)


def _in_window(horizon: int, churn: ChurnDefinition) -> nw.Expr:
    """Whether the first leaving since the scoring month lies after the gap."""
    left_at = [_left_at(step, churn) for step in range(1, churn.gap + horizon + 1)]
    in_window = nw.any_horizontal(*left_at[churn.gap :], ignore_nulls=True)
    return in_window & ~nw.any_horizontal(*left_at[: churn.gap], ignore_nulls=True) if churn.gap else in_window


def _left_at(step: int, churn: ChurnDefinition) -> nw.Expr:
    """Whether a closing status, or a long enough run of silence, begins `step` months after the scoring month."""
    run = [nw.col(f"active_{step + k}") for k in range(churn.silent_months)]
    closed = nw.col(f"chosen_{step}") | nw.col(f"forced_{step}")
    return closed | ~nw.any_horizontal(*run, ignore_nulls=True)


def _forced_at(step: int) -> nw.Expr:
    """Whether the operator had closed the number `step` months on; a debt that is written off later forces nobody."""
    chosen = [nw.col(f"chosen_{before}") for before in range(1, step)]
    forced = nw.col(f"forced_{step}")
    return forced & ~nw.any_horizontal(*chosen, ignore_nulls=True) if chosen else forced


def _with_month(frame: Frame, known: KnownMonths, month: Month, step: int, churn: ChurnDefinition) -> Frame:
    """Add whether each customer was active, and closed by choice or by force, in `month`; who vanished is neither."""
    customers = known.table("customers", month)
    assert customers is not None  # immaturity has looked
    standing = customers.select(
        "customer_id",
        nw.col("status").is_in(list(LEFT_BY_CHOICE)).alias(f"chosen_{step}"),
        nw.col("status").is_in(list(LEFT_BY_FORCE)).alias(f"forced_{step}"),
    )
    active = active_customers(known, month, churn).with_columns(nw.lit(True).alias(f"active_{step}"))
    joined = frame.join(standing, on="customer_id", how="left").join(active, on="customer_id", how="left")
    facts = [nw.col(f"{fact}_{step}") for fact in ("chosen", "forced", "active")]
    return joined.with_columns(fact.fill_null(False) for fact in facts)


def _given(known: KnownMonths, population: Frame, scored: Month) -> Frame:
    outcomes = known.table("outcomes", scored)
    assert outcomes is not None  # immaturity has looked
    by_force = nw.col("kind").fill_null("voluntary") == "involuntary"
    told = outcomes.select(
        "customer_id", churned=nw.col("churned") & ~by_force, involuntary=nw.col("churned") & by_force
    )
    return population.select("customer_id").join(told, on="customer_id", how="inner")
