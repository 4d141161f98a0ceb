"""Service events: counts, days and lateness of what happened; nothing recorded in a delivered month is zero."""

from __future__ import annotations

import pytest

from features import service_events
from features.contracts.service_events import KINDS
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

# ann: suspended from 20 April to 2 May, again since 29 June; a complaint in May. bob: a fault in January.
EVENTS = """
    month    customer_id  kind              started_on  ended_on
    2025-04  ann          suspension        2025-04-20  -
    2025-05  ann          suspension        2025-04-20  2025-05-02
    2025-05  ann          severe_complaint  2025-05-07  2025-05-07
    2025-06  ann          arrears_stop      2025-06-29  -
    2025-01  bob          network_fault     2025-01-31  2025-01-31
"""
DELIVERED = ("2025-02", "2025-03")


def built(drawing: str = EVENTS, as_of: str = "2025-06", empty: tuple[str, ...] = DELIVERED) -> Frame | None:
    known = known_months(as_of, service_events=drawing, empty=empty)
    return service_events.build(known, population("ann", "bob"))


def names() -> list[str]:
    return [indicator.name for indicator in service_events.catalogue()]


def test_every_kind_of_the_contract_belongs_to_a_group() -> None:
    assert {kind for group in service_events.GROUPS for kind in group.kinds} == set(KINDS)


def test_an_event_counts_once_in_the_month_in_which_it_begins() -> None:
    columns = ("event_stop_begun_3", "event_complaint_begun_3", "event_fault_begun_6", "event_arrears_stop_begun_3")
    assert rows_of(built(), *columns) == [(2.0, 1.0, 0.0, 1.0), (0.0, 0.0, 1.0, 0.0)]


def test_days_are_those_that_lie_in_the_months_of_the_window() -> None:
    assert rows_of(built(), "event_stop_days_3") == [(15.0,), (0.0,)]


def test_a_day_under_several_stops_counts_once() -> None:
    stops = """
    month    customer_id  kind                       started_on  ended_on
    2025-06  ann          suspension                 2025-06-01  -
    2025-06  ann          arrears_stop               2025-06-01  -
    2025-06  ann          suspension_to_keep_number  2025-06-01  -
    2025-06  bob          suspension                 2025-05-20  2025-06-05
    2025-06  bob          voluntary_suspension       2025-06-02  2025-06-03
    2025-06  bob          arrears_stop               2025-06-04  2025-06-07
    2025-06  bob          suspension                 2025-06-20  2025-06-20
    2025-06  bob          network_fault              2025-06-01  2025-06-30
    """
    assert rows_of(built(stops, empty=("2025-04", "2025-05")), "event_stop_days_3") == [(30.0,), (8.0,)]


def test_what_lasts_at_the_end_of_the_month_is_open() -> None:
    assert rows_of(built(), "event_stop_open", "event_own_suspension_open") == [(1.0, 0.0), (0.0, 0.0)]


def test_months_since_the_latest_event() -> None:
    columns = ("event_stop_months_since", "event_complaint_months_since", "event_fault_months_since")
    assert rows_of(built(), *columns) == [(0.0, 1.0, None), (None, None, 5.0)]


def test_nothing_recorded_in_a_delivered_month_is_zero_and_an_undelivered_month_unknown() -> None:
    columns = (
        "event_competitor_begun_1",
        "event_complaint_begun_3",
        "event_fault_begun_6",
        "event_plan_change_begun_6",
    )
    assert rows_of(built(empty=()), *columns) == [(0.0, 1.0, None, None), (0.0, 0.0, None, None)]


def test_months_since_stop_searching_at_an_unknown_month() -> None:
    assert rows_of(built(empty=()), "event_complaint_months_since", "event_fault_months_since") == [
        (1.0, None),
        (None, None),
    ]


def test_without_the_month_of_as_of_the_present_is_unknown() -> None:
    assert rows_of(built(as_of="2025-07", empty=()), "event_competitor_begun_1", "event_stop_open")[0] == (None, None)


def test_an_event_that_is_only_announced_or_long_over_does_not_count_in_the_month() -> None:
    strangers = """
    2025-06  ann          suspension        2025-07-03  -
    2025-06  ann          suspension        2025-01-03  2025-01-09
    """
    assert rows_of(built(EVENTS + strangers.lstrip("\n")), *names()) == rows_of(built(), *names())


def test_later_events_are_invisible() -> None:
    later = EVENTS + "2025-07  ann  severe_complaint  2025-07-01  2025-07-01\n"
    assert rows_of(built(later), *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    assert built().collect_schema().names() == ["customer_id", *names()]


CALLS = """
    month    customer_id  kind             started_on  ended_on    seconds
    2025-04  ann          competitor_call  2025-04-02  2025-04-02  60
    2025-06  ann          competitor_call  2025-06-03  2025-06-03  61
    2025-06  ann          network_fault    2025-06-03  2025-06-03  -
    2025-06  bob          competitor_call  2025-06-03  2025-06-03  -
"""


def test_calls_to_a_competitors_line_count_by_length_where_it_is_known() -> None:
    columns = ("event_competitor_call_begun_3", "event_competitor_call_seconds_3", "event_competitor_call_long_3")
    assert rows_of(built(CALLS, empty=("2025-05",)), *columns) == [(2.0, 121.0, 1.0), (1.0, None, None)]


@pytest.mark.parametrize("group", service_events.GROUPS, ids=lambda group: group.name)
def test_every_group_finds_its_kinds(group: service_events.EventGroup) -> None:
    rows = "".join(f"2025-06 ann {kind} 2025-06-01 2025-06-01\n" for kind in group.kinds)
    months = ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05")
    frame = built("month customer_id kind started_on ended_on\n" + rows, empty=months)
    (fact,) = [fact for fact in group.facts if fact.startswith("begun")][:1]
    assert rows_of(frame, f"event_{group.name}_{fact}")[0] == (float(len(group.kinds)),)


def test_without_events_table_there_is_nothing_to_build() -> None:
    assert service_events.build(known_months("2025-06"), population("ann")) is None
