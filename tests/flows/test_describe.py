from __future__ import annotations

from pathlib import Path

import pytest

from features import HoldfastError
from features.contracts import CONTRACTS
from flows.describe import described, show_described
from flows.describe_pages import page
from tests.flows.conftest import holdfast


def test_every_contract_table_is_in_the_dictionary():
    assert {row["table"] for row in described(None)["tables"]} == set(CONTRACTS)


@pytest.mark.parametrize("table", CONTRACTS)
def test_every_column_of_a_contract_has_a_meaning_and_a_sensitivity(table: str):
    columns = described(table)["columns"]
    assert [row["column"] for row in columns] == list(CONTRACTS[table].columns())
    assert [row["column"] for row in columns if not (row["meaning"] and row["sensitivity"])] == []


def test_every_date_says_when_it_is_known():
    dates = [row for table in CONTRACTS for row in described(table)["columns"] if row["unit"] == "date"]
    assert dates
    assert {row["known"] for row in dates} <= {"in advance", "when it happens"}


def test_an_indicator_is_told_with_angle_unit_meaning_and_window():
    indicators = described("indicators")["indicators"]
    assert len(indicators) > 100
    assert len({row["name"] for row in indicators}) == len(indicators)
    told = [row["meaning"] and row["angle"] and row["window"] for row in indicators]
    assert all(told)
    assert {row["kind"] for row in indicators if not row["unit"]} == {"category"}


def test_an_unknown_name_is_an_error_that_offers_what_is_near_it_or_lists_the_tables():
    with pytest.raises(HoldfastError, match=r"^'tenure_month' is neither .*; did you mean tenure_months\? \("):
        described("tenure_month")
    with pytest.raises(HoldfastError, match=r"^'zzz' is neither") as problem:
        described("zzz")
    assert all(table in str(problem.value) for table in CONTRACTS)


def test_one_indicator_is_told_by_its_name(capsys: pytest.CaptureFixture[str]):
    show_described(described("tenure_months"))
    assert capsys.readouterr().out.splitlines()[:4] == [
        "name: tenure_months",
        "angle: products and life cycle",
        "unit: months",
        "meaning: Full months since the customer's first day on net.",
    ]


def test_one_indicator_is_a_page_too():
    told = page("tenure_months")
    assert told.startswith("## products and life cycle\n")
    assert "| `tenure_months` | Full months since the customer's first day on net. |" in told


@pytest.mark.parametrize("what", [None, "bills", "indicators"])
def test_what_was_asked_for_is_shown(what: str | None, capsys: pytest.CaptureFixture[str]):
    show_described(described(what))
    said = capsys.readouterr().out
    assert {None: "plan_periods", "bills": "amount", "indicators": "custom_indicators"}[what] in said


def test_the_dictionary_needs_no_home_and_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    answer = holdfast("describe", "bills", "--json")
    assert answer.code == 0
    assert answer.json["table"]["table"] == "bills"
    assert list(tmp_path.iterdir()) == []
