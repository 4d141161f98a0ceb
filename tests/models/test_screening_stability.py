from __future__ import annotations

from models.business_list import BusinessList
from models.screening import ScreeningSettings
from models.screening_stability import jaccard, stability
from tests.models.made_indicators import JANUARY, month_of, noise


def test_each_month_alone_is_compared_with_the_one_before_and_with_the_result():
    one, other = noise(1), noise(2)
    months = [month_of(one=one, six=one, other=other), month_of(JANUARY + 1, one=one, six=noise(3), other=other)]
    found = stability(months, ScreeningSettings(), BusinessList(), ("one", "six", "other"))
    assert found.months == (
        {
            "month": "2025-01",
            "customers": 200,
            "judged": 3,
            "kept": 2,
            "like the month before": None,
            "like the result": 0.666667,
        },
        {
            "month": "2025-02",
            "customers": 200,
            "judged": 3,
            "kept": 3,
            "like the month before": 0.666667,
            "like the result": 1.0,
        },
    )
    assert found.months_kept == {"one": 2, "six": 1, "other": 2}
    assert found.mean_jaccard == 0.666667


def test_a_window_that_fills_is_no_wavering():
    months = [
        month_of(one=noise(1), mean_of_2=noise(1)),
        month_of(JANUARY + 1, one=noise(1), mean_of_2=noise(3)),
    ]
    found = stability(months, ScreeningSettings(), BusinessList(), ("one", "mean_of_2"))
    told = [(month["judged"], month["kept"], month["like the result"]) for month in found.months]
    assert told == [(1, 1, 1), (2, 2, 1)]
    assert found.mean_jaccard == 1
    assert (found.months_kept, found.months_judged) == ({"one": 2, "mean_of_2": 1}, {"one": 2, "mean_of_2": 1})
    assert found.whole_from == "2025-02"


def test_of_a_single_month_there_is_no_stability():
    found = stability([month_of(one=noise(1))], ScreeningSettings(), BusinessList(), ("one",))
    assert found.mean_jaccard is None


def test_jaccard_is_what_both_have_over_what_either_has():
    assert jaccard(("a", "b"), ("b", "c")) == 0.333333
    assert jaccard((), ()) == 1
