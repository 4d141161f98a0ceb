from __future__ import annotations

from typing import Any

from models.small_cells import counted, hide_small, without_small_cells


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
    parts = {"a": part(500, 50), "b": part(400, 7), "c": part(300, 6)}
    hide_small(parts, 10)
    assert [each["customers"] for each in parts.values()] == [500, 400, 300]
    assert [each["events"] for each in parts.values()] == [50, None, None]


def test_one_blank_part_takes_another_with_it_however_many_rows_it_has():
    parts = {"a": part(500, 50), "b": {"rows": 54, "customers": 9, "events": 0}, "c": part(300, 30)}
    hide_small(parts, 10)
    assert [each["rows"] for each in parts.values()] == [500, None, None]


def test_blank_parts_are_no_small_cell_together():
    """Or the total minus the rest would tell of their five leavers."""
    parts = {"a": part(500, 50), "b": part(400, 3), "c": part(300, 2), "d": part(600, 40)}
    hide_small(parts, 10)
    assert [each["events"] for each in parts.values()] == [50, None, None, None]


def test_one_blank_part_takes_the_smallest_other_with_it():
    """Or the total minus the rest would tell it."""
    parts = {"a": part(500, 50), "b": part(9, 0), "c": part(300, 30)}
    hide_small(parts, 10)
    assert [each["rows"] for each in parts.values()] == [500, None, None]


def judged(customers: int, events: int) -> dict[str, Any]:
    """A part with the lift of a model that found nine of its leavers in the first tenth, and what it is ahead by."""
    lift = {"value": 10 * 9 / events, "low": 2.0, "high": 6.0}
    figures = {"top_decile_lift": lift, "auc": {"value": 0.8, "low": 0.7, "high": 0.9}}
    return part(customers, events) | {"metrics": {"model": figures}, "differences": {"bills": dict(figures)}}


def test_metrics_go_with_the_counts_that_they_would_give_back():
    """51 leavers in all and 28 of Easyown leave 23 for the others: 10 x 9/19 would tell that 4 are GoTone's."""
    parts = {"GoTone": judged(500, 4), "M-Zone": judged(700, 19), "Easyown": judged(900, 28)}
    hide_small(parts, 10)
    assert [each["events"] for each in parts.values()] == [None, None, 28]
    for name in ("GoTone", "M-Zone"):
        shown = [*parts[name]["metrics"].values(), *parts[name]["differences"].values()]
        values = {figure[key] for figures in shown for figure in figures.values() for key in ("value", "low", "high")}
        assert values == {None}
        assert parts[name]["metrics"]["model"]["auc"]["note"] == "not enough data"
    assert parts["Easyown"] == judged(900, 28)


def test_few_leavers_among_customers_never_seen_have_no_metrics():
    made = without_small_cells({"unseen": {"horizon_1": judged(400, 9)}}, 10)["unseen"]["horizon_1"]
    assert (made["customers"], made["events"]) == (400, None)
    assert made["metrics"]["model"]["top_decile_lift"]["value"] is None


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


def test_nobody_and_ten_are_told_and_those_between_are_too_few():
    assert [counted(customers) for customers in (0, 1, 9, 10)] == [0, "fewer than 10", "fewer than 10", 10]
