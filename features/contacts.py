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
_DIGITAL = ("sms_contacts", "web_contacts", "app_contacts")
_ALL = ("contact_any",)


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
            "number of contacts on the channels that are recorded",
            ("mean_3", "change_1", "silent_6", "months_since"),
            plus=("hotline_contacts", "sms_contacts", "web_contacts", "app_contacts"),
        ),
        *(_count(f"{channel}_contacts", channel, what, "mean_3") for channel, what in _CHANNELS.items()),
        Measure("sms_contacts", "contact_digital", "count", "number of digital contacts", (), _DIGITAL[1:]),
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
        Share(
            ("contact_digital",),
            _ALL,
            "contact_digital_share_3",
            "Share of the last three months' contacts that were digital.",
        ),
    ),
    lists=True,
)


def catalogue() -> tuple[Indicator, ...]:
    return measures.catalogue(CONTACTS)


def build(known: KnownMonths, population: Frame) -> Frame | None:
    """One row per customer of `population`; None when no contacts of the last six months were delivered.

    The table lists who turned to the operator, so a customer without a row in a delivered month did not: zero. Of the
    months before they were on the books nothing is said: a newcomer of this month with three contacts has three a
    month, as the bill of this month is their usual one. Contacts on any channel are those on the channels that the
    operator records, of which few have all five.
    """
    return windows.build(known, population, CONTACTS)
