"""The contact book: every contact once, nobody's before the first, and none of a write that was cut short."""

from __future__ import annotations

from pathlib import Path

from features.months import Month
from infra.simulator.contact_book import note, read

AUTUMN = ("13000000002", Month(2025, 10), "autumn", "hall", "usage care")
WINTER = ("13000000001", Month(2025, 12), "winter", "sms", "credit service")


def test_contacts_are_added_and_read_with_their_months(tmp_path: Path) -> None:
    book = tmp_path / "contacts.csv"
    assert len(read(book).rows) == 0
    note(book, [AUTUMN])
    note(book, [WINTER, AUTUMN])
    assert [tuple(map(str, row)) for row in read(book).rows] == [
        ("13000000001", "2025-12", "winter", "sms", "credit service"),
        ("13000000002", "2025-10", "autumn", "hall", "usage care"),
    ]
    assert book.stat().st_mode & 0o777 == 0o600


def test_nobody_to_note_leaves_an_empty_book(tmp_path: Path) -> None:
    note(tmp_path / "contacts.csv", [])
    assert len(read(tmp_path / "contacts.csv").rows) == 0
