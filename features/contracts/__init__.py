"""Contracts: what each monthly table must hold, column by column; the one source of truth about tables."""

from features import FeaturesError
from features.contracts import (
    bills,
    custom_indicators,
    customers,
    outcomes,
    plan_periods,
    responses,
    service_events,
    usage,
)
from features.contracts.contract import Contract

CONTRACTS: dict[str, Contract] = {
    module.CONTRACT.name: module.CONTRACT
    for module in (customers, bills, usage, plan_periods, service_events, custom_indicators, outcomes, responses)
}


def contract_of(table: str) -> Contract:
    """The contract of `table`; an unknown name is an error that lists the known ones."""
    if table not in CONTRACTS:
        raise FeaturesError(f"table {table!r} has no contract; choose one of {', '.join(CONTRACTS)}")
    return CONTRACTS[table]
