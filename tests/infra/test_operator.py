"""The simulated operator as a whole: what it hands out, and that it is the same however it is lived."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pytest

from features.contracts import CONTRACTS, contract_of
from features.months import Month
from infra.simulator.lines import phone_number
from infra.simulator.month_of_block import MonthOfBlock
from infra.simulator.operator import about, advance, start
from infra.simulator.outreach import CONTACT, Contacts
from infra.simulator.sending import Sending
from infra.simulator.worlds import WorldError
from tests.infra.lived_operator import FIRST, beginning, day, leavers, lived, rows, usual

DELIVERED = [name for name in CONTRACTS if name not in ("custom_indicators", "outcomes")]


def print_of(months: list[MonthOfBlock]) -> list[str]:
    """A hash of all tables and the truth, month by month."""
    return [
        hashlib.sha256(b"".join(_bytes(table) for table in (*one.tables.values(), one.truth))).hexdigest()
        for one in months
    ]


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def _cell(value: object) -> str:
    """As in a CSV file; a minus before a zero would tell of nothing but rounding."""
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:.2f}"
    return "" if value is None else str(value)


def _told(month: MonthOfBlock, cell: Callable[[object], str] = _cell) -> str:
    """A hash of what stands in all tables and the truth, to two decimals and in no order: no library's layout."""
    told = hashlib.sha256()
    for name, table in sorted({**month.tables, "truth": month.truth}.items()):
        lines = sorted(",".join(map(cell, row.values())) for row in table.to_pylist())
        told.update("\n".join([name, ",".join(table.column_names), *lines, ""]).encode())
    return told.hexdigest()[:16]


def _word(value: object) -> str:
    """A cell that holds a number told as such; words, dates, flags and what is missing as they are."""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else _cell(value)


def _size(month: MonthOfBlock) -> float:
    """All numbers in one, on a scale of logarithms on which no column outweighs the others."""
    tables = (pl.DataFrame(table).select(cs.numeric().abs().log1p()) for table in (*month.tables.values(), month.truth))
    return float(sum(np.nansum(table.to_numpy()) for table in tables))


@pytest.mark.parametrize("table", DELIVERED)
def test_every_table_keeps_its_contract(table: str) -> None:
    for one in usual():
        rows = pl.DataFrame(one.tables[table])
        assert rows.columns == list(contract_of(table).columns())
        assert contract_of(table).schema.filter(rows, cast=True)[1].counts() == {}


def test_months_lived_one_after_the_other_are_those_lived_at_once(tmp_path: Path) -> None:
    at_once = lived(beginning(), months=5)
    in_turn: list[MonthOfBlock] = []
    start(tmp_path, beginning(), months=3, write=in_turn.append)
    assert about(tmp_path) == (about(tmp_path)[0], FIRST + 2)
    assert advance(tmp_path, write=in_turn.append, months=2) == [FIRST + 3, FIRST + 4]
    assert print_of(in_turn) == print_of(at_once)


def test_the_usual_world_lives_as_when_it_was_frozen() -> None:
    first = lived(beginning(customers=200), months=1)[0]
    assert _told(first) == "0833925a0fede5fd", (
        "people of the usual world live otherwise than before: if that is meant, write an entry in docs/decisions.md "
        "with all goals before and after, and renew this hash; if nothing was changed, this processor rounds otherwise"
    )


def test_a_world_full_of_changes_and_contacts_lives_on_as_when_it_was_frozen(tmp_path: Path) -> None:
    """All that is scheduled comes to pass, the tariff reform in the second of two months lived on their own.

    Numbers are told by their size alone: in 13 months a few are rounded otherwise on a processor without AVX2.
    """
    contacts = half_of_all_called()
    months: list[MonthOfBlock] = []
    start(tmp_path, beginning("changing", customers=200), months=11, write=months.append, contacts=contacts)
    for _ in range(2):
        advance(tmp_path, write=months.append, contacts=contacts)
    otherwise = "people live otherwise than before, from the first month that differs on: see the test above"
    assert " ".join(_told(month, _word)[:4] for month in months) == (
        "6e52 8588 e3cd 50c0 f640 a8e8 faf1 efa9 e916 33f0 2098 ae2f e47f"
    ), otherwise
    sizes = [27696.02, 27829.58, 28141.75, 26896.42, 28854.37, 30190.55, 29154.72, 28712.03, 28154.26, 28174.13]
    sizes += [28306.93, 28226.92, 28193.2]
    assert [_size(month) for month in months] == pytest.approx(sizes, abs=0.05), otherwise


