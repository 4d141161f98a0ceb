"""Contacts: every column is looked at; who has no row in a delivered month did not turn to the operator."""

from __future__ import annotations

from features import contacts
from features.contracts import contract_of
from tests.drawn import known_months, population, rows_of

CONTACTS = """
    month    customer_id  hall_contacts  hotline_contacts  sms_contacts  web_contacts  app_contacts  complaints
    2025-04  ann          1              2                 0             0             3             1
    2025-06  ann          0              3                 1             0             2             0
    2025-06  bob          0              0                 0             1             0             0
"""
CUSTOMERS = """
    month    customer_id  status  activated_on
    2025-06  ann          active  2020-01-01
    2025-06  bob          active  2020-01-01
    2025-06  cyd          active  2020-01-01
"""
EMPTY = ("2025-01", "2025-02", "2025-03", "2025-05")


def names() -> list[str]:
    return [indicator.name for indicator in contacts.catalogue()]


def test_every_column_of_the_contacts_is_a_measure() -> None:
    measured = {column for measure in contacts.CONTACTS.measures for column in measure.columns}
    assert measured == set(contract_of("contacts").columns()) - {"customer_id"}


def test_contacts_add_up_over_channels_and_months() -> None:
    known = known_months("2025-06", contacts=CONTACTS, customers=CUSTOMERS, empty=EMPTY)
    built = contacts.build(known, population("ann", "bob", "cyd"))
    columns = ("contact_any_mean_3", "contact_any_silent_6", "contact_hotline_share_3", "contact_digital_share_3")
    assert rows_of(built, *columns) == [(4.0, 4 / 6, 5 / 12, 0.5), (1 / 3, 5 / 6, 0.0, 1.0), (0.0, 1.0, None, None)]


def test_a_newcomer_is_not_silent_in_the_months_before_the_first() -> None:
    drawn = CUSTOMERS.replace("ann          active  2020-01-01", "ann          active  2025-06-10")
    june = CONTACTS.replace("2025-04  ann", "2025-04  eve")
    known = known_months("2025-06", contacts=june, customers=drawn, empty=EMPTY)
    columns = ("contact_any_mean_3", "contact_any_silent_6", "contact_any_change_1", "contact_complaint_mean_3")
    assert rows_of(contacts.build(known, population("ann", "cyd")), *columns) == [
        (6.0, 0.0, None, 0.0),
        (0.0, 1.0, 0.0, 0.0),
    ]


def test_contacts_are_those_of_the_channels_that_the_operator_records() -> None:
    two = """
        month    customer_id  hall_contacts  app_contacts
        2025-06  ann          1              3
    """
    built = contacts.build(known_months("2025-06", contacts=two, customers=CUSTOMERS), population("ann"))
    columns = ("contact_any_mean_3", "contact_hall_share_3", "contact_digital_share_3", "contact_hotline_share_3")
    assert rows_of(built, *columns) == [(4.0, 0.25, 0.75, None)]


def test_the_latest_complaint_is_found_and_none_is_not_invented() -> None:
    known = known_months("2025-06", contacts=CONTACTS, customers=CUSTOMERS, empty=EMPTY)
    built = contacts.build(known, population("ann", "bob"))
    assert rows_of(built, "contact_complaint_months_since", "contact_complaint_last") == [(2.0, 0.0), (None, 0.0)]


def test_later_contacts_are_invisible() -> None:
    later = CONTACTS + "2025-07  ann  9  9  9  9  9  9\n"
    seen = [contacts.build(known_months("2025-06", contacts=drawn), population("ann")) for drawn in (CONTACTS, later)]
    assert rows_of(seen[0], *names()) == rows_of(seen[1], *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    built = contacts.build(known_months("2025-06", contacts=CONTACTS), population("ann"))
    assert built is not None
    assert built.collect_schema().names() == ["customer_id", *names()]


def test_without_contacts_there_is_nothing_to_build() -> None:
    assert contacts.build(known_months("2025-06"), population("ann")) is None
