"""Billing: what the customer's bills say: how much, for what, how steadily, and how they are paid."""

from __future__ import annotations

from features import measures, windows
from features.catalogue import Angle, Indicator
from features.known_months import Frame, KnownMonths
from features.measures import Measure, MeasureTable, Share

_PAYMENT: Angle = "payment"

_BILL = (
    Measure("amount", "bill_amount", "currency", "billed amount"),
    Measure("plan_fee", "bill_plan_fee", "currency", "plan fee", ("last", "change_1")),
    Measure(
        "overage",
        "bill_overage",
        "currency",
        "charge beyond the plan's allowances",
        ("mean_3", "change_1", "silent_6"),
    ),
    Measure("long_distance", "bill_long_distance", "currency", "charge for long-distance and international calls", ()),
    Measure("roaming", "bill_roaming", "currency", "roaming charge", ()),
    Measure("information", "bill_information", "currency", "charge for content and information services", ("mean_3",)),
    Measure("data_fee", "bill_data_fee", "currency", "data charge beyond the plan fee", ("mean_3",)),
    Measure("discount", "bill_discount", "currency", "discount", ("last", "change_1")),
    Measure("margin", "bill_margin", "currency", "margin left to the operator", ("mean_3",)),
)
_PAID = (
    Measure("arrears", "bill_arrears", "currency", "overdue amount", ("last", "mean_3", "change_1"), angle=_PAYMENT),
    Measure(
        "payment_delay_days",
        "bill_payment_delay",
        "days",
        "delay of payment after the due date",
        ("mean_3", "change_1"),
        angle=_PAYMENT,
    ),
    Measure("balance", "bill_balance", "currency", "prepaid balance", ("last", "mean_3", "ratio_3"), angle=_PAYMENT),
    Measure(
        "recharge_amount",
        "bill_recharge_amount",
        "currency",
        "amount topped up",
        ("last", "mean_3", "silent_6", "ratio_3"),
        angle=_PAYMENT,
    ),
    Measure("recharge_count", "bill_recharge_count", "count", "number of top-ups", ("mean_3",), angle=_PAYMENT),
    Measure("points", "bill_points", "points", "loyalty points held", ("last", "change_1"), angle=_PAYMENT),
    Measure(
        "points_redeemed",
        "bill_points_redeemed",
        "points",
        "loyalty points redeemed",
        ("mean_6",),
        angle=_PAYMENT,
    ),
)
_PARTS = {
    "plan_fee": "The plan's fixed fee",
    "overage": "Charges beyond the plan's allowances",
    "long_distance": "Long-distance and international calls",
    "roaming": "Roaming",
    "information": "Content and information services",
    "data_fee": "Data beyond the plan fee",
    "discount": "Discounts",
    "margin": "The operator's margin",
}
_CHANGES = {
    "overage": "By how much the share of charges beyond the allowances rose from the two bills before to the latest."
}

BILLING = MeasureTable(
    table="bills",
    angle="bill structure",
    measures=(*_BILL, *_PAID),
    shares=(
        *(
            Share(
                (f"bill_{part}",),
                ("bill_amount",),
                f"bill_{part}_share_3",
                f"{what} as a share of the last three months' bills.",
                _CHANGES.get(part, ""),
            )
            for part, what in _PARTS.items()
        ),
        Share(
            ("bill_arrears",),
            ("bill_amount",),
            "bill_arrears_share_3",
            "Overdue amounts as a share of the last three months' bills.",
            angle=_PAYMENT,
        ),
    ),
)


def catalogue() -> tuple[Indicator, ...]:
    return measures.catalogue(BILLING)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no bills of the last six months were delivered."""
    return windows.build(known, population, BILLING)
