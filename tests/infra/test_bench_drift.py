from __future__ import annotations

from features.months import Month
from infra.benchmarks.scheduled_changes import CHANGING, FIRST, TRAINED, MonthJudged, in_a_row, summary
from infra.simulator.worlds import read_world


def judged(change: str, verdict: str) -> MonthJudged:
    reasons = ("the score is stable: PSI 0.004", "1 of 180 indicators jumped since the month before: bill (PSI 7.20)")
    return MonthJudged(201, Month(2025, 9), change, verdict, reasons)


def test_the_last_line_counts_changes_and_false_flags():
    months = [judged("season", "drifted"), judged("app_hall", "ok"), judged("price_war", "watch")]
    quiet = [judged("", "ok"), judged("", "watch"), judged("", "not enough data")]
    assert summary([*months, *quiet]) == (
        "2 of 3 changes flagged in their month (goal: all), 1 false flags in 2 quiet months "
        "(goal: at most one in twelve), 1 not judged\n0 of 2 goals met"
    )


def test_all_changes_flagged_and_one_false_flag_in_twelve_meet_the_goals():
    quiet = [judged("", "watch"), *[judged("", "ok")] * 11]
    assert summary([judged("season", "watch"), *quiet]).endswith("\n2 of 2 goals met")
    assert summary([judged("season", "watch"), *quiet[:-1]]).endswith("\n1 of 2 goals met")
    assert summary([judged("season", "not enough data"), *quiet]).endswith("\n1 of 2 goals met")
    assert summary([judged("", "not enough data")]).endswith("\n0 of 2 goals met")


def test_a_row_tells_what_jumped():
    assert in_a_row(judged("season", "watch")).split(maxsplit=4) == [
        "201",
        "2025-09",
        "season",
        "watch",
        "1 of 180 indicators jumped since the month before: bill (PSI 7.20)",
    ]


def test_every_kind_of_change_comes_after_the_training():
    changes = {world: read_world(world).changes for world in CHANGING}
    assert {change.kind for some in changes.values() for change in some} == set(CHANGING)
    assert all(FIRST + change.month > TRAINED for some in changes.values() for change in some)
