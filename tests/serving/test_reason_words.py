from __future__ import annotations

import pytest

from features.custom_indicators import CustomName
from features.feature_table import catalogue
from serving.reason_words import wordings

CUSTOM = (CustomName("fun_score"), CustomName("card", "category"))
WORDS = wordings(CUSTOM, "CNY")
NAN = float("nan")
COMPETITOR = "signs of a competitor (calls to its service line, forwarding to its numbers, a second SIM)"


@pytest.mark.parametrize(
    ("indicator", "value", "words"),
    [
        ("bill_amount_ratio_3", 0.38, "bill down 62 % against the two months before"),
        ("bill_amount_ratio_3", 1.38, "bill up 38 % against the two months before"),
        ("bill_amount_ratio_6", 0.5, "bill down 50 % against the five months before"),
        ("bill_amount_ratio_3", 1.001, "bill unchanged against the two months before"),
        ("bill_amount_ratio_3", 0.0, "bill fell to zero against the two months before"),
        ("bill_amount_ratio_3", 4.2, "bill 4.2 times that of the two months before"),
        ("bill_amount_ratio_3", -0.5, "bill turned from charge to credit, or back, against the two months before"),
        ("bill_amount_ratio_3", None, "bill: too little of it, or too little known, in the last three months"),
        ("bill_amount_last", 58.3, "bill 58.30 CNY in the latest month"),
        ("bill_amount_last", -5, "bill -5.00 CNY in the latest month"),
        ("bill_amount_last", 0, "bill zero in the latest month"),
        ("bill_amount_last", NAN, "bill: too little known of the latest month"),
        ("bill_amount_mean_6", 1234.5, "bill 1,234.50 CNY a month over the last six months"),
        ("bill_amount_change_1", -20, "bill down by 20.00 CNY from the month before"),
        ("bill_amount_change_1", 20, "bill up by 20.00 CNY from the month before"),
        ("bill_amount_change_1", 0, "bill the same as in the month before"),
        ("bill_amount_slope_3", -3.2, "bill falling by 3.20 CNY a month over the last three months"),
        ("bill_amount_slope_6", 3.2, "bill rising by 3.20 CNY a month over the last six months"),
        ("bill_amount_slope_6", -0.001, "bill level over the last six months"),
        ("bill_amount_variability_3", 0.23, "bill varied by 23 % around its mean over the last three months"),
        ("bill_amount_variability_3", 0, "bill the same in each of the last three months"),
        ("bill_amount_silent_6", 0.5, "bill zero in 50 % of the last six months"),
        ("bill_amount_silent_3", 0, "bill never zero in the last three months"),
        ("bill_amount_silent_3", 1, "bill zero all the time in the last three months"),
        ("bill_amount_steepest_fall_6", 40, "bill fell by 40.00 CNY from one month to the next in the last six months"),
        ("bill_amount_steepest_fall_6", 0, "bill never fell in the last six months"),
        ("usage_voice_out_last", 81.4, "outgoing call time 81 minutes in the latest month"),
        ("usage_voice_out_last", 1.25, "outgoing call time 1.2 minutes in the latest month"),
        ("usage_sms_mean_3", 4.5, "short messages sent 4.5 a month over the last three months"),
        ("usage_data_last", 300, "data volume 300 MB in the latest month"),
        ("bill_plan_fee_share_3", 0.22, "the plan's fixed fee: 22 % of the last three months' bills"),
        ("bill_plan_fee_share_3", None, "the plan's fixed fee: share unknown"),
        ("usage_off_net_share_3", 0.8, "80 % of the last three months' outgoing minutes went to other operators"),
        ("event_complaint_begun_3", 2, "severe complaints: 2 in the last three months"),
        ("event_complaint_begun_6", 0, "no severe complaints in the last six months"),
        ("event_complaint_begun_6", None, "severe complaints: unknown in the last six months"),
        ("event_complaint_months_since", 0, "severe complaints, in the latest month"),
        ("event_complaint_months_since", 1, "severe complaints, most recently 1 month ago"),
        ("event_complaint_months_since", NAN, "no severe complaints known in the last six months"),
        (
            "event_own_suspension_days_3",
            12,
            "days under suspensions at the customer's own wish: 12 in the last three months",
        ),
        ("event_competitor_begun_1", 0, "no signs of a competitor in the latest month"),
        (
            "event_competitor_months_since",
            2,
            f"{COMPETITOR}, most recently 2 months ago",
        ),
        ("custom_fun_score_last", 1.5, "fun score: 1.5 in the latest month"),
        ("custom_fun_score_last", None, "fun score: unknown"),
        ("custom_fun_score_change_1", -2, "fun score down by 2 from the month before"),
        ("custom_fun_score_mean_3", 2, "fun score: 2 on average over three months"),
        ("custom_card_last", "gold", "card: gold in the latest month"),
        ("custom_card_last", None, "card: unknown"),
    ],
)
def test_the_value_is_said_in_words(indicator: str, value: float | str | None, words: str):
    assert WORDS[indicator].say(value) == words


@pytest.mark.parametrize("value", [None, NAN, 0.0, 1.0, -1.0, 0.5, 7.25, 1e9])
def test_every_indicator_has_words_that_show_no_column_and_no_nonsense(value: float | None):
    for indicator in catalogue(CUSTOM):
        given = value if indicator.kind == "number" else None if value is None else "Blue"
        said = WORDS[indicator.name].say(given)
        assert said
        assert "_" not in said
        assert "nan" not in said.split()
        assert "None" not in said


def test_no_direction_is_said_of_what_is_unknown():
    directions = {"up", "down", "rising", "falling", "fell"}
    for indicator in catalogue(CUSTOM):
        assert not directions & set(WORDS[indicator.name].say(None).split()), indicator.name


def test_windows_of_one_measure_and_what_says_the_same_are_one_topic():
    def topic(indicator: str) -> str:
        return WORDS[indicator].topic

    assert topic("bill_amount_ratio_3") == topic("bill_amount_slope_6") == topic("bill_plan_fee_last")
    assert topic("usage_on_net_last") == topic("usage_voice_in_share_3")
    assert topic("plan_current") == topic("plan_id") == topic("event_plan_change_begun_1")
    assert topic("event_stop_open") == topic("suspended") == topic("event_arrears_stop_days_3")
    assert topic("bill_amount_last") != topic("usage_voice_out_last") != topic("event_competitor_begun_3")


def test_amounts_of_a_source_without_currency_have_none():
    assert wordings((), "XXX")["bill_amount_last"].say(58.3) == "bill 58.30 in the latest month"
