"""Survey answers: means per topic over six months, and unknown for whom nobody asked."""

from __future__ import annotations

from features import survey_answers
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

ANSWERS = """
    month    customer_id  surveyed_on  topic    score
    2025-01  ann          2025-01-31   overall  10
    2025-03  ann          2025-03-10   overall  3
    2025-03  ann          2025-03-10   network  0
    2025-06  bob          2025-06-30   tariff   7
"""
DELIVERED = ("2025-02", "2025-04", "2025-05")


def built(drawing: str = ANSWERS, empty: tuple[str, ...] = DELIVERED) -> Frame | None:
    known = known_months("2025-06", satisfaction=drawing, empty=empty)
    return survey_answers.build(known, population("ann", "bob", "cyd"))


def names() -> list[str]:
    return [indicator.name for indicator in survey_answers.catalogue()]


def test_means_are_of_the_answers_given_and_a_zero_is_an_answer() -> None:
    columns = ("survey_overall_6", "survey_network_6", "survey_tariff_6", "survey_months_since")
    assert rows_of(built(), *columns) == [(6.5, 0.0, None, 3.0), (None, None, 7.0, 0.0), (None, None, None, None)]


def test_later_and_older_answers_are_invisible() -> None:
    strangers = "2025-07 ann 2025-07-01 overall 0\n2025-06 ann 2025-07-01 overall 0\n2024-12 ann 2024-12-01 overall 0\n"
    assert rows_of(built(ANSWERS + strangers), *names()) == rows_of(built(), *names())


def test_an_answer_counts_once_in_its_own_month_however_often_it_is_delivered() -> None:
    again = "2025-06 ann 2025-03-10 overall 3\n2025-06 ann 2022-03-10 overall 0\n2025-06 cyd 2022-03-10 overall 0\n"
    assert rows_of(built(ANSWERS + again), *names()) == rows_of(built(), *names())


def test_behind_a_month_that_was_not_delivered_the_last_answer_is_not_known() -> None:
    columns = ("survey_overall_6", "survey_months_since")
    assert rows_of(built(empty=("2025-02", "2025-04")), *columns) == [(6.5, None), (None, 0.0), (None, None)]
    assert rows_of(built(empty=("2025-04", "2025-05")), *columns)[0] == (6.5, 3.0)


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_surveys_there_is_nothing_to_build() -> None:
    assert survey_answers.build(known_months("2025-06"), population("ann")) is None
