"""Dialect: the operator's own names of tables and columns, and its own codes, as data.

What is not listed keeps the contract's name. Amounts are sent in fen, a hundredth of a yuan, whole; true and
false as Y and N; the month as a number, 202503.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PERIOD = "period"
NOT_SENT = frozenset({"masked_number"})
"""What is Holdfast's affair: the operator sends the number itself."""
IN_YUAN = frozenset({"minute_price", "mb_price"})
"""Prices of single units, which may be less than a fen."""

EVERYWHERE = {
    "customer_id": "msisdn",
    "contact_id": "other_msisdn",
    "document_hash": "document",
    "imei_hash": "imei",
    "household_id": "household",
    "account_id": "enterprise",
    "plan_id": "tariff",
    "started_on": "since",
    "ended_on": "until",
    "prefecture": "city",
    "area": "grid",
    "dealer": "seller",
}
"""Columns that are called so in every table."""


@dataclass(frozen=True)
class Spoken:
    """How the operator speaks of one table: the name of its files, of its columns, and the codes in them."""

    file: str
    columns: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def column(self, name: str) -> str:
        return self.columns.get(name) or EVERYWHERE.get(name, name)


_BRANDS = {"GoTone": "全球通", "M-Zone": "动感地带", "Easyown": "神州行"}

