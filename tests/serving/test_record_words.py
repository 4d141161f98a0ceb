from __future__ import annotations

import pytest

from features import customer_record, plan_periods
from serving.record_words import RECORD


@pytest.mark.parametrize(
    ("indicator", "value", "words"),
    [
        ("tenure_months", 1, "on net for 1 month"),
        ("tenure_months", 7, "on net for 7 months"),
        ("tenure_months", None, "first day on net unknown"),
        ("age_years", 24, "24 years old"),
        ("days_to_contract_end", -23, "contract ended 23 days ago"),
        ("days_to_contract_end", -1, "contract ended 1 day ago"),
        ("days_to_contract_end", -59, "contract ended 2 months ago"),
        ("days_to_contract_end", 0, "contract ends on the month's last day"),
        ("days_to_contract_end", 31, "contract ends in 31 days"),
        ("days_to_contract_end", 365, "contract ends in 12 months"),
        ("days_to_contract_end", float("nan"), "no end of a contract on record"),
        ("suspended", 1, "number suspended at the month's end"),
        ("suspended", 0, "number not suspended at the month's end"),
        ("suspended_share_6", 0.34, "suspended at 34 % of the month's ends of the last six months"),
        ("suspended_share_6", 0, "suspended at no month's end of the last six months"),
        ("months_known_6", 4, "on record in 4 of the last six months"),
        ("payment_type", "prepaid", "pays prepaid"),
        ("plan_current", "Blue 20", "on plan Blue 20"),
        ("dealer", None, "selling dealer unknown"),
        ("prefecture", "克拉玛依", "belongs to 克拉玛依"),
        ("plan_months_on_current", 14, "on the present plan for 14 months"),
        ("plan_begun_6", 2, "tariff plans begun: 2 in the last six months"),
        ("plan_ended_6", 0, "no tariff plan ended in the last six months"),
        ("plan_ended_6", None, "tariff plan ended: unknown in the last six months"),
    ],
)
def test_the_value_is_said_in_words(indicator: str, value: float | str | None, words: str):
    assert RECORD[indicator][1](value) == words


def test_every_indicator_of_record_and_plans_has_words():
    indicators = (*customer_record.catalogue(), *plan_periods.catalogue())
    assert set(RECORD) == {indicator.name for indicator in indicators}
