"""Customer record: who the customer is on the operator's books: tenure, age, contract, standing and place."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths
from features.side_by_side import mean_of_known, total
from features.time_spans import days_until, months_since

TABLE = "customers"
MONTHS = 6
_LIFE: Angle = "products and life cycle"
_TERMS: Angle = "contract and plan fit"

# Kept: groups large enough to have a churn rate of their own. Left out on purpose: county, area and hall (groups
# so small that they recognise people and are mostly noise) and manager (customers of a manager churn less because
# they were chosen for it, domain section 7, and a model that knows the name would appraise managers, not customers).
# Dealers stay, as some of them push customers to drop a number and come back on a new one (domain section 6).
CATEGORIES: dict[str, tuple[Angle, str]] = {
    "brand": (_LIFE, "Brand of the customer's plan."),
    "payment_type": ("payment", "Whether the customer pays before or after use."),
    "plan_id": (_TERMS, "Tariff plan in force at the month's end, from the customer record."),
    "province": (_LIFE, "Province where the customer belongs."),
    "prefecture": (_LIFE, "Prefecture or city where the customer belongs."),
    "dealer": (_LIFE, "Dealer who sold the number."),
}
_NUMBERS: tuple[tuple[str, Angle, str, str, int], ...] = (
    ("tenure_months", _LIFE, "months", "Full months since the customer's first day on net.", 1),
    ("age_years", _LIFE, "years", "The customer's age, by year of birth.", 1),
    ("days_to_contract_end", _TERMS, "days", "Days until the agreed minimum term ends; negative once it is over.", 1),
    ("suspended", "service experience", "flag", "Whether the number is suspended at the month's end.", 1),
    (
        "suspended_share_6",
        "service experience",
        "share",
        "Share of the last six months' ends, as far as known, spent suspended.",
        6,
    ),
    (
        "months_known_6",
        _LIFE,
        "months",
        "In how many of the last six months, of those delivered, the customer is on record.",
        6,
    ),
)


def catalogue() -> tuple[Indicator, ...]:
    return (
        *(Indicator(name, angle, unit, meaning, window, TABLE) for name, angle, unit, meaning, window in _NUMBERS),
        *(Indicator(name, angle, "", meaning, 1, TABLE, "category") for name, (angle, meaning) in CATEGORIES.items()),
    )


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no month of the last six was delivered.

    A contract's end is agreed long before, so a date in the future is known and used. `months_known_6` counts rows: of
    a month that was not delivered it knows nothing of anybody, so it tells how much there is to go by, and how long
    somebody is on net only together with the tenure.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        frame = _with_standing(frame, month, ago)
    frame = _with_record(frame, months[0], known)
    standings = [nw.col(f"suspended_{ago}") for ago in range(MONTHS)]
    on_record = [(~standing.is_null()).cast(nw.Float64) for standing in standings]
    return frame.with_columns(
        nw.col("suspended_0").alias("suspended"),
        mean_of_known(standings).alias("suspended_share_6"),
        total(on_record).alias("months_known_6"),
    ).select("customer_id", *(indicator.name for indicator in catalogue()))


def _with_standing(frame: Frame, month: Frame | None, ago: int) -> Frame:
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=nw.Float64).alias(f"suspended_{ago}"))
    suspended = (nw.col("status").cast(nw.String) == "suspended").cast(nw.Float64)
    return frame.join(month.select("customer_id", suspended.alias(f"suspended_{ago}")), on="customer_id", how="left")


def _with_record(frame: Frame, month: Frame | None, known: KnownMonths) -> Frame:
    if month is None:
        numbers = ("tenure_months", "age_years", "days_to_contract_end")
        return frame.with_columns(
            *(nw.lit(None, dtype=nw.Float64).alias(name) for name in numbers),
            *(nw.lit(None, dtype=nw.String).alias(name) for name in CATEGORIES),
        )
    record = month.select(
        "customer_id",
        months_since(nw.col("activated_on"), known.as_of).cast(nw.Float64).alias("tenure_months"),
        (known.as_of.year - nw.col("birth_year")).cast(nw.Float64).alias("age_years"),
        days_until(nw.col("contract_ends_on"), known.as_of).cast(nw.Float64).alias("days_to_contract_end"),
        *(nw.col(name).cast(nw.String).alias(name) for name in CATEGORIES),
    )
    return frame.join(record, on="customer_id", how="left")
