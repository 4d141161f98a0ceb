"""Topics: every measure and group of events has one, whether listed, by its beginning, or its own name."""

from __future__ import annotations

import pytest

from features.feature_table import catalogue
from serving.reason_words import wordings
from serving.topics import BEGINNINGS, TOPICS, topic_of


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("bill_plan_fee", "bill"),
        ("contract_bill_vs_expected_3", "plan fit"),
        ("contract_penalty", "contract"),
        ("circle_left_3", "circle"),
        ("fault", "fault"),
    ],
)
def test_the_topic_is_looked_up_or_told_by_the_beginning(name: str, topic: str):
    assert topic_of(name) == topic


def test_every_beginning_and_every_listed_name_is_used():
    names = {indicator.name for indicator in catalogue(())}
    assert [start for start in BEGINNINGS if not any(name.startswith(f"{start}_") for name in names)] == []
    used = {wording.topic for wording in wordings((), "CNY").values()}
    assert set(TOPICS.values()) <= used
