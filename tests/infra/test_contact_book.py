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


def test_a_number_is_contacted_once_a_month_for_the_first_campaign_in_order(tmp_path: Path) -> None:
    book, sms = tmp_path / "contacts.csv", ("sms", "usage care")
    spring, easter = (("13000000002", Month(2025, 10), name, *sms) for name in ("spring", "easter"))
    assert note(book, [spring, easter, WINTER]) == {"spring": 1}
    assert [row["campaign"] for row in read(book).rows] == ["winter", "easter"]


def test_who_is_in_the_book_stays_in_it(tmp_path: Path) -> None:
    book = tmp_path / "contacts.csv"
    note(book, [AUTUMN])
    assert note(book, [AUTUMN, (*AUTUMN[:2], "art", "sms", "usage care")]) == {"art": 1}
    assert [row["campaign"] for row in read(book).rows] == ["autumn"]
