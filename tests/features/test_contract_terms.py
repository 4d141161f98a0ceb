"""Contract terms: what binds, until when, at what penalty, and how the bill stands to what was expected."""

from __future__ import annotations

import pytest

from features import contract_terms
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

# ann is bound by two contracts; bob's only one ended in May; cyd never had any.
CONTRACTS = """
    month    customer_id  kind                started_on  ends_on     penalty  expected_spend
    2025-05  bob          plan                2024-06-01  2025-05-31  10       50
    2025-06  ann          bundle              2024-01-01  2025-12-31  100.10   30
    2025-06  ann          prepay_for_handset  2025-04-30  2025-07-10  0.02     -
"""
BILLS = """
    month    customer_id  amount
    2025-04  ann          60
    2025-05  ann          60.01
    2025-06  ann          90
    2025-06  bob          90
    2025-06  cyd          90
"""


def built(contracts: str = CONTRACTS, bills: str = BILLS) -> Frame | None:
    known = known_months("2025-06", contracts=contracts, bills=bills)
    return contract_terms.build(known, population("ann", "bob", "cyd"))


def names() -> list[str]:
    return [indicator.name for indicator in contract_terms.catalogue()]


def test_contracts_in_force_at_the_end_of_the_month_are_counted_by_what_they_bind_with() -> None:
    columns = ("contract_in_force", "contract_handset", "contract_bundle", "contract_months_since_start")
    assert rows_of(built(), *columns) == [(2.0, 1.0, 1.0, 2.0), (0.0, 0.0, 0.0, None), (0.0, 0.0, 0.0, None)]


def test_the_last_end_of_six_months_counts_down_and_then_up_again() -> None:
    assert rows_of(built(), "contract_days_to_end") == [(184.0,), (-30.0,), (None,)]


def end_of(rows: str) -> float | None:
    drawn = "month customer_id kind started_on ends_on" + "".join(f"\n{row}" for row in rows.strip().splitlines())
    built = contract_terms.build(known_months("2025-06", contracts=drawn), population("ann"))
    return rows_of(built, "contract_days_to_end")[0][0]


def test_a_contract_that_was_cut_short_or_renewed_ends_as_its_latest_month_says() -> None:
    agreed = "2025-05 ann plan 2024-01-01 2027-12-31\n"
    assert end_of(agreed + "2025-06 ann plan 2024-01-01 2025-06-15") == -15.0
    assert end_of(agreed + "2025-06 ann plan 2024-01-01 2025-05-20") == -41.0
    assert end_of(agreed + "2025-06 ann plan 2024-01-01 2028-12-31") == 1280.0


def test_a_contract_that_a_later_month_does_not_list_ended_with_the_last_month_that_does() -> None:
    gone = "2025-03 ann plan 2024-01-01 2027-12-31\n2025-04 ann plan 2024-01-01 2027-12-31\n"
    assert end_of(gone + "2025-06 bob plan 2024-01-01 2027-12-31") == -61.0
    assert end_of(gone.replace("2027-12-31", "-") + "2025-06 bob plan 2024-01-01 2027-12-31") == -61.0
    assert end_of(gone.replace("2027-12-31", "2025-04-10") + "2025-06 bob plan 2024-01-01 2027-12-31") == -81.0
    assert end_of(gone) == 914.0


def test_an_open_ended_contract_in_force_has_no_end_whatever_ended_before() -> None:
    over = "2025-03 ann plan 2024-01-01 2025-03-31\n"
    assert end_of(over + "2025-06 ann bundle 2024-02-01 -") is None
    assert end_of(over + "2025-06 bob bundle 2024-02-01 -") == -91.0


def test_a_contract_that_was_over_before_the_six_months_is_not_told_of() -> None:
    assert end_of("2025-06 ann plan 2020-01-01 2024-12-31") is None
    assert end_of("2025-06 ann plan 2020-01-01 2025-01-01") == -180.0


def test_leaving_costs_all_penalties_together_and_nothing_for_who_is_not_bound() -> None:
    assert rows_of(built(), "contract_penalty", "contract_penalty_in_bills") == [
        (100.12, pytest.approx(100.12 / (210.01 / 3))),
        (0.0, 0.0),
        (0.0, 0.0),
    ]


def test_bills_of_more_than_twice_the_expected_are_counted() -> None:
    columns = ("contract_expected_spend", "contract_bill_vs_expected", "contract_far_beyond_3")
    assert rows_of(built(), *columns) == [(30.0, 3.0, 2.0), (None, None, None), (None, None, None)]


def test_a_penalty_that_is_not_told_is_unknown() -> None:
    untold = CONTRACTS.replace("100.10", "-     ").replace("0.02", "-   ")
    assert rows_of(built(untold), "contract_penalty")[0] == (None,)


def test_without_bills_what_needs_them_is_unknown() -> None:
    columns = ("contract_in_force", "contract_bill_vs_expected_3", "contract_penalty_in_bills")
    known = known_months("2025-06", contracts=CONTRACTS)
    assert rows_of(contract_terms.build(known, population("ann")), *columns) == [(2.0, None, None)]


def test_a_contract_that_is_only_announced_does_not_bind_yet() -> None:
    announced = CONTRACTS + "2025-06  ann  plan  2025-07-01  2027-07-01  1000  999\n"
    assert rows_of(built(announced), *names()) == rows_of(built(), *names())


def test_later_months_are_invisible() -> None:
    later = CONTRACTS + "2025-07  bob  plan  2025-06-15  2027-07-01  1000  999\n"
    assert rows_of(built(later, BILLS + "2025-07  ann  999\n"), *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_contracts_there_is_nothing_to_build() -> None:
    assert contract_terms.build(known_months("2025-06", bills=BILLS), population("ann")) is None
