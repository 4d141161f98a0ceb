"""Contract terms: what binds the customer, until when, what leaving would cost, and whether the bill is as expected."""

from __future__ import annotations

import narwhals as nw

from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths
from features.months import Month
from features.side_by_side import MonthlyColumns, mean_of_known, side_by_side, sum_or_null, total
from features.time_spans import days_until, in_force_at_end, months_since

TABLE = "contracts"
MONTHS, BILLED_MONTHS = 6, 3
FAR_BEYOND = 2.0
"""Times the expected spend from which a customer is far more likely to leave (超过预期一倍以上, domain section 3)."""
BY_HANDSET = ("handset", "prepay_for_handset")

_CONTRACT = ("customer_id", "kind", "started_on")
_ZERO, _OPEN, _STRIDE = 1_000_000, 3_999_999, 10_000_000
"""Ends are packed as days from `as_of` plus `_ZERO`: the calendar's four-digit years span less than 4 million days."""

_NUMBERS = (
    ("contract_in_force", "count", "Number of contracts in force at the month's end.", 1),
    ("contract_handset", "count", "Number of contracts for a handset in force at the month's end.", 1),
    ("contract_bundle", "count", "Number of bundle contracts in force at the month's end.", 1),
    (
        "contract_days_to_end",
        "days",
        "Days until the last contract ends, by the latest month that lists it; negative once over, empty while open.",
        6,
    ),
    ("contract_months_since_start", "months", "Full months since the newest contract in force began.", 1),
    ("contract_penalty", "currency", "What leaving at the month's end would cost the customer.", 1),
    (
        "contract_expected_spend",
        "currency",
        "Monthly spend agreed or named at signing; of several contracts the largest.",
        1,
    ),
)
_AGAINST_BILLS = (
    (
        "contract_penalty_in_bills",
        "ratio",
        "What leaving would cost, in bills of the last three months' usual size.",
        BILLED_MONTHS,
    ),
    ("contract_bill_vs_expected", "ratio", "The latest bill against the expected spend.", 1),
    (
        "contract_bill_vs_expected_3",
        "ratio",
        "The usual bill of the last three months against the expected spend.",
        BILLED_MONTHS,
    ),
    (
        "contract_far_beyond_3",
        "months",
        "In how many of the last three months the bill was more than twice the expected spend.",
        BILLED_MONTHS,
    ),
)


def catalogue() -> tuple[Indicator, ...]:
    angle: Angle = "contract and plan fit"
    return (
        *(Indicator(name, angle, unit, meaning, window, TABLE) for name, unit, meaning, window in _NUMBERS),
        *(
            Indicator(name, angle, unit, meaning, window, TABLE, beside=("bills",))
            for name, unit, meaning, window in _AGAINST_BILLS
        ),
    )


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no contracts of the last six months were delivered.

    The table lists contracts, so who has no row in a delivered month is bound by none and leaves at no cost. A
    contract's end is agreed long before, so a date in the future is known and used, as the latest month that lists the
    contract says it: contracts are cut short and renewed. That of a contract which is over stays known as long as a
    month of the six in which it was in force.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if all(month is None for month in months):
        return None
    frame = _with_present(population.select("customer_id"), months[0], known)
    frame = frame.join(_last_ends(months, known), on="customer_id", how="left")
    frame = _with_bills(frame, known)
    return frame.select("customer_id", *_indicators(known))


def _with_present(frame: Frame, month: Frame | None, known: KnownMonths) -> Frame:
    """Adds what the contracts in force at the end of `as_of` say together."""
    counts, amounts = ("in_force", "handset", "bundle", "priced"), ("penalty", "expected")
    if month is None:
        return frame.with_columns(
            *(nw.lit(None, dtype=nw.Int64).alias(name) for name in counts),
            *(nw.lit(None, dtype=nw.Float64).alias(name) for name in amounts),
            nw.lit(None, dtype=nw.Date).alias("newest"),
        )
    begun = nw.col("started_on") <= nw.lit(known.as_of.last_day)
    kind = nw.col("kind").cast(nw.String)
    now = (
        month.filter(begun & in_force_at_end(nw.col("ends_on"), known.as_of))
        .select(
            "customer_id",
            nw.lit(1).cast(nw.Int64).alias("in_force"),
            kind.is_in(BY_HANDSET).cast(nw.Int64).alias("handset"),
            (kind == "bundle").cast(nw.Int64).alias("bundle"),
            (~nw.col("penalty").is_null()).cast(nw.Int64).alias("priced"),
            nw.col("penalty"),
            nw.col("expected_spend").alias("expected"),
            nw.col("started_on").alias("newest"),
        )
        .group_by("customer_id")
        # Money is summed as Decimal, whose sum does not depend on the order.
        .agg(nw.col(*counts, "penalty").sum(), nw.col("expected").max(), nw.col("newest").max())
    )
    joined = frame.join(now, on="customer_id", how="left")
    return joined.with_columns(
        *(nw.col(name).fill_null(0) for name in counts), *(nw.col(name).cast(nw.Float64) for name in amounts)
    )


