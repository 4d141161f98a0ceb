"""Contracts: what each monthly table must hold, column by column; the one source of truth about tables."""

from features import FeaturesError
from features.contracts import (
    account_members,
    accounts,
    bills,
    calling_circle,
    campaign_ledger,
    campaigns,
    contacts,
    custom_indicators,
    customer_contracts,
    customer_profile,
    customers,
    dealers,
    devices,
    households,
    organisation,
    outcomes,
    plan_periods,
    plans,
    products_held,
    responses,
    satisfaction,
    service_events,
    usage,
)
from features.contracts.contract import Contract

CONTRACTS: dict[str, Contract] = {
    module.CONTRACT.name: module.CONTRACT
    for module in (
        customers,
        bills,
        usage,
        contacts,
        service_events,
        customer_contracts,
        plan_periods,
        plans,
        devices,
        products_held,
        households,
        customer_profile,
        calling_circle,
        accounts,
        account_members,
        dealers,
        organisation,
        campaigns,
        responses,
        satisfaction,
        custom_indicators,
        outcomes,
    )
}
"""Of the tables that an operator delivers."""

OWN = {campaign_ledger.CONTRACT.name: campaign_ledger.CONTRACT}
"""Of the tables that Holdfast writes and others may read; the simulated operator reads who was to be contacted."""


def contract_of(table: str) -> Contract:
    """The contract of a `table` that an operator delivers; an unknown name is an error that lists the known ones."""
    if table not in CONTRACTS:
        raise FeaturesError(f"table {table!r} has no contract; choose one of {', '.join(CONTRACTS)}")
    return CONTRACTS[table]
