"""Customer record: tenure, age, contract and standing as of the month, and the categories that are kept."""

from __future__ import annotations

from features import customer_record
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

CUSTOMERS = """
    month    customer_id  activated_on  status     birth_year  contract_ends_on  brand   payment_type  hall  manager
    2025-04  ann          2024-06-15    suspended  1980        2025-07-10        GoTone  postpaid      H1    M1
    2025-06  ann          2024-06-15    suspended  1980        2025-07-10        GoTone  postpaid      H1    M1
    2025-05  bob          2025-05-31    active     -           -                 Easy    prepaid       H1    -
    2025-06  bob          2025-05-31    active     -           2025-06-20        Easy    prepaid       H1    -
    2025-04  cyd          -             active     -           -                 -       -             -     -
"""


def built(drawing: str = CUSTOMERS, as_of: str = "2025-06") -> Frame | None:
    return customer_record.build(known_months(as_of, customers=drawing), population("ann", "bob", "cyd"))


def names() -> list[str]:
    return [indicator.name for indicator in customer_record.catalogue()]


def test_tenure_and_age_are_as_of_the_month() -> None:
    assert rows_of(built(), "tenure_months", "age_years") == [(12.0, 45.0), (1.0, None), (None, None)]


def test_the_end_of_a_contract_may_lie_ahead_because_it_is_agreed() -> None:
    assert rows_of(built(), "days_to_contract_end") == [(10.0,), (-10.0,), (None,)]


def test_suspension_is_a_share_of_the_months_on_record() -> None:
    columns = ("suspended", "suspended_share_6", "months_known_6")
    assert rows_of(built(), *columns) == [(1.0, 1.0, 2.0), (0.0, 0.0, 2.0), (None, 0.0, 1.0)]


def test_months_on_record_are_counted_of_those_delivered() -> None:
    assert months("2020-01-01", 1, 2, 3, 4, 5, 6) == 6.0
    assert months("2020-01-01", 1, 2, 4, 5, 6) == 5.0


def months(activated_on: str, *delivered: int) -> float:
    rows = "".join(f"\n2025-0{month} ann {activated_on} active" for month in delivered)
    known = known_months("2025-06", customers=f"month customer_id activated_on status{rows}")
    return rows_of(customer_record.build(known, population("ann")), "months_known_6")[0][0]  # type: ignore[no-any-return]


def test_categories_are_those_of_the_month() -> None:
    assert rows_of(built(), "brand", "payment_type") == [("GoTone", "postpaid"), ("Easy", "prepaid"), (None, None)]


def test_small_groups_and_the_manager_are_left_out() -> None:
    assert not {"county", "area", "hall", "manager", "customer_id"} & set(names())


def test_without_the_month_of_as_of_the_record_is_unknown() -> None:
    assert rows_of(built(as_of="2025-07"), "tenure_months", "brand", "months_known_6")[0] == (None, None, 2.0)


def test_later_records_are_invisible() -> None:
    later = CUSTOMERS + "2025-07  ann  2020-01-01  active  1990  2030-01-01  Easy  prepaid  H2  M2\n"
    assert rows_of(built(later), *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    assert built().collect_schema().names() == ["customer_id", *names()]


def test_without_customers_there_is_nothing_to_build() -> None:
    assert customer_record.build(known_months("2025-06"), population("ann")) is None