def _last_ends(months: list[Frame | None], known: KnownMonths) -> Frame:
    """The latest end of each customer's contracts of six months, in days from `as_of`; null while one is open.

    Each contract's end is the one that its latest month says. Month and end are packed into one number, so that the
    largest is that of the latest month: to look up the end beside it would take a join.
    """
    delivered = [ago for ago, month in enumerate(months) if month is not None]
    rows = [_ends(month, known, ago, ago > min(delivered)) for ago, month in enumerate(months) if month is not None]
    latest = nw.concat(rows, how="vertical").group_by(*_CONTRACT).agg(nw.col("packed").max())
    oldest = (known.as_of - (MONTHS - 1)).first_day.toordinal() - known.as_of.last_day.toordinal()
    ends = latest.select("customer_id", (nw.col("packed") % _STRIDE - _ZERO).alias("end")).filter(
        nw.col("end") >= oldest
    )
    last = ends.group_by("customer_id").agg(nw.col("end").max())
    return last.select("customer_id", nw.when(nw.col("end") < _OPEN).then(nw.col("end")).alias("last_end"))


def _ends(month: Frame, known: KnownMonths, ago: int, later_delivered: bool) -> Frame:
    """A month's contracts with the end that holds where no later month lists them.

    Where a later month was delivered without it, a contract that was to last longer ended with this month.
    """
    when: Month = known.as_of - ago
    begun = month.filter(nw.col("started_on") <= nw.lit(when.last_day))
    end = days_until(nw.col("ends_on"), known.as_of).fill_null(_OPEN)
    if later_delivered:
        month_end = when.last_day.toordinal() - known.as_of.last_day.toordinal()
        end = end.clip(upper_bound=month_end)
    return begun.select(*_CONTRACT, (end + (_ZERO + (MONTHS - ago) * _STRIDE)).alias("packed"))


def _with_bills(frame: Frame, known: KnownMonths) -> Frame:
    bills = MonthlyColumns("bills", {"bill": nw.col("amount")}, range(BILLED_MONTHS))
    side = side_by_side(known, frame, bills)
    if side is not None:
        return frame.join(side, on="customer_id", how="left")
    return frame.with_columns(nw.lit(None, dtype=nw.Float64).alias(f"bill__{ago}") for ago in range(BILLED_MONTHS))


def _indicators(known: KnownMonths) -> list[nw.Expr]:
    bills = [nw.col(f"bill__{ago}") for ago in range(BILLED_MONTHS)]
    expected, usual = sum_or_null(nw.col("expected")), mean_of_known(bills)
    # Who is bound by no contract pays nothing; of one that does not say its penalty it is unknown.
    priced = nw.when(nw.col("priced") == nw.col("in_force")).then(nw.col("penalty"))
    penalty = nw.when(nw.col("in_force") == 0).then(nw.lit(0.0)).otherwise(priced)
    far = [(bill > expected * FAR_BEYOND).cast(nw.Float64) for bill in bills]
    any_known = nw.any_horizontal(*[~month.is_null() for month in far], ignore_nulls=False)
    values = {
        "contract_in_force": nw.col("in_force").cast(nw.Float64),
        "contract_handset": nw.col("handset").cast(nw.Float64),
        "contract_bundle": nw.col("bundle").cast(nw.Float64),
        "contract_days_to_end": nw.col("last_end").cast(nw.Float64),
        "contract_months_since_start": months_since(nw.col("newest"), known.as_of).cast(nw.Float64),
        "contract_penalty": penalty,
        "contract_expected_spend": nw.col("expected"),
        "contract_penalty_in_bills": penalty / sum_or_null(usual),
        "contract_bill_vs_expected": bills[0] / expected,
        "contract_bill_vs_expected_3": usual / expected,
        "contract_far_beyond_3": nw.when(any_known).then(total([month.fill_null(0.0) for month in far])),
    }
    return [values[indicator.name].alias(indicator.name) for indicator in catalogue()]
