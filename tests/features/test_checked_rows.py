from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from features.contracts import contract_of
from features.contracts.checked_rows import CheckedRows, check_rows


def checked(name: str, *rows: dict[str, Any], unreadable: dict[str, str] | None = None) -> CheckedRows:
    """The given rows through contract `name`; columns that are not given are null."""
    contract = contract_of(name)
    types = {
        column: pl.String if isinstance(spec.dtype, pl.Enum) else spec.dtype
        for column, spec in contract.columns().items()
    }
    flags = dict.fromkeys(unreadable or {}, pl.Boolean)
    return check_rows(
        contract, pl.DataFrame(list(rows), schema=types | flags, orient="row").to_arrow(), unreadable or {}
    )


def reasons(answer: CheckedRows) -> list[str]:
    return answer.bad["reason"].to_list()


ANN = {"customer_id": "ann"}
CUSTOMER = ANN | {"status": "active"}
MASKED = r"masked_number: does not match ^[^*]{0,3}\*+[^*]{0,4}$"
PERIOD = ANN | {"plan_id": "red", "started_on": dt.date(2017, 3, 1)}


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("customers", CUSTOMER | {"customer_id": None}, "customer_id: missing"),
        ("customers", CUSTOMER | {"customer_id": ""}, "customer_id: empty"),
        ("customers", CUSTOMER | {"customer_id": "x" * 65}, "customer_id: longer than 64 characters"),
        ("customers", CUSTOMER | {"status": None}, "status: missing"),
        ("customers", CUSTOMER | {"status": "gone"}, "status: not one of the allowed values"),
        ("customers", CUSTOMER | {"payment_type": "cash"}, "payment_type: not one of the allowed values"),
        ("customers", CUSTOMER | {"birth_year": 1899}, "birth_year: below 1900"),
        ("customers", CUSTOMER | {"birth_year": 2101}, "birth_year: above 2100"),
        ("customers", CUSTOMER | {"hall": "x" * 201}, "hall: longer than 200 characters"),
        ("customers", CUSTOMER | {"masked_number": "13900001234"}, MASKED),
        ("customers", CUSTOMER | {"masked_number": "1391234"}, MASKED),
        ("customers", CUSTOMER | {"masked_number": "1390****1234"}, MASKED),
        ("customers", CUSTOMER | {"masked_number": "139****01234"}, MASKED),
        ("customers", CUSTOMER | {"masked_number": "139**0**1234"}, MASKED),
        ("bills", ANN | {"amount": 10_000_000.01}, "amount: above 10000000"),
        ("bills", ANN | {"arrears": -10_000_000.01}, "arrears: below -10000000"),
        ("bills", ANN | {"recharge_count": -1}, "recharge_count: below 0"),
        ("bills", ANN | {"recharge_count": 10_001}, "recharge_count: above 10000"),
        ("usage", ANN | {"sms_count": -0.5}, "sms_count: below 0"),
        ("usage", ANN | {"data_mb": 1.1e9}, "data_mb: above 1000000000.0"),
        ("plan_periods", PERIOD | {"started_on": None}, "started_on: missing"),
        ("plan_periods", PERIOD | {"plan_id": None}, "plan_id: missing"),
        ("service_events", PERIOD | {"kind": "wedding"}, "kind: not one of the allowed values"),
        ("custom_indicators", ANN | {"name": "Satisfaction Score"}, "name: does not match ^[a-z][a-z0-9_]{0,62}$"),
        ("outcomes", ANN, "churned: missing"),
    ],
)
def test_a_row_that_breaks_the_contract_is_refused_with_the_reason(table: str, row: dict[str, Any], reason: str):
    answer = checked(table, {name: value for name, value in row.items() if name in contract_of(table).columns()})
    assert reasons(answer) == [reason]
    assert answer.good.height == 0


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("customers", CUSTOMER | {"masked_number": "139****1234"}),
        ("customers", CUSTOMER | {"masked_number": "*****"}),
        ("customers", CUSTOMER),
        ("customers", CUSTOMER | {"status": "closed_arrears", "payment_type": "prepaid", "birth_year": 1900}),
        ("bills", ANN),
        ("bills", ANN | {"amount": 10_000_000, "discount": -10_000_000, "recharge_count": 10_000}),
        ("usage", ANN | {"sms_count": 0.0, "data_mb": 1e9}),
        ("plan_periods", PERIOD),
        ("custom_indicators", ANN | {"name": "score_1"}),
        ("outcomes", ANN | {"churned": False}),
    ],
)
def test_a_row_at_the_edge_of_the_contract_is_kept(table: str, row: dict[str, Any]):
    answer = checked(table, row)
    assert (answer.good.height, answer.bad.height) == (1, 0)
    assert answer.good.select(*row).rows() == [tuple(row.values())]


def test_all_rows_of_a_repeated_key_are_refused():
    answer = checked("bills", ANN | {"amount": 1}, ANN | {"amount": 2}, {"customer_id": "bob"})
    assert reasons(answer) == ["repeated (customer_id, month)"] * 2
    assert answer.good["customer_id"].to_list() == ["bob"]


def test_a_key_of_several_columns_is_repeated_only_where_all_are():
    later = {"started_on": dt.date(2017, 3, 2)}
    answer = checked("plan_periods", PERIOD, PERIOD | later, PERIOD | later | {"plan_id": "blue"})
    assert (answer.good.height, answer.bad.height) == (3, 0)


def test_good_rows_are_in_key_order_and_allowed_values_are_text():
    answer = checked("customers", CUSTOMER | {"customer_id": "bob"}, CUSTOMER)
    assert answer.good["customer_id"].to_list() == ["ann", "bob"]
    assert answer.good.schema["status"] == pl.String


def test_a_value_that_was_lost_in_conversion_is_a_reason_and_not_a_null():
    flag = {"unparsable:amount": "amount", "unparsable:arrears": "arrears"}
    answer = checked(
        "bills",
        ANN | {"unparsable:amount": True, "unparsable:arrears": True},
        {"customer_id": "bob", "unparsable:amount": False, "unparsable:arrears": False},
        unreadable=flag,
    )
    assert reasons(answer) == ["amount: unreadable as a number; arrears: unreadable as a number"]
    assert answer.good["customer_id"].to_list() == ["bob"]
    assert "unparsable:amount" not in [*answer.good.columns, *answer.bad.columns]


@pytest.mark.parametrize(
    ("table", "column", "reason"),
    [
        ("usage", "data_mb", "data_mb: unreadable as a number"),
        ("bills", "recharge_count", "recharge_count: unreadable as a whole number"),
        ("customers", "activated_on", "activated_on: unreadable as a date"),
        ("outcomes", "churned", "churned: unreadable as true or false"),
    ],
)
def test_a_lost_value_s_reason_says_what_it_should_have_been(table: str, column: str, reason: str):
    assert reasons(checked(table, ANN | {"lost": True}, unreadable={"lost": column})) == [reason]


def test_a_row_has_all_its_reasons_and_its_values_as_text():
    answer = checked("bills", ANN | {"amount": 20_000_000, "recharge_count": -1})
    assert reasons(answer) == ["amount: above 10000000; recharge_count: below 0"]
    assert answer.bad.select("customer_id", "amount", "recharge_count").rows() == [("ann", "20000000.0000", "-1")]


def test_no_rows_are_no_problem():
    answer = checked("customers")
    assert (answer.good.height, answer.bad.height) == (0, 0)
