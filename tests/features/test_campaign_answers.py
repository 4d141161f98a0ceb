"""Campaign answers: attempts, offers taken, and how lately somebody was reached."""

from __future__ import annotations

from features import campaign_answers
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

RESPONSES = """
    month    customer_id  campaign  contacted_on  outcome  accepted
    2025-03  ann          spring    2025-03-03    reached  true
    2025-04  ann          easter    2025-04-03    busy     -
    2025-04  ann          easter    2025-04-07    reached  false
"""
DELIVERED = ("2025-01", "2025-02", "2025-05", "2025-06")


def built(drawing: str = RESPONSES, empty: tuple[str, ...] = DELIVERED) -> Frame | None:
    known = known_months("2025-06", responses=drawing, empty=empty)
    return campaign_answers.build(known, population("ann", "bob"))


def names() -> list[str]:
    return [indicator.name for indicator in campaign_answers.catalogue()]


def test_attempts_offers_taken_and_the_latest_talk() -> None:
    assert rows_of(built(), *names()) == [(2.0, 1.0, 2.0), (0.0, 0.0, None)]


def test_a_window_over_a_month_that_was_not_delivered_is_unknown() -> None:
    assert rows_of(built(empty=DELIVERED[:3]), *names())[0] == (None, None, None)


def test_later_attempts_are_invisible() -> None:
    later = RESPONSES + "2025-07 bob x 2025-07-01 reached true\n2025-06 bob x 2025-07-01 reached true\n"
    assert rows_of(built(later), *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_responses_there_is_nothing_to_build() -> None:
    assert campaign_answers.build(known_months("2025-06"), population("ann")) is None
