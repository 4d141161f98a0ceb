"""Plan fit: how much of the plan's allowances is used, and whether another plan of the brand would be cheaper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths
from features.side_by_side import MonthlyColumns, count_or_null, mean_of_known, side_by_side, sum_or_null, total

MONTHS = 3
USED = {"minutes": "voice_out_minutes", "mb": "data_mb", "sms": "sms_count"}
"""What counts against an allowance, by the column of the plans that holds the allowance."""
_PRICED = ("fee", "included_minutes", "included_mb", "minute_price", "mb_price")
"""What a plan's cost is made of."""
_PLAN_COLUMNS = ("fee", "included_minutes", "included_mb", "included_sms", "minute_price", "mb_price")


def catalogue() -> tuple[Indicator, ...]:
    used = {"minutes": "minutes", "mb": "data volume", "sms": "short messages"}
    over = "In how many of the last three months calls or data went beyond the plan's allowance."
    saving = "What the cheapest plan of the brand on sale would have saved a month; over three months, as far as known."
    share = "That saving as a share of what the present plan costs by the same use."
    on_sale = "Whether the present plan can still be chosen by new customers."
    return (
        *(
            _indicator(
                f"plan_{what}_used_3",
                "ratio",
                f"Usual {words} of the last three months against what the plan includes.",
            )
            for what, words in used.items()
        ),
        _indicator("plan_over_allowance_3", "months", over),
        _indicator("plan_saving", "currency", saving),
        _indicator("plan_saving_share", "share", share),
        Indicator("plan_on_sale", "contract and plan fit", "flag", on_sale, 1, "plans", beside=("customers",)),
    )


def _indicator(name: str, unit: str, meaning: str) -> Indicator:
    angle: Angle = "contract and plan fit"
    return Indicator(name, angle, unit, meaning, MONTHS, "plans", beside=("customers", "usage"))


