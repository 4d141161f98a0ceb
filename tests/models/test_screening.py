from __future__ import annotations

import dataclasses

import pytest

from models.business_list import BusinessList
from models.indicator_month import IndicatorMonth
from models.screening import CONSTANT, REDUNDANT, UNKNOWN, Dropped, Screening, ScreeningSettings, not_judged, screen
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


def test_what_the_months_could_not_tell_of_is_kept_and_named():
    """In January a window of two months is unknown of all, or the same as one of one month."""
    january = month_of(change_of_2=[None] * 200, one=ONE, mean_of_2=ONE)
    assert kept(january) == ("change_of_2", "one", "mean_of_2")
    assert not_judged([january]) == ("change_of_2", "mean_of_2")
    february = month_of(JANUARY + 1, change_of_2=[None] * 200, one=ONE, mean_of_2=LIKE_ONE)
    names, dropped = screen([january, february], SETTINGS, NOBODY_ASKED)
    assert names == ("one",)
    assert [(one.name, one.reason) for one in dropped] == [("change_of_2", UNKNOWN), ("mean_of_2", REDUNDANT)]
    assert not_judged([january, february]) == ()


def test_a_pair_that_varies_together_in_no_month_is_not_redundant():
    """In each month but one, fewer than ten customers differ: these happen to be the same ones."""
    few, many = [1.0] * 5 + [0.0] * 195, event(0.3)
    february, march = month_of(JANUARY + 1, a=many, b=few), month_of(JANUARY + 2, a=few, b=many)
    january = month_of(a=few, b=few)
    assert january.correlation[0, 1] == 1
    assert kept(january, february, march) == ("a", "b")


def test_of_two_that_few_have_one_is_not_dropped_where_most_of_these_lack_it():
    values = noise(1, customers=10_000)
    a = [value if place < 140 else None for place, value in enumerate(values)]
    b = [value if place < 60 else None for place, value in enumerate(values)]
    settings = dataclasses.replace(SETTINGS, max_commonest_share=0.999)
    assert screen([month_of(a=a, b=b)], settings, NOBODY_ASKED)[0] == ("a", "b")


def test_of_two_categories_that_decide_each_other_the_first_is_kept():
    """The plan decides the brand as well, but the brand says too little of the plan."""
    plan, brand = ["a", "b", "c", "d"] * 50, ["Red", "Red", "Blue", "Blue"] * 50
    names, dropped = screen([month_of(plan=plan, brand=brand, tariff=[*plan[:199], "a"])], SETTINGS, NOBODY_ASKED)
    assert names == ("plan", "brand")
    assert dropped == (Dropped("tariff", REDUNDANT, 0.255, "plan", 0.995),)


def test_categories_that_parted_in_one_of_the_months_stay():
    plan = ["a", "b"] * 100
    same, different = (
        month_of(plan=plan, tariff=plan),
        month_of(JANUARY + 1, plan=plan, tariff=[*plan[:190], *["a"] * 10]),
    )
    assert kept(same) == ("plan",)
    assert kept(same, different) == ("plan", "tariff")


def test_of_two_that_say_the_same_the_one_with_the_longer_history_stays():
    """In January nobody knows the longer window, and fewer the shorter one than in February."""
    january = month_of(mean_of_2=[None] * 200, one=[*[None] * 20, *ONE[20:]])
    assert kept(january, month_of(JANUARY + 1, mean_of_2=LIKE_ONE, one=ONE)) == ("one",)


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
