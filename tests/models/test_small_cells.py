from __future__ import annotations

from typing import Any

from models.small_cells import hide_small, without_small_cells


def part(customers: int, events: int) -> dict[str, Any]:
    return {"rows": customers, "customers": customers, "events": events}


def test_a_part_of_fewer_than_ten_customers_has_no_counts():
    parts = {"a": part(500, 50), "b": part(9, 9), "c": part(300, 30), "d": part(8, 1)}
    hide_small(parts, 10)
    assert parts == {
        "a": part(500, 50),
        "b": dict.fromkeys(("rows", "customers", "events")),
        "c": part(300, 30),
        "d": dict.fromkeys(("rows", "customers", "events")),
    }


def test_a_small_number_of_leavers_is_blank_and_the_customers_stay():
    parts = {"a": part(500, 50), "b": part(400, 3), "c": part(300, 2)}
    hide_small(parts, 10)
    assert [each["customers"] for each in parts.values()] == [500, 400, 300]
    assert [each["events"] for each in parts.values()] == [50, None, None]


def test_one_blank_part_takes_the_smallest_other_with_it():
    """Or the total minus the rest would tell it."""
    parts = {"a": part(500, 50), "b": part(9, 0), "c": part(300, 30)}
    hide_small(parts, 10)
    assert [each["rows"] for each in parts.values()] == [500, None, None]


def test_a_report_keeps_its_totals_and_is_itself_left_alone():
    report = {
        "counts": {"horizon_1": part(900, 5)},
        "slices": {"horizon_1": {"brand": {"a": part(600, 4), "b": part(300, 1)}}},
        "unseen": {"horizon_1": part(4, 0)},
    }
    made = without_small_cells(report, 10)
    assert made["counts"]["horizon_1"] == part(900, 5)
    assert made["slices"]["horizon_1"]["brand"]["a"] == {"rows": 600, "customers": 600, "events": None}
    assert made["unseen"]["horizon_1"] == {"rows": None, "customers": None, "events": None}
    assert report["unseen"]["horizon_1"] == part(4, 0)


def test_a_report_of_nothing_stays_so():
    assert without_small_cells({"notes": ["not tested"]}, 10) == {"notes": ["not tested"]}
