"""Calling circle: its size, whose network it is on, how it moved, and who of it has left."""

from __future__ import annotations

import pytest

from features import calling_circle
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

CIRCLE = """
    month    customer_id  contact_id  network       minutes
    2025-03  ann          eve         own           30
    2025-03  ann          fay         own           10
    2025-03  ann          z1          competitor_1  10
    2025-06  ann          bob         own           10.5
    2025-06  ann          z1          competitor_1  20.25
    2025-06  ann          z2          competitor_2  10.25
    2025-06  ann          z3          other         1
    2025-06  bob          z4          -             0
"""
CUSTOMERS = """
    month    customer_id  status
    2025-03  eve          active
    2025-03  fay          closed
    2025-04  eve          active
    2025-05  eve          ported_out
    2025-06  fay          closed
"""
PEOPLE = ("ann", "bob", "cyd")


def built(circle: str = CIRCLE, customers: str = CUSTOMERS) -> Frame | None:
    known = known_months("2025-06", calling_circle=circle, customers=customers)
    return calling_circle.build(known, population(*PEOPLE))


def names() -> list[str]:
    return [indicator.name for indicator in calling_circle.catalogue()]


def test_shares_are_of_the_minutes_and_an_empty_circle_has_none() -> None:
    columns = ("circle_size", "circle_own_share", "circle_competitor_share", "circle_closest_share")
    assert rows_of(built(), *columns) == [
        (4.0, 10.5 / 42, pytest.approx(30.5 / 42), 20.25 / 42),
        (1.0, None, None, None),
        (0.0, None, None, None),
    ]


def test_an_unknown_network_or_length_is_neither_own_nor_zero() -> None:
    drawing = """
    month    customer_id  contact_id  network       minutes
    2025-03  ann          z1          own           1
    2025-06  ann          z1          own           10
    2025-06  ann          z2          competitor_1  30
    2025-06  ann          z3          -             60
    2025-06  ann          z4          own           -
    2025-06  bob          z4          -             7
    2025-06  cyd          z4          own           -
    """
    columns = ("circle_own_share", "circle_competitor_share", "circle_closest_share", "circle_competitor_change_3")
    assert rows_of(built(drawing), *columns) == [
        (0.25, 0.75, 0.6, None),
        (None, None, 1.0, None),
        (None, None, None, None),
    ]


def test_changes_are_against_the_circle_of_three_months_ago() -> None:
    assert rows_of(built(), "circle_size_change_3", "circle_competitor_change_3") == [
        (1.0, 1.0),
        (None, None),
        (None, None),
    ]


def test_those_of_the_circle_who_closed_since_are_counted_once_with_their_minutes() -> None:
    assert rows_of(built(), "circle_left_3", "circle_left_share_3") == [(1.0, 0.6), (None, None), (None, None)]


def test_without_the_circle_of_before_or_the_customers_changes_are_unknown() -> None:
    lately = "\n".join(line for line in CIRCLE.splitlines() if not line.strip().startswith("2025-03"))
    columns = ("circle_size_change_3", "circle_left_3", "circle_left_share_3")
    assert rows_of(built(lately), *columns)[0] == (None, None, None)
    known = known_months("2025-06", calling_circle=CIRCLE)
    assert rows_of(calling_circle.build(known, population("ann")), *columns) == [(1.0, None, None)]


def test_the_order_of_rows_does_not_change_a_bit() -> None:
    header, *rows = CIRCLE.strip().splitlines()
    backwards = "\n".join([header, *reversed(rows)])
    assert rows_of(built(backwards), *names()) == rows_of(built(), *names())


def test_later_circles_and_departures_are_invisible() -> None:
    later = built(CIRCLE + "2025-07  ann  z9  own  99\n", CUSTOMERS + "2025-07  bob  closed\n")
    assert rows_of(later, *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_circles_there_is_nothing_to_build() -> None:
    assert calling_circle.build(known_months("2025-06", customers=CUSTOMERS), population("ann")) is None
