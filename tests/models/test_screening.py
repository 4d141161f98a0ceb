from __future__ import annotations

import dataclasses

import pytest

from models.business_list import BusinessList
from models.indicator_month import IndicatorMonth
from models.screening import CONSTANT, REDUNDANT, Dropped, Screening, ScreeningSettings, screen
from tests.models.made_indicators import JANUARY, month_of, noise

SETTINGS = ScreeningSettings(max_commonest_share=0.9)
NOBODY_ASKED = BusinessList()
ONE = noise(1)
LIKE_ONE = [value + 0.01 * other for value, other in zip(ONE, noise(2), strict=True)]
UNLIKE = noise(3)


def kept(*months: IndicatorMonth, business: BusinessList = NOBODY_ASKED) -> tuple[str, ...]:
    return screen(months, SETTINGS, business)[0]


def event(share: float) -> list[float | None]:
    happened = round(200 * share)
    return [1.0] * happened + [0.0] * (200 - happened)


def test_what_hardly_varies_is_dropped_and_a_category_likewise():
    month = month_of(rare=event(0.08), common=event(0.3), brand=["Red"] * 185 + ["Blue"] * 15, plan=["a", "b"] * 100)
    names, dropped = screen([month], SETTINGS, NOBODY_ASKED)
    assert names == ("common", "plan")
    assert dropped == (Dropped("rare", CONSTANT, 0.92), Dropped("brand", CONSTANT, 0.925))


def test_a_rare_sign_on_the_business_list_stays_unless_fewer_than_ten_show_it():
    business = BusinessList(keep=("rare", "rarest"))
    assert kept(month_of(rare=event(0.05), rarest=event(0.04), common=event(0.3)), business=business) == (
        "rare",
        "common",
    )


def test_what_varied_in_one_of_the_months_stays():
    quiet, lively = month_of(bill=[1.0] * 200, one=ONE), month_of(JANUARY + 1, bill=UNLIKE, one=ONE)
    assert kept(quiet) == ("one",)
    assert kept(quiet, lively) == ("bill", "one")


def test_of_two_that_say_the_same_the_first_of_the_catalogue_is_kept():
    names, dropped = screen([month_of(one=ONE, like=LIKE_ONE, other=UNLIKE)], SETTINGS, NOBODY_ASKED)
    assert names == ("one", "other")
    assert (dropped[0].name, dropped[0].reason, dropped[0].represented_by) == ("like", REDUNDANT, "one")
    assert dropped[0].correlation == pytest.approx(1, abs=0.01)


def test_one_that_says_the_opposite_says_the_same():
    opposite = [-value for value in ONE]
    assert kept(month_of(one=ONE, opposite=opposite)) == ("one",)


def test_the_business_list_decides_which_is_kept():
    month = month_of(one=ONE, like=LIKE_ONE, other=UNLIKE)
    assert kept(month, business=BusinessList(prefer=("unheard_of", "like"))) == ("like", "other")


def test_where_the_business_list_is_silent_the_one_known_of_more_is_kept():
    one = noise(1, customers=1_000)
    gaps = [None if place < 15 else value for place, value in enumerate(one)]
    assert kept(month_of(gaps=gaps, one=one)) == ("one",)


def test_unknown_of_other_customers_is_not_the_same():
    """Who has no value says something too, and the other indicator does not say it."""
    gaps = [None if place < 5 else value for place, value in enumerate(ONE)]
    assert kept(month_of(gaps=gaps, one=ONE)) == ("gaps", "one")


def test_who_is_dropped_correlates_with_the_very_one_that_stands_for_it():
    """A chain: the middle one goes with either end, the ends do not go with each other."""
    middle = [value + 0.5 * other for value, other in zip(ONE, UNLIKE, strict=True)]
    end = [value + 0.5 * other for value, other in zip(middle, UNLIKE, strict=True)]
    settings = dataclasses.replace(SETTINGS, max_correlation=0.85)
    month = month_of(one=ONE, middle=middle, end=end)
    assert abs(month.correlation[0, 2]) < 0.85 < min(abs(month.correlation[0, 1]), abs(month.correlation[1, 2]))
    assert screen([month], settings, NOBODY_ASKED)[0] == ("one", "end")
    assert screen([month], settings, BusinessList(prefer=("middle",)))[0] == ("middle",)


def test_what_was_redundant_in_some_months_only_stays():
    """The first months, in which three and six months back are the same months."""
    same, different = month_of(three=ONE, six=ONE), month_of(JANUARY + 1, three=ONE, six=UNLIKE)
    assert kept(same) == ("three",)
    assert kept(same, different) == ("three", "six")


def test_a_month_without_one_of_them_says_nothing_about_the_pair():
    """A table that is delivered only since February."""
    before, since = month_of(late=[None] * 200, one=ONE), month_of(JANUARY + 1, late=LIKE_ONE, one=ONE)
    assert kept(before, since) == ("one",)


def test_the_result_is_data_that_comes_back_as_it_was():
    dropped = (Dropped("like", REDUNDANT, 0.1, "one", 0.99), Dropped("rare", CONSTANT, 1.0))
    screening = Screening("2025-04", "abc", ("2025-01",), (200,), ("one",), dropped, {"max_correlation": 0.95})
    assert Screening.from_json(screening.to_json()) == screening
    assert screening.represented_by("one") == [dropped[0]]
