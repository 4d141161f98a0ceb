from __future__ import annotations

import datetime as dt

import pytest

from features import FeaturesError
from features.months import Month, months_between


@pytest.mark.parametrize("text", ["1990-01", "2017-08", "2100-12"])
def test_a_month_is_read_and_written_alike(text: str):
    assert str(Month.parse(text)) == text


@pytest.mark.parametrize("text", ["", "2017", "2017-8", "17-08", "2017-08-01", "2017/08", " 2017-08", "2017-08\n"])
def test_what_is_no_month_is_refused_with_an_example(text: str):
    with pytest.raises(FeaturesError, match=r"is not a month; write it as YYYY-MM, for example 2017-08$"):
        Month.parse(text)


@pytest.mark.parametrize("text", ["2017-00", "2017-13", "1989-12", "2101-01"])
def test_a_month_out_of_range_is_refused_with_the_range(text: str):
    with pytest.raises(FeaturesError, match=f"^month {text} is out of range; give one from 1990-01 to 2100-12$"):
        Month.parse(text)


@pytest.mark.parametrize(
    ("month", "moved", "result"),
    [("2017-11", 1, "2017-12"), ("2017-11", 2, "2018-01"), ("2017-11", 14, "2019-01"), ("2017-01", -1, "2016-12")],
)
def test_months_are_added_across_years(month: str, moved: int, result: str):
    assert str(Month.parse(month) + moved) == result
    assert str(Month.parse(month) - -moved) == result


def test_months_are_ordered_and_counted():
    march, january = Month(2017, 3), Month(2018, 1)
    assert march < january
    assert march.until(january) == 10
    assert january.until(march) == -10


def test_the_last_day_knows_leap_years():
    assert (Month(2016, 2).first_day, Month(2016, 2).last_day) == (dt.date(2016, 2, 1), dt.date(2016, 2, 29))
    assert Month(2017, 2).last_day == dt.date(2017, 2, 28)


def test_months_between_include_both_ends():
    assert list(map(str, months_between(Month(2017, 11), Month(2018, 1)))) == ["2017-11", "2017-12", "2018-01"]
    assert list(months_between(Month(2017, 11), Month(2017, 10))) == []
