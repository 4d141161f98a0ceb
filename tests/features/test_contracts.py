from __future__ import annotations

import polars as pl
import pytest

from features import FeaturesError
from features.contracts import CONTRACTS, contract_of
from features.contracts.contract import Contract

COLUMNS = [(contract, name) for contract in CONTRACTS.values() for name in contract.columns()]


def each_column(argument: tuple[Contract, str] | object) -> str:
    return f"{argument[0].name}.{argument[1]}" if isinstance(argument, tuple) else ""


def facts(contract: Contract, column: str) -> dict[str, str]:
    return dict(contract.columns()[column].metadata or {})


def test_the_tables_are_those_that_an_operator_may_deliver():
    assert " ".join(CONTRACTS) == (
        "customers bills usage contacts service_events contracts plan_periods plans devices products_held households "
        "customer_profile calling_circle accounts account_members dealers organisation campaigns responses "
        "satisfaction custom_indicators outcomes"
    )


def test_an_unknown_table_says_which_there_are():
    with pytest.raises(FeaturesError, match=r"^table 'bill' has no contract; choose one of customers, bills, usage, "):
        contract_of("bill")


def test_only_customers_is_required_and_two_tables_tell_activity():
    assert [name for name, contract in CONTRACTS.items() if contract.required] == ["customers"]
    assert [name for name, contract in CONTRACTS.items() if contract.activity] == ["bills", "usage"]


@pytest.mark.parametrize("column", COLUMNS, ids=each_column)
def test_every_column_is_described_with_unit_and_sensitivity(column: tuple[Contract, str]):
    contract, name = column
    described = facts(contract, name)
    description = contract.columns()[name].description or ""
    assert description[0].isupper()
    assert description.endswith(".")
    assert described["sensitivity"] in {"none", "business", "personal", "identifier"}
    is_measured = contract.columns()[name].dtype.is_numeric() or contract.columns()[name].dtype == pl.Date
    assert bool(described["unit"]) == is_measured


@pytest.mark.parametrize("column", COLUMNS, ids=each_column)
def test_every_date_and_nothing_else_says_when_it_is_known(column: tuple[Contract, str]):
    contract, name = column
    known = facts(contract, name).get("known")
    is_date = contract.columns()[name].dtype == pl.Date
    assert (known in {"in advance", "when it happens"}) if is_date else known is None


def test_an_agreed_end_is_known_in_advance_and_the_end_of_an_interval_when_it_happens():
    assert facts(CONTRACTS["customers"], "contract_ends_on")["known"] == "in advance"
    assert CONTRACTS["customers"].known_when_it_happens() == ["activated_on"]
    assert CONTRACTS["plan_periods"].known_when_it_happens() == ["started_on", "ended_on"]
    assert CONTRACTS["service_events"].known_when_it_happens() == ["started_on", "ended_on"]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("customers", ["customer_id"]),
        ("bills", ["customer_id"]),
        ("usage", ["customer_id"]),
        ("plan_periods", ["customer_id", "plan_id", "started_on"]),
        ("service_events", ["customer_id", "kind", "started_on"]),
        ("custom_indicators", ["customer_id", "name"]),
        ("outcomes", ["customer_id"]),
        ("responses", ["customer_id", "campaign", "contacted_on"]),
    ],
)
def test_a_table_has_one_row_per_key_whose_columns_are_never_null(table: str, key: list[str]):
    contract = CONTRACTS[table]
    assert contract.key() == key
    assert not any(contract.columns()[name].nullable for name in key)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.name)
def test_an_interval_is_two_dates_of_its_table_of_which_the_start_is_known(contract: Contract):
    if contract.interval is None:
        return
    assert (
        contract.columns()[contract.interval.start].dtype == contract.columns()[contract.interval.end].dtype == pl.Date
    )
    assert contract.interval.start in contract.key()
    assert contract.columns()[contract.interval.end].nullable


@pytest.mark.parametrize(
    ("table", "column", "shown"),
    [
        ("customers", "customer_id", False),
        ("customers", "birth_year", False),
        ("customers", "status", True),
        ("customers", "hall", True),
        ("bills", "amount", False),
        ("usage", "data_mb", False),
        ("plan_periods", "plan_id", True),
        ("plan_periods", "started_on", False),
        ("service_events", "kind", True),
        ("custom_indicators", "name", True),
        ("custom_indicators", "category", False),
        ("outcomes", "churned", False),
        ("responses", "outcome", True),
        ("responses", "accepted", False),
        ("plans", "fee", True),
        ("plans", "included_mb", True),
        ("accounts", "spend", True),
        ("dealers", "since", True),
        ("campaigns", "started_on", True),
    ],
)
def test_a_message_quotes_no_value_that_could_tell_who_it_is(table: str, column: str, shown: bool):
    assert CONTRACTS[table].shows_values(column) is shown


def test_money_is_exact_to_a_ten_thousandth():
    money = [
        column.dtype
        for name, column in CONTRACTS["bills"].columns().items()
        if facts(CONTRACTS["bills"], name)["unit"] == "currency"
    ]
    assert len(money) == 12
    assert set(money) == {pl.Decimal(18, 4)}
