"""World sections: the constants that a world file holds, by section; what each is for stands in `worlds/usual.toml`.

Tuples over brands go in the order GoTone, M-Zone, Easyown. Shares and rates are monthly unless told otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeAlias, get_type_hints

Floats: TypeAlias = tuple[float, ...]
Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class People:
    brand_shares: Floats
    newcomer_shares: Floats
    prepaid_shares: Floats
    second_number_share: float
    joining: float
    days_on_net: Floats
    birth_years: tuple[tuple[int, int], ...]
    sensitivity_spread: float
    sensitivity_lean: tuple[Floats, ...]
    careless_share: float
    careless_pays: float
    careful_pays: float
    inquiry_spread: float
    channel_shares: Floats
    channel_spread: float
    pushing_dealers: float


@dataclass(frozen=True)
class Accounts:
    member_share: float
    class_shares: Floats
    coverage: float
    user_group_shares: Floats


@dataclass(frozen=True)
class Circle:
    inside_share: float
    outside_networks: Floats
    covered: float


@dataclass(frozen=True)
class Usage:
    minutes: Floats
    minutes_spread: float
    mb: Floats
    mb_spread: float
    texts: Floats
    content: float
    big_share: Floats
    big_from: float
    big_tail: float
    big_most: float
    month_spread: float
    poor_share: float
    travel_share: float
    travel_minutes: float
    season: Floats


@dataclass(frozen=True)
class TariffLevel:
    fee_level: float
    price_level: float


@dataclass(frozen=True)
class Billing:
    far_price: float
    abroad_price: float
    roaming_price: float
    content_price: float
    bound_discount: float
    misfit: float
    expects: float
    adapts: float
    redeems: float
    moves: float
    moves_after_shock: float


@dataclass(frozen=True)
class Contracts:
    kind_shares: Floats
    prepaid_share: float
    postpaid_share: float
    longer_bound: float
    terms: tuple[int, ...]
    term_shares: Floats
    renews: float
    signs_later: float


@dataclass(frozen=True)
class Devices:
    months_used: float
    keen: float


@dataclass(frozen=True)
class Products:
    shares: Floats
    turnover: float


@dataclass(frozen=True)
class Mood:
    memory: float
    recovery: float
    noise: float
    shock: float
    fault: float
    fault_rate: float
    service: float
    badly_handled: float
    device: float
    misses: float
    survey_share: float
    survey_mean: float
    survey_slope: float
    survey_noise: float


@dataclass(frozen=True)
class Inquiries:
    bill: float
    bill_after_shock: float
    plan: float
    business: float
    complaint: float
    complaint_after_fault: float
    complaint_after_shock: float
    portability: float
    portability_going: float
    other: float


@dataclass(frozen=True)
class Signals:
    rival_call: float
    rival_call_false: float
    forwarding: float
    forwarding_false: float
    second_sim: float
    second_sim_false: float
    severe: float
    severe_false: float
    keep_number: float
    keep_number_false: float
    stop: float
    stop_false: float
    overdue: float
    lost_card: float


@dataclass(frozen=True)
class Leaving:
    base: Floats
    young: float
    old: float
    bound: float
    expired: float
    expiry_months: int
    user_group: float
    tie: float
    mood: float
    offer: float
    offer_months: int
    friends: float
    device: float
    push: float
    frailty: float
    unforeseen: float
    named_from: float
    lead_shares: Floats
    slowest_pace: float
    fastest_pace: float
    silent_share: float
    porting_share: float
    fraud_share: float


@dataclass(frozen=True)
class ReEntry:
    share: float
    share_pushed: float
    months_shares: Floats
    same_document: float
    same_handset: float
    same_area: float
    circle_overlap: float


@dataclass(frozen=True)
class Effects:
    strength: float
    keeps: float
    keeps_by_match: float
    keeps_by_channel: float
    drives: float
    annoyed_above: float
    drives_by_fatigue: float
    fatigue_memory: float
    months: int
    thinks_again: float
    accepts: float
    tariff_plans: Words
    service_plans: Words
    new_product_plans: Words
    device_plans: Words


@dataclass(frozen=True)
class Constants:
    """All sections of a world."""

    people: People
    accounts: Accounts
    circle: Circle
    usage: Usage
    tariff: TariffLevel
    billing: Billing
    contracts: Contracts
    devices: Devices
    products: Products
    mood: Mood
    inquiries: Inquiries
    signals: Signals
    leaving: Leaving
    re_entry: ReEntry
    effects: Effects


@dataclass(frozen=True)
class Plan:
    """A tariff plan; amounts in yuan: a month, beyond what is included a minute and a megabyte."""

    plan_id: str
    brand: str
    fee: float
    minutes: float
    mb: float
    texts: float
    minute_price: float
    mb_price: float


@dataclass(frozen=True)
class Change:
    """What is scheduled: from which month on, counted from the first one delivered, for how long, how strongly.

    A tariff reform and a new app hall stay. `table` and `column` say where a data error strikes; its strength
    is the factor by which values are wrong, 0 for none arriving.
    """

    kind: str
    month: int
    months: int = 1
    strength: float = 1.0
    table: str = ""
    column: str = ""


SECTIONS: dict[str, type] = {field.name: get_type_hints(Constants)[field.name] for field in fields(Constants)}
