from __future__ import annotations

import datetime as dt

import pytest

from features.months import Month
from flows.period import month_just_closed


def test_a_run_due_on_the_fifth_works_on_the_month_before():
    due = dt.datetime(2026, 3, 4, 22, 0, tzinfo=dt.UTC)  # 06:00 on the 5th in Shanghai
    assert month_just_closed(due, "Asia/Shanghai") == Month(2026, 2)


def test_the_month_is_the_operator_s_and_not_the_server_s():
    due = dt.datetime(2026, 2, 28, 22, 0, tzinfo=dt.UTC)  # the 1st of March in Shanghai, February in London
    assert month_just_closed(due, "Asia/Shanghai") == Month(2026, 2)
    assert month_just_closed(due, "Europe/London") == Month(2026, 1)


def test_january_works_on_december():
    assert month_just_closed(dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC), "UTC") == Month(2025, 12)


def test_a_time_that_names_no_zone_names_no_month():
    with pytest.raises(ValueError, match="time zone"):
        month_just_closed(dt.datetime(2026, 1, 5, 6), "UTC")  # noqa: DTZ001 - that is the point
