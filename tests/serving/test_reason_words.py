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
        ("event_complaint_begun_3", 0, "no severe complaints in the last three months"),
        ("event_complaint_begun_3", None, "severe complaints: unknown in the last three months"),
        (
            "event_competitor_call_seconds_3",
            95,
            "seconds of calls to a competitor's service line: 95 in the last three months",
        ),
        (
            "event_competitor_call_long_3",
            0,
            "no days with calls to a competitor's service line of more than a minute in the last three months",
        ),
        ("event_forwarding_open", 1, "forwardings to a competitor: 1 in force at the month's end"),
        ("event_complaint_months_since", 0, "severe complaints, in the latest month"),
        ("event_complaint_months_since", 1, "severe complaints, most recently 1 month ago"),
        ("event_complaint_months_since", NAN, "no severe complaints known in the last six months"),
        (
            "event_stop_days_3",
            12,
            "days under suspensions and stops of any kind: 12 in the last three months",
        ),
        ("event_competitor_begun_1", 0, "no signs of a competitor in the latest month"),
        (
            "event_competitor_months_since",
            2,
            f"{COMPETITOR}, most recently 2 months ago",
        ),
        (
            "usage_off_net_share_change_3",
            0.1,
            "the share of minutes to other operators up by 10 % from the two months before to the latest",
        ),
        ("contact_complaint_months_since", 2, "number of complaints last above zero 2 months ago"),
        ("contact_complaint_months_since", None, "number of complaints: none known in the last six months"),
        ("contact_digital_share_3", 0.25, "25 % of the last three months' contacts were digital"),
        (
            "bill_payment_delay_mean_3",
            12,
            "delay of payment after the due date 12 days a month over the last three months",
        ),
        ("contract_in_force", 0, "no contracts in force at the month's end"),
        ("contract_days_to_end", -20, "contract ended 20 days ago"),
        ("contract_months_since_start", 3, "the newest contract in force began 3 months ago"),
        ("contract_penalty", 200, "what leaving at the month's end would cost the customer: 200.00 CNY"),
        ("contract_bill_vs_expected", 2.34, "latest bill 2.3 times the expected"),
        ("contract_far_beyond_3", 2, "the bill was more than twice the expected spend in 2 of the last three months"),
        (
            "plan_minutes_used_3",
            1.4,
            "usual minutes of the last three months against what the plan includes: 140 %",
        ),
        (
            "plan_saving",
            None,
            "what the cheapest plan of the brand on sale would have saved a month: unknown",
        ),
        ("plan_on_sale", 0, "the present plan can still be chosen by new customers: no"),
        ("device_price_band", 3, "price band of the handset: high"),
        ("device_brand", "Nokia", "brand of the handset: Nokia"),
        ("device_months_in_use", 30, "the handset was first seen 30 months ago"),
        ("circle_competitor_share", 0.4, "40 % of the circle's minutes with people on a large competitor's network"),
        ("circle_size_change_3", -4, "the size of the calling circle down by 4 in three months"),
        ("account_closed_user_group", 1, "the number is in a closed user group: yes"),
        (
            "survey_overall_6",
            3.5,
            "overall satisfaction on average over the answers of six months, from 0 to 10: 3.5 points",
        ),
        ("survey_months_since", 0, "the customer last answered a survey in the latest month"),
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
    assert topic("usage_on_net_ratio_3") == topic("usage_voice_in_share_3")
    assert topic("plan_current") == topic("plan_id") == topic("event_plan_change_begun_6")
    assert topic("event_stop_open") == topic("suspended") == topic("event_arrears_stop_open")
    assert (
        topic("event_competitor_call_long_3") == topic("usage_competitor_mean_3") == topic("event_second_sim_begun_3")
    )
    assert topic("contract_bill_vs_expected") == topic("plan_saving") != topic("contract_penalty")
    assert topic("bill_amount_last") != topic("usage_voice_out_last") != topic("event_competitor_begun_3")


def test_amounts_of_a_source_without_currency_have_none():
    assert wordings((), "XXX")["bill_amount_last"].say(58.3) == "bill 58.30 in the latest month"