@dataclass(frozen=True)
class Offer:
    """A plan on sale: its brand and what it costs by use."""

    brand: str
    fee: float
    included_minutes: float
    included_mb: float
    minute_price: float
    mb_price: float


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when the month's customers or plans were not delivered.

    The catalogue of plans is small, so it is fetched, and each offer's cost becomes an expression: to join every
    customer with every plan of the brand would hold as many rows as both multiplied. Costs are worked out month by
    month and averaged: a month far beyond the allowance costs more than the mean use says, which may lie within it.
    """
    customers, plans = (known.table(name, known.as_of) for name in ("customers", "plans"))
    if customers is None or plans is None:
        return None
    own = plans.select(
        "plan_id",
        nw.col("brand").alias("plan_brand"),
        *(nw.col(name).cast(nw.Float64) for name in _PLAN_COLUMNS),
        nw.col("on_sale").cast(nw.Float64).alias("plan_on_sale"),
    )
    on_plan = customers.select("customer_id", nw.col("plan_id").cast(nw.String))
    frame = population.select("customer_id").join(on_plan, on="customer_id", how="left")
    frame = _with_usage(frame.join(own, on="plan_id", how="left"), known)
    on_sale = offers(plans)
    beyond = [*_beyond("minutes", _allowances(on_sale, "minutes")), *_beyond("mb", _allowances(on_sale, "mb"))]
    frame = frame.with_columns(
        *(mean_of_known(_months(what)).alias(what) for what in USED),
        *beyond,
        count_or_null(total([month.cast(nw.Float64) for month in _both_known()])).alias("months"),
        _over_allowance().alias("plan_over_allowance_3"),
    )
    frame = frame.with_columns(_cost().alias("cost"), _cheapest(on_sale).alias("cheapest"))
    return frame.select("customer_id", *_indicators(unpriced_brands(plans)))


def offers(plans: Frame) -> tuple[Offer, ...]:
    """The plans on sale of which all is known that a bill needs, each once."""
    columns = ("brand", *_PRICED)
    amounts = [nw.col(name).cast(nw.Float64) for name in _PRICED]
    found: Any = plans.filter(nw.col("on_sale")).select("brand", *amounts).drop_nulls().collect()
    return tuple(sorted({Offer(*row) for row in found.select(*columns).iter_rows()}, key=repr))


def unpriced_brands(plans: Frame) -> tuple[str, ...]:
    """The brands with a plan on sale of which a price or an allowance is not known."""
    unknown = nw.any_horizontal(*(nw.col(name).is_null() for name in _PRICED), ignore_nulls=False)
    found: Any = plans.filter(nw.col("on_sale") & unknown & ~nw.col("brand").is_null()).select("brand").collect()
    return tuple(sorted(set(found["brand"].to_list())))


def _with_usage(frame: Frame, known: KnownMonths) -> Frame:
    wanted = MonthlyColumns("usage", {what: nw.col(column) for what, column in USED.items()}, range(MONTHS))
    side = side_by_side(known, frame, wanted)
    if side is not None:
        return frame.join(side, on="customer_id", how="left")
    return frame.with_columns(
        nw.lit(None, dtype=nw.Float64).alias(f"{what}__{ago}") for what in USED for ago in range(MONTHS)
    )


def _months(what: str) -> list[nw.Expr]:
    return [nw.col(f"{what}__{ago}") for ago in range(MONTHS)]


def _over_allowance() -> nw.Expr:
    """Months in which calls or data went beyond what is included; null when not known of any month."""
    over = [
        nw.any_horizontal(
            nw.col(f"minutes__{ago}") > nw.col("included_minutes"),
            nw.col(f"mb__{ago}") > nw.col("included_mb"),
            ignore_nulls=False,
        )
        for ago in range(MONTHS)
    ]
    known = nw.any_horizontal(*[~month.is_null() for month in over], ignore_nulls=False)
    return nw.when(known).then(total([month.cast(nw.Float64).fill_null(0.0) for month in over]))


def _both_known() -> list[nw.Expr]:
    """Of which months calls and data are known, so that their cost is."""
    return [~(nw.col(f"minutes__{ago}") + nw.col(f"mb__{ago}")).is_null() for ago in range(MONTHS)]


def _allowances(on_sale: Sequence[Offer], what: str) -> dict[str, nw.Expr]:
    """Each allowance of an offer once, by the name of its column, and that of the present plan."""
    held = sorted({getattr(offer, f"included_{what}") for offer in on_sale})
    return {"own": nw.col(f"included_{what}"), **{_written(allowance): nw.lit(allowance) for allowance in held}}


def _written(allowance: float) -> str:
    # Spark takes a dot in the name of a column for the end of the name.
    return str(allowance).replace(".", "_")


def _beyond(what: str, allowances: Mapping[str, nw.Expr]) -> list[nw.Expr]:
    """By how much use went beyond each allowance in the known months together.

    Plans share allowances, so that each is worked out once, and prices are put on the sum of the months.
    """
    months = [nw.when(known).then(used) for known, used in zip(_both_known(), _months(what), strict=True)]

    def over(allowance: nw.Expr) -> nw.Expr:
        return total([(month - allowance).clip(lower_bound=0.0).fill_null(0.0) for month in months])

    return [over(allowance).alias(f"{what}_beyond_{name}") for name, allowance in allowances.items()]


def _cost() -> nw.Expr:
    """What the present plan costs a month by the use of the known ones; unknown as soon as one of its prices is."""
    allowed = nw.col("included_minutes") + nw.col("included_mb")
    beyond = nw.col("minutes_beyond_own") * nw.col("minute_price") + nw.col("mb_beyond_own") * nw.col("mb_price")
    return nw.when(~allowed.is_null()).then(nw.col("fee") + beyond / nw.col("months"))


def _cheapest(on_sale: Sequence[Offer]) -> nw.Expr:
    """What the cheapest offer of the present plan's brand costs a month; null where there is none."""
    cheapest: nw.Expr = nw.lit(None, dtype=nw.Float64)
    for brand in sorted({offer.brand for offer in on_sale}):
        costs = [_cost_of(offer) for offer in on_sale if offer.brand == brand]
        of_brand = nw.min_horizontal(*costs) if len(costs) > 1 else costs[0]
        cheapest = nw.when(nw.col("plan_brand") == brand).then(of_brand).otherwise(cheapest)
    return cheapest


def _cost_of(offer: Offer) -> nw.Expr:
    minutes = nw.col(f"minutes_beyond_{_written(offer.included_minutes)}")
    megabytes = nw.col(f"mb_beyond_{_written(offer.included_mb)}")
    return (minutes * offer.minute_price + megabytes * offer.mb_price) / nw.col("months") + offer.fee


def _indicators(unpriced: Sequence[str]) -> list[nw.Expr]:
    cost = nw.col("cost")
    # Where nothing on sale is cheaper there is nothing to save, which is known and zero, unless the brand has an offer
    # of which nobody knows what it costs.
    least = (cost - nw.min_horizontal(cost, nw.col("cheapest"))).clip(lower_bound=0.0)
    known = (least > 0) | ~nw.col("plan_brand").is_in(unpriced).fill_null(False)
    saving = nw.when(known).then(least) if unpriced else least
    values = {
        **{f"plan_{what}_used_3": nw.col(what) / sum_or_null(nw.col(f"included_{what}")) for what in USED},
        "plan_over_allowance_3": nw.col("plan_over_allowance_3"),
        "plan_saving": saving,
        "plan_saving_share": saving / sum_or_null(cost),
        "plan_on_sale": nw.col("plan_on_sale"),
    }
    return [values[indicator.name].alias(indicator.name) for indicator in catalogue()]
