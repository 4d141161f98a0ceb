"""The campaign ledger is written once per campaign and never changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.months import Month
from serving import ServingError
from serving.campaign_ledger import drawn, members, overlapping, record, running, unfinished
from tests.made_operator import ledger_in
from tests.serving.made_campaign import member

SPRING = [
    member("bob", arm="withheld", rank=2),
    member("ann", arm="treated"),
    member("cyd", arm="treated", hall="East"),
]


def test_a_second_draw_of_a_campaign_is_refused_and_changes_nothing(tmp_path: Path):
    warehouse = ledger_in(tmp_path).warehouse
    record(warehouse, SPRING)
    with pytest.raises(ServingError, match=r"^campaign spring: was drawn before and is never drawn again"):
        record(warehouse, [member("ann", arm="withheld")])
    assert warehouse.version("campaign_ledger") == 1
    assert members(warehouse, "spring").select(["customer_id", "arm"]).to_pylist() == [
        {"customer_id": "cyd", "arm": "treated"},
        {"customer_id": "ann", "arm": "treated"},
        {"customer_id": "bob", "arm": "withheld"},
    ]


def test_campaigns_stand_beside_each_other_and_are_told_with_their_counts(tmp_path: Path):
    warehouse = ledger_in(tmp_path).warehouse
    record(warehouse, SPRING)
    record(warehouse, [member("ann", arm="withheld", campaign="autumn", drawn_at="2025-09-05T00:00:00+00:00")])
    assert [(row["campaign"], row["treated"], row["withheld"]) for row in drawn(warehouse)] == [
        ("spring", 2, 1),
        ("autumn", 0, 1),
    ]
    assert members(warehouse, "autumn").num_rows == 1


def test_a_campaign_runs_until_its_outcome_is_complete(tmp_path: Path):
    warehouse = ledger_in(tmp_path).warehouse
    record(warehouse, SPRING)
    assert [running(warehouse, Month(2025, month)).num_rows for month in range(2, 8)] == [0, 3, 3, 3, 0, 0]


@pytest.mark.parametrize(
    ("month", "readout_month", "overlaps"),
    [
        ((2025, 1), (2025, 3), False),
        ((2025, 1), (2025, 4), True),
        ((2025, 4), (2025, 5), True),
        ((2025, 5), (2025, 8), True),
        ((2025, 6), (2025, 9), False),
    ],
)
def test_campaigns_overlap_whichever_came_first(
    tmp_path: Path, month: tuple[int, int], readout_month: tuple[int, int], overlaps: bool
):
    """Spring is of March and complete with June: it has April, May and June."""
    warehouse = ledger_in(tmp_path).warehouse
    record(warehouse, SPRING)
    assert overlapping(warehouse, Month(*month), Month(*readout_month)).num_rows == (3 if overlaps else 0)


def test_a_campaign_is_unfinished_until_the_data_of_its_readout_month_are_on_hand(tmp_path: Path):
    warehouse = ledger_in(tmp_path).warehouse
    record(warehouse, SPRING)
    on_hand = (None, Month(2025, 1), Month(2025, 5), Month(2025, 6))
    assert [unfinished(warehouse, latest).num_rows for latest in on_hand] == [3, 3, 3, 0]


def test_before_the_first_campaign_there_is_nobody(tmp_path: Path):
    warehouse = ledger_in(tmp_path).warehouse
    assert members(warehouse, "spring").num_rows == 0
    assert drawn(warehouse) == []


def test_what_is_unknown_of_a_person_stays_unknown(tmp_path: Path):
    warehouse = ledger_in(tmp_path).warehouse
    record(warehouse, [member("ann", arm="treated", usual_value=None, brand=None), member("bob", arm="withheld")])
    assert members(warehouse, "spring").column("usual_value").null_count == 1
