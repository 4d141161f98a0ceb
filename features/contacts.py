"""Contacts: how often, on which channels and about what the customer turns to the operator."""

from __future__ import annotations

from features import measures, windows
from features.catalogue import Indicator
from features.known_months import Frame, KnownMonths
from features.measures import Measure, MeasureTable, Share

_CHANNELS = {
    "hall": "visits to a business hall",
    "hotline": "calls to the hotline",
    "sms": "requests by short message",
    "web": "visits to the web hall",
    "app": "visits to the app",
}
_ALL = tuple(f"contact_{channel}" for channel in _CHANNELS)
_DIGITAL = ("contact_sms", "contact_web", "contact_app")


def _count(column: str, name: str, what: str, *looked_at: str) -> Measure:
    return Measure(column, f"contact_{name}", "count", f"number of {what}", looked_at)


CONTACTS = MeasureTable(
    table="contacts",
    angle="contacts",
    measures=(
        Measure(
            "hall_contacts",
            "contact_any",
            "count",
            "number of contacts on any channel",
            ("mean_3", "change_1", "silent_6", "months_since"),
            plus=("hotline_contacts", "sms_contacts", "web_contacts", "app_contacts"),
        ),
        *(_count(f"{channel}_contacts", channel, what, "mean_3") for channel, what in _CHANNELS.items()),
        _count("bill_queries", "bill_query", "queries about a bill or balance", "mean_3"),
        _count("plan_consultations", "plan_consultation", "enquiries about plans", "mean_3", "change_1"),
        _count("business_transactions", "transaction", "orders, changes and cancellations", "mean_3"),
        _count("complaints", "complaint", "complaints", "last", "mean_3", "months_since"),
        _count(
            "portability_queries",
            "portability_query",
            "enquiries about taking the number to another operator",
            "last",
            "mean_6",
            "months_since",
        ),
    ),
    shares=(
        Share(
            ("contact_hall",),
            _ALL,
            "contact_hall_share_3",
            "Share of the last three months' contacts that were in a hall.",
        ),
        Share(
            ("contact_hotline",),
            _ALL,
            "contact_hotline_share_3",
            "Share of the last three months' contacts that were on the hotline.",
        ),
        Share(_DIGITAL, _ALL, "contact_digital_share_3", "Share of the last three months' contacts that were digital."),
    ),
    lists=True,
)


def catalogue() -> tuple[Indicator, ...]:
    return measures.catalogue(CONTACTS)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no contacts of the last six months were delivered.

    The table lists who turned to the operator, so a customer without a row in a delivered month did not: zero.
    """
    return windows.build(known, population, CONTACTS)
