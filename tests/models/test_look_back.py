from __future__ import annotations

from pathlib import Path

from features.months import Month
from models.look_back import looks_back, whole_months
from tests.made_operator import deliver, ledger_in, made_months

JANUARY = Month(2025, 1)
FOUR_MONTHS = [JANUARY + step for step in range(4)]


def test_a_window_is_whole_once_all_its_months_are_on_hand():
    assert not looks_back(JANUARY + 1, FOUR_MONTHS, window=3)
    assert looks_back(JANUARY + 2, FOUR_MONTHS, window=3)
    assert looks_back(JANUARY, FOUR_MONTHS, window=1)


def test_an_old_month_does_not_stand_for_those_that_are_missing():
    on_hand = [Month(2024, 1), *FOUR_MONTHS]
    assert not any(looks_back(month, on_hand) for month in FOUR_MONTHS)


def test_a_month_is_whole_when_it_looked_back_at_its_own_close(tmp_path: Path):
    """March came in July: June was worked out without it."""
    ledger = ledger_in(tmp_path / "tables")
    tables = made_months(customers=20, months=9)
    deliver(ledger, tables, [f"2025-0{month}" for month in (1, 2, 4, 5, 6, 7, 8, 9)])
    assert whole_months(ledger, JANUARY + 8) == [Month(2025, 9)]
    deliver(ledger, tables, ["2025-03"], known_since="2025-07")
    assert whole_months(ledger, JANUARY + 8) == [Month(2025, 7), Month(2025, 8), Month(2025, 9)]
    assert whole_months(ledger, JANUARY + 7) == [Month(2025, 7), Month(2025, 8)]