def half_of_all_called() -> Contacts:
    """Every second of 200 numbers, twice early on, so that the second contact tires some, and twice late."""
    waves = ((4, "hotline", "family network"), (5, "sms", "free trial"), (11, "hall", "VIP forum"), (12, "app", "care"))
    return Contacts(
        np.array(
            [
                (number, np.datetime64(str(FIRST + step), "M"), f"campaign {step}", channel, plan)
                for step, channel, plan in waves
                for number in phone_number(np.arange(0, 200, 2))
            ],
            CONTACT,
        )
    )


def test_another_seed_is_another_life() -> None:
    assert print_of(lived(beginning(seed=2), months=1)) != print_of(lived(beginning(seed=1), months=1))


@pytest.mark.slow
def test_the_number_of_workers_changes_no_byte(tmp_path: Path) -> None:
    two_blocks = beginning(customers=65_536 + 300)
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        start(folder, two_blocks, months=1, write=Sending(folder / "extracts", folder / "truth"), workers=workers)
    files = sorted(path.relative_to(tmp_path / "1") for path in (tmp_path / "1").rglob("*.*"))
    assert len({file.name.split("_")[-1] for file in files if file.parts[0] == "extracts"}) == 2
    for file in files:
        assert (tmp_path / "1" / file).read_bytes() == (tmp_path / "2" / file).read_bytes(), file


def test_a_month_that_broke_can_be_lived_again(tmp_path: Path) -> None:
    start(tmp_path, beginning(), months=2, write=lambda month: None)

    def fails(month: MonthOfBlock) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        advance(tmp_path, write=fails)
    after: list[MonthOfBlock] = []
    assert advance(tmp_path, write=after.append) == [FIRST + 2]
    assert print_of(after) == print_of(lived(beginning(), months=3))[2:]


def test_where_no_operator_lives_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no operator lives here; start one first"):
        about(tmp_path)


def test_nobody_who_stays_is_silent_for_two_months() -> None:
    months = usual()
    activity = rows(months, "usage").join(
        rows(months, "bills").select("customer_id", "month", "amount"), ["customer_id", "month"]
    )
    silent = activity.filter((pl.col("voice_out_minutes") <= 0) & (pl.col("data_mb") <= 0) & (pl.col("amount") <= 0))
    run = silent.with_columns(month=pl.col("month").dt.offset_by("1mo")).join(silent, ["customer_id", "month"])
    still_here = rows(months, "truth").filter(pl.col("left").is_null() & (pl.col("month") == day(5)))
    assert set(run["customer_id"]) & set(still_here["customer_id"]) == set()
    assert run.height > 0


def test_a_silent_number_stays_active_on_the_books_and_a_closed_one_for_two_months() -> None:
    months = usual()
    went = leavers(months).filter(pl.col("month") == day(1))["customer_id"].to_list()
    books = rows(months, "customers").filter(pl.col("customer_id").is_in(went))
    by_status = {
        status: books.filter(pl.col("customer_id") == customer).sort("month")["status"].to_list()
        for customer in went
        for status in books.filter((pl.col("customer_id") == customer) & (pl.col("month") == day(1)))["status"]
    }
    assert by_status["active"] == ["active", "active", "active", "active", "closed", "closed"]
    assert by_status["closed"] == ["active", "closed", "closed", "closed"]
    assert by_status["ported_out"] == ["active", "ported_out", "ported_out", "ported_out"]


def test_customers_come_and_go_and_remain_as_many() -> None:
    sizes = rows(usual(customers=20_000, months=8), "truth").group_by("month").len().sort("month")["len"].to_list()
    assert sizes[-1] / sizes[0] == pytest.approx(1, abs=0.03)


def test_months_are_asked_for_in_order() -> None:
    assert [one.month for one in usual()] == [Month(2025, month) for month in range(1, 7)]
