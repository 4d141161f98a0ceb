"""Topics: which indicators say the same to a manager, so that three reasons are three different things."""

from __future__ import annotations

TOPICS = {
    **dict.fromkeys(("bill_amount", "bill_plan_fee"), "bill"),
    **dict.fromkeys(("usage_voice_out", "usage_voice_in", "usage_on_net", "usage_local"), "calls"),
    **dict.fromkeys(("usage_active_days", "usage_partners"), "calls"),
    **dict.fromkeys(("bill_long_distance", "usage_long_distance", "usage_international"), "long distance"),
    **dict.fromkeys(("bill_roaming", "usage_roaming"), "roaming"),
    **dict.fromkeys(("bill_data_fee", "usage_data"), "data"),
    **dict.fromkeys(("bill_information", "usage_content", "usage_content_time"), "content"),
    **dict.fromkeys(("bill_recharge_amount", "bill_recharge_count", "bill_balance"), "prepayment"),
    **dict.fromkeys(("bill_arrears", "bill_payment_delay"), "arrears"),
    **dict.fromkeys(("bill_points", "bill_points_redeemed"), "points"),
    **dict.fromkeys(("stop", "own_suspension", "keep_number", "arrears_stop"), "stops"),
    **dict.fromkeys(("competitor", "competitor_call", "forwarding", "second_sim"), "competitor"),
    **dict.fromkeys(("usage_off_net", "usage_competitor", "usage_competitor_1", "usage_competitor_2"), "competitor"),
    **dict.fromkeys(("contact_any", "contact_hall", "contact_hotline", "contact_sms"), "contacts"),
    **dict.fromkeys(("contact_web", "contact_app", "contact_digital"), "contacts"),
    "contact_complaint": "complaint",
    "contact_portability_query": "competitor",
    "contact_plan_consultation": "plan",
    "plan_change": "plan",
    "handset_change": "device",
}
"""Measures and events that say the same to a manager; every other one is a topic of its own."""
BEGINNINGS = {
    "contract_bill": "plan fit",
    "contract_far": "plan fit",
    "contract": "contract",
    "plan": "plan fit",
    "device": "device",
    "circle": "circle",
    "account": "account",
    "product": "products",
    "household": "household",
    "person": "person",
    "dealer": "dealer",
    "survey": "satisfaction",
    "campaign": "campaigns",
}
"""Topics of all other indicators, by how their names begin."""


def topic_of(name: str) -> str:
    """The topic of a measure, a group of events, or an indicator that is made of neither."""
    if name in TOPICS:
        return TOPICS[name]
    return next((topic for start, topic in BEGINNINGS.items() if name.startswith(f"{start}_")), name)
