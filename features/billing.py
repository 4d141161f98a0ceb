"""Billing: what the customer's bills say: how much, for what, how steadily, and what is owed."""

from __future__ import annotations

from features import windows
from features.catalogue import Indicator
from features.known_months import Frame, KnownMonths
from features.windows import Measure, MeasureTable, Share

BILLING = MeasureTable(
    table="bills",
    angle="billing",
    measures=(
        Measure("amount", "bill_amount", "currency", "billed amount"),
        Measure("plan_fee", "bill_plan_fee", "currency", "plan fee", in_brief=True),
        Measure("overage", "bill_overage", "currency", "charge beyond the plan's allowances", in_brief=True),
        Measure(
            "long_distance",
            "bill_long_distance",
            "currency",
            "charge for long-distance and international calls",
            in_brief=True,
        ),
        Measure("roaming", "bill_roaming", "currency", "roaming charge", in_brief=True),
        Measure(
            "information", "bill_information", "currency", "charge for content and information services", in_brief=True
        ),
        Measure("data_fee", "bill_data_fee", "currency", "data charge beyond the plan fee", in_brief=True),
        Measure("discount", "bill_discount", "currency", "discount", in_brief=True),
        Measure("arrears", "bill_arrears", "currency", "overdue amount", in_brief=True),
        Measure("balance", "bill_balance", "currency", "prepaid balance"),
        Measure("recharge_amount", "bill_recharge_amount", "currency", "amount topped up"),
        Measure("recharge_count", "bill_recharge_count", "count", "number of top-ups", in_brief=True),
    ),
    shares=tuple(
        Share(
            f"bill_{part}",
            ("bill_amount",),
            f"bill_{part}_share_3",
            f"{what} as a share of the last three months' bills.",
        )
        for part, what in (
            ("plan_fee", "The plan's fixed fee"),
            ("overage", "Charges beyond the plan's allowances"),
            ("long_distance", "Long-distance and international calls"),
            ("roaming", "Roaming"),
            ("information", "Content and information services"),
            ("data_fee", "Data beyond the plan fee"),
            ("discount", "Discounts"),
            ("arrears", "Overdue amounts"),
        )
    ),
)


def catalogue() -> tuple[Indicator, ...]:
    return windows.catalogue(BILLING)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no bills of the last six months were delivered."""
    return windows.build(known, population, BILLING)
