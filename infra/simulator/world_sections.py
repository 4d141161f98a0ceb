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
    longest_on_net: float
    birth_years: tuple[tuple[int, int], ...]
    sensitivity_spread: float
    sensitivity_lean: tuple[Floats, ...]
    income_spread: float
    careless_share: float
    careless_pays: float
    careful_pays: float
    inquiry_spread: float
    channel_shares: Floats
    channel_spread: float
    pushing_dealers: float


@dataclass(frozen=True)
class Profiles:
    consents_to_care: float
    consents_to_marketing: float
    hides_age: float
    household_known: float
    persons_shares: Floats
    leads: float
    men: float
    ethnicity_shares: Floats
    tells_occupation: float
    tells_interests: float
    tells_relations: float
    tells_anniversary: float
    tells_ethnicity: float


@dataclass(frozen=True)
class Dealers:
    kinds: Words
    sold_by_none: int
    commission: float
    commission_online: float


@dataclass(frozen=True)
class Accounts:
    member_share: float
    class_shares: Floats
    coverage: float
    user_group_shares: Floats
    phones: tuple[tuple[int, int], ...]
    phones_skew: float
    coverage_from: float
    days_since: tuple[int, int]
    newcomer_joins: float
    business_brand: float
    role_shares: Floats
    in_user_group: float
    spend: float
    spend_spread: float


@dataclass(frozen=True)
class Circle:
    inside_share: float
    outside_networks: Floats
    covered: float
    elsewhere: float
    weight_from: float
    weight_falls: float
    beyond_on_net: Floats
    off_net_shares: Floats
    first_rival: float
    call_minutes: float


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
    most_minutes: float
    by_income: float
    mb_by_scale: float
    keen: float
    second_number: float
    number_spread: float
    texts_spread: float
    content_spread: float
    far_share: float
    far_spread: float
    far_most: float
    abroad_share: float
    abroad_minutes: float
    fraud_abroad: float
    month_spread: float
    mb_month_spread: float
    texts_month_spread: float
    far_month_spread: float
    abroad_month_spread: float
    far_month_most: float
    poor_share: float
    poor_most: float
    recovers: float
    travel_share: float
    travel_minutes: float
    travels_most: float
    travel_by_income: float
    incoming: float
    incoming_spread: float
    mms: float
    content_minutes: float
    active_minutes: float
    active_mb: float
    partners: float
    partners_by_minutes: float
    partners_spread: float
    season: Floats


@dataclass(frozen=True)
class TariffLevel:
    fee_level: float
    price_level: float
    reform_fee: float
    reform_minutes: float
    reform_mb: float
    reform_minute_price: float
    reform_mb_price: float


@dataclass(frozen=True)
class Billing:
    far_price: float
    abroad_price: float
    roaming_price: float
    text_price: float
    content_price: float
    content_price_spread: float
    content_mean: float
    content_cost: float
    off_net_cost: float
    roaming_cost: float
    bound_discount: float
    war_discount: float
    misfit: float
    misfit_later: float
    expects: float
    expects_spread: float
    learnt: float
    adapts: float
    late: float
    delay_days: float
    delay_most: float
    stopped_after: int
    closed_after: int
    first_balance: Floats
    tops_up_below: float
    tops_up_to: float
    top_up_parts: Floats
    top_ups: Floats
    points: Floats
    first_points: Floats
    points_months: float
    redeems: float
    redeems_from: float
    redeemed: Floats
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
    months_over: int
    penalty: float
    renews: float
    signs_later: float


@dataclass(frozen=True)
class Devices:
    months_used: float
    brought_age: float
    years_most: float
    keen: float
    liking: float
    price_edges: Floats
    brand_shares: Floats


@dataclass(frozen=True)
class Products:
    shares: Floats
    fees: Floats
    keen: float
    by_income: float
    held_before: float
    held_at_once: float
    turnover: float


@dataclass(frozen=True)
class Mood:
    memory: float
    recovery: float
    first_spread: float
    newcomer: float
    noise: float
    shock: float
    shock_from: float
    fault: float
    fault_rate: float
    fault_power: float
    fault_most: float
    faults_felt: int
    service: float
    badly_handled: float
    device: float
    device_usual: float
    grieves_from: float
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
    plan_lured: float
    plan_going: float
    business: float
    complaint: float
    complaint_content: float
    complaint_after_fault: float
    complaint_after_shock: float
    portability: float
    portability_lured: float
    portability_going: float
    other: float
    app_hall_draws: float


@dataclass(frozen=True)
class Signals:
    rival_call: float
    rival_call_false: float
    rival_call_by_tariff: float
    rival_call_lured: float
    rival_seconds: float
    rival_seconds_false: float
    rival_seconds_least: float
    forwarding: float
    forwarding_false: float
    second_sim: float
    second_sim_false: float
    severe: float
    severe_false: float
    severe_complaining: float
    severe_silent: float
    keep_number: float
    keep_number_false: float
    stop: float
    stop_false: float
    overdue: float
    tops_up_less: float
    lost_card: float


@dataclass(frozen=True)
class Leaving:
    base: Floats
    young: float
    young_months: float
    old: float
    old_months: float
    bound: float
    expired: float
    expiry_months: int
    user_group: float
    tie: float
    ties_most: int
    mood: float
    offer: float
    offer_months: int
    friends: float
    device: float
    push: float
    push_months: tuple[int, int]
    frailty: float
    unforeseen: float
    highest: float
    named_from: float
    lead_shares: Floats
    slowest_pace: float
    fastest_pace: float
    comes_back: float
    silent_share: float
    months_silent: int
    porting_share: float
    fraud_share: float
    caught: float


@dataclass(frozen=True)
class ReEntry:
    share: float
    share_pushed: float
    months_shares: Floats
    same_document: float
    same_handset: float
    same_area: float
    circle_overlap: float
    same_dealer: float
    other_brand: float
    brand_shares: Floats


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
    accepts_least: float
    accepts_most: float
    liked_most: float
    busy: float
    no_answer: float
    unread: float
    attempts: int
    days_apart: int
    first_day: tuple[int, int]
    talk_seconds: Floats
    tariff_plans: Words
    service_plans: Words
    new_product_plans: Words
    device_plans: Words


@dataclass(frozen=True)
class Organisation:
    customers_per_manager: int
    managers_work: int
    halls_work: int
    hall_least: int
    newcomers_budget: float
    care_budget: float
    contact_budget: float


@dataclass(frozen=True)
class Constants:
    """All sections of a world."""

    people: People
    profiles: Profiles
    dealers: Dealers
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
    organisation: Organisation


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
