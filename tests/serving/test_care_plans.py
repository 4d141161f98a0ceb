"""Which care plan is offered to whom: the first rule that fits."""

from __future__ import annotations

from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from flows.campaign_steps import CARE_PLANS
from serving import ServingError
from serving.care_plans import read_rules, with_plans
from tests.drawn import table

RULES = """
[[rule]]
band = "alert"
payment_type = "postpaid"
plan = "contract renewal"
channel = "hall"
[[rule]]
brand = "GoTone"
plan = "credit service"
channel = "hotline"
[[rule]]
plan = "usage care"
channel = "sms"
"""
CUSTOMERS = """
    customer_id  band         brand   payment_type
    ann          alert        GoTone  postpaid
    bob          alert        GoTone  prepaid
    cyd          pre-warning  M-Zone  postpaid
    dan          alert        -       -
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "plans.toml"
    file.write_text(text)
    return file


def test_the_first_rule_whose_conditions_all_hold_gives_the_plan_and_the_channel(tmp_path: Path):
    rules = read_rules(written(tmp_path, RULES))
    found = with_plans(nw.from_native(table(CUSTOMERS, brand=pl.String), eager_only=True), rules).to_native()
    assert found.select("customer_id", "plan", "channel").rows() == [
        ("ann", "contract renewal", "hall"),
        ("bob", "credit service", "hotline"),
        ("cyd", "usage care", "sms"),
        ("dan", "usage care", "sms"),
    ]


def test_the_shipped_rules_give_everybody_a_plan():
    rules = read_rules(CARE_PLANS)
    found = with_plans(nw.from_native(table(CUSTOMERS), eager_only=True), rules).to_native()
    assert found.select(pl.col("plan", "channel").null_count()).row(0) == (0, 0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the last rule and no other must fit everybody"),
        ('[[rule]]\nband = "alert"\nplan = "a"\nchannel = "b"', "the last rule and no other must fit everybody"),
        ('[[rule]]\nplan = "a"\nchannel = "b"\n' * 2, "the last rule and no other must fit everybody"),
        ('[[rule]]\nplan = "a"', "rule 1: channel is missing; add it"),
        (
            '[[rule]]\nplan = "a"\nchannel = "b"\ntenure = "c"',
            "rule 1: tenure = 'c'; write text in quotes for one of band",
        ),
        ('[[rule]]\nplan = 3\nchannel = "b"', "rule 1: plan = 3; write text in quotes"),
        ("[[rule", "cannot be read"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_the_file_and_the_remedy(tmp_path: Path, text: str, problem: str):
    file = written(tmp_path, text)
    with pytest.raises(ServingError) as refused:
        read_rules(file)
    assert str(refused.value).startswith(f"care plans {file}: {problem}")


def test_a_missing_file_is_an_error_in_one_line(tmp_path: Path):
    with pytest.raises(ServingError, match=r"^care plans .*none.toml: cannot be read: .*; mend the file$"):
        read_rules(tmp_path / "none.toml")