DIALECT: Mapping[str, Spoken] = {
    "customers": Spoken(
        "subscribers",
        {
            "brand": "brand_name",
            "activated_on": "opened",
            "status": "state",
            "payment_type": "pays",
            "contract_ends_on": "bound_until",
            "birth_year": "born",
        },
        {
            "brand": _BRANDS,
            "status": {
                "active": "正常",
                "suspended": "停机",
                "closed": "销户",
                "ported_out": "携出",
                "closed_arrears": "欠费销户",
                "closed_fraud": "欺诈销户",
            },
            "payment_type": {"prepaid": "预付", "postpaid": "后付"},
        },
    ),
    "bills": Spoken(
        "bills",
        {
            "amount": "total_fen",
            "plan_fee": "rent_fen",
            "overage": "excess_fen",
            "long_distance": "toll_fen",
            "roaming": "roam_fen",
            "information": "content_fen",
            "data_fee": "gprs_fen",
            "discount": "rebate_fen",
            "margin": "margin_fen",
            "arrears": "owing_fen",
            "payment_delay_days": "days_late",
            "balance": "balance_fen",
            "recharge_amount": "topped_up_fen",
            "recharge_count": "top_ups",
            "points_redeemed": "points_spent",
        },
    ),
    "usage": Spoken(
        "traffic",
        {
            "voice_out_minutes": "out_minutes",
            "voice_in_minutes": "in_minutes",
            "on_net_minutes": "same_net_minutes",
            "off_net_minutes": "other_net_minutes",
            "competitor_1_minutes": "rival_1_minutes",
            "competitor_2_minutes": "rival_2_minutes",
            "long_distance_minutes": "toll_minutes",
            "international_minutes": "idd_minutes",
            "roaming_minutes": "roam_minutes",
            "sms_count": "sms_sent",
            "mms_count": "mms_sent",
            "data_mb": "gprs_mb",
            "content_count": "content_bought",
            "partners_count": "partners",
        },
    ),
    "contacts": Spoken(
        "enquiries",
        {
            "hall_contacts": "at_hall",
            "hotline_contacts": "at_10086",
            "sms_contacts": "by_sms",
            "web_contacts": "on_web",
            "app_contacts": "in_app",
            "bill_queries": "about_bill",
            "plan_consultations": "about_tariff",
            "business_transactions": "orders",
            "portability_queries": "about_porting",
        },
    ),
    "service_events": Spoken(
        "events",
        {"kind": "code"},
        {
            "kind": {
                "suspension": "STOP",
                "voluntary_suspension": "STOP_ASKED",
                "suspension_to_keep_number": "STOP_KEEP",
                "arrears_stop": "STOP_OWING",
                "competitor_call": "RIVAL_CALL",
                "forwarding_to_competitor": "RIVAL_FORWARD",
                "second_sim_suspected": "SECOND_SIM",
                "severe_complaint": "COMPLAINT",
                "network_fault": "FAULT",
                "plan_change": "TARIFF",
                "handset_change": "HANDSET",
                "reactivation": "BACK",
            }
        },
    ),
    "contracts": Spoken(
        "agreements",
        {"ends_on": "bound_until", "penalty": "penalty_fen", "expected_spend": "agreed_fen"},
        {
            "kind": {
                "plan": "TARIFF",
                "handset": "HANDSET",
                "prepay_for_handset": "PREPAID_HANDSET",
                "bundle": "BUNDLE",
                "enterprise": "ENTERPRISE",
            }
        },
    ),
    "plan_periods": Spoken("tariff_history"),
    "plans": Spoken(
        "tariffs",
        {
            "brand": "brand_name",
            "fee": "rent_fen",
            "included_minutes": "free_minutes",
            "included_mb": "free_mb",
            "included_sms": "free_sms",
        },
        {"brand": _BRANDS},
    ),
    "devices": Spoken(
        "handsets",
        {"brand": "maker", "price_band": "class", "used_since": "since"},
        {"price_band": {"low": "1", "middle": "2", "high": "3", "flagship": "4"}},
    ),
    "products_held": Spoken(
        "products",
        {"fee": "rent_fen"},
        {
            "family": {
                "fixed_line": "FIXED",
                "broadband": "BROADBAND",
                "family_network": "FAMILY",
                "value_added": "VAS",
                "application": "APP",
            }
        },
    ),
    "households": Spoken(
        "families", {"role": "payer", "numbers": "lines"}, {"role": {"head": "SELF", "member": "OTHER"}}
    ),
    "customer_profile": Spoken(
        "persons",
        {
            "numbers_held": "lines",
            "influence": "standing",
            "gender": "sex",
            "anniversary": "feast_day",
            "consents_to_care": "may_care",
            "consents_to_marketing": "may_offer",
        },
        {
            "influence": {
                "none": "0",
                "party_government_or_army": "1",
                "enterprise_key_contact": "2",
                "enterprise_it_lead": "3",
            },
            "gender": {"female": "F", "male": "M"},
        },
    ),
    "calling_circle": Spoken(
        "call_partners",
        {"network": "net"},
        {"network": {"own": "CM", "competitor_1": "CU", "competitor_2": "CT", "other": "XX"}},
    ),
    "accounts": Spoken(
        "enterprises",
        {
            "account_class": "class",
            "members": "lines",
            "spend": "spend_fen",
            "has_closed_user_group": "closed_group",
        },
    ),
    "account_members": Spoken(
        "staff",
        {"in_closed_user_group": "closed_group", "member_since": "since"},
        {"role": {"member": "STAFF", "key_contact": "CONTACT", "it_lead": "IT", "leader": "BOSS"}},
    ),
    "dealers": Spoken(
        "sellers",
        {"commission": "commission_fen"},
        {
            "kind": {
                "own_hall": "HALL",
                "franchise": "FRANCHISE",
                "street": "STREET",
                "online": "NET",
                "direct": "DIRECT",
            }
        },
    ),
    "organisation": Spoken(
        "units",
        {"capacity": "tasks_a_month"},
        {
            "level": {
                "province": "1",
                "prefecture": "2",
                "county": "3",
                "area": "4",
                "hall": "5",
                "manager": "6",
            }
        },
    ),
    "campaigns": Spoken(
        "campaigns",
        {"plan": "offer", "budget": "budget_fen"},
        {"kind": {"care": "CARE", "marketing": "SALES", "win_back": "WIN_BACK", "acquisition": "NEW"}},
    ),
    "responses": Spoken(
        "answers",
        {
            "contacted_on": "called",
            "plan": "offer",
            "outcome": "result",
            "accepted": "agreed",
            "talk_seconds": "seconds",
        },
        {"outcome": {"busy": "BUSY", "no_answer": "SILENT", "reached": "SPOKEN"}},
    ),
    "satisfaction": Spoken(
        "surveys",
        {"surveyed_on": "asked", "topic": "question"},
        {"topic": {"overall": "ALL", "network": "NETWORK", "tariff": "TARIFF", "service": "SERVICE"}},
    ),
}
"""By table of the contracts: the twenty that the operator sends."""
