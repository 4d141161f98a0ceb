"""Custom indicators: the operator's rows become columns; what it did not compute is unknown."""

from __future__ import annotations

import pytest

from features import FeaturesError, custom_indicators
from features.custom_indicators import CustomName, custom_names
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

ROWS = """
    month    customer_id  name     number  category
    2025-03  ann          retired  1       -
    2025-04  ann          score    3       -
    2025-05  ann          score    5       -
    2025-06  ann          score    1.5     -
    2025-06  ann          segment  -       loyal
    2025-06  bob          segment  -       new
    2025-06  bob          empty    -       -
"""
NAMES = (CustomName("score"), CustomName("segment", "category"))


def built(drawing: str = ROWS, as_of: str = "2025-06", names: tuple[CustomName, ...] = NAMES) -> Frame | None:
    known = known_months(as_of, custom_indicators=drawing)
    return custom_indicators.build(known, population("ann", "bob", "cyd"), names)


def columns() -> list[str]:
    return [indicator.name for indicator in custom_indicators.catalogue(NAMES)]


def test_numbers_give_level_change_and_mean_and_categories_their_latest_value() -> None:
    assert columns() == ["custom_score_last", "custom_score_change_1", "custom_score_mean_3", "custom_segment_last"]
    assert rows_of(built(), *columns()) == [
        (1.5, -3.5, 9.5 / 3, "loyal"),
        (None, None, None, "new"),
        (None, None, None, None),
    ]


def test_names_are_those_with_a_value_in_the_months_asked_for() -> None:
    known = known_months("2025-06", custom_indicators=ROWS)
    assert custom_names(known, 3) == NAMES
    assert custom_names(known, 6) == (CustomName("retired"), *NAMES)
    assert custom_names(known_months("2025-06"), 6) == ()


def test_names_of_later_months_are_invisible() -> None:
    assert custom_names(known_months("2025-05", custom_indicators=ROWS), 2) == (CustomName("score"),)


def test_one_name_for_numbers_and_categories_is_refused() -> None:
    mixed = ROWS + "2025-05  bob  segment  7  -\n"
    with pytest.raises(FeaturesError, match="segment holds numbers and categories; deliver them under two names"):
        custom_names(known_months("2025-06", custom_indicators=mixed), 3)


@pytest.mark.parametrize("name", ["ethnicity", "ethnicity_code"])
def test_what_is_barred_from_models_is_refused_under_the_operators_own_name_too(name: str) -> None:
    barred = ROWS + f"2025-05  bob  {name}  -  Yi\n"
    with pytest.raises(FeaturesError, match=f"custom_indicators: {name} is barred from models; leave it out"):
        custom_names(known_months("2025-06", custom_indicators=barred), 3)


def test_gender_is_the_operators_to_decide() -> None:
    told = ROWS + "2025-06  bob  gender  -  male\n"
    assert CustomName("gender", "category") in custom_names(known_months("2025-06", custom_indicators=told), 3)


def test_later_values_are_invisible() -> None:
    later = ROWS + "2025-07  ann  score  999  -\n"
    assert rows_of(built(later), *columns()) == rows_of(built(), *columns())


def test_a_month_that_was_not_delivered_is_unknown() -> None:
    late = built(as_of="2025-07")
    assert rows_of(late, *columns())[0] == (None, None, 3.25, None)


def test_the_catalogue_names_exactly_what_is_built() -> None:
    assert built().collect_schema().names() == ["customer_id", *columns()]


def test_without_own_indicators_there_is_nothing_to_build() -> None:
    assert built(names=()) is None
    assert built(as_of="2026-06") is None
