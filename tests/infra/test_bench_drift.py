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
    told = "2 of 3 changes flagged in their month, 1 false flags in 3 quiet months"
    assert summary([*months, *quiet]) == told


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
