"""The simulated operator's extracts, brought by its mapping to the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import infra
from features.contracts import CONTRACTS
from features.months import Month
from features.sources import OpenExtract, load_source, open_extract
from infra.simulator.contacts import CONTACT, Contacts
from infra.simulator.small_operator import simulate

SOURCES = Path(infra.__file__).parent / "sources"
LIVES = ["customers", "bills", "usage", "plan_periods", "service_events"]
TABLES = [*LIVES, "responses"]
LAST = Month(2025, 2)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenExtract]:
    home = tmp_path_factory.mktemp("home")
    contacted = [(number, np.datetime64(str(LAST)), "spring", "hall", "usage care") for number in _numbers(50)]
    contacts = Contacts(np.array(contacted, CONTACT))
    simulate(home / "extract", first=Month(2024, 12), customers=2_000, months=3, contacts=contacts)
    source = load_source("simulated_operator", SOURCES)
    limits = {"buckets": 1, "threads": 1, "memory_gb": 1.0}
    with open_extract(source, home / "extract", staging=home / "staging", key=b"k" * 32, **limits) as extract:  # type: ignore[arg-type]
        yield extract


def _numbers(size: int) -> list[int]:
    """Of the first ones that the simulator gives away."""
    return [13_000_000_000 + place * 1_299_709 % 7_000_000_000 for place in range(size)]


def test_the_mapping_fills_every_table_for_every_month_responses_where_there_are_and_loses_nothing(
    mapped: OpenExtract,
) -> None:
    assert mapped.months() == [Month(2024, 12), Month(2025, 1), LAST]
    assert list(load_source("simulated_operator", SOURCES).tables) == sorted(TABLES)
    assert all(mapped.rows(table, month) > 0 for table in LIVES for month in mapped.months())
    assert [mapped.rows("responses", month) > 0 for month in mapped.months()] == [False, False, True]
    assert [mapped.unplaced(table).num_rows for table in TABLES] == [0] * 6
    assert mapped.notes() == []


@pytest.mark.parametrize("table", TABLES)
def test_every_row_satisfies_its_contract(mapped: OpenExtract, table: str) -> None:
    batch = pl.DataFrame(mapped.batch(table, LAST, 0))
    schema = CONTRACTS[table].schema
    assert not batch.select(pl.any_horizontal(pl.col("^unparsable:.*$")).any()).item()
    schema.validate(batch.select(schema.column_names()), cast=True)


def test_phone_numbers_do_not_get_past_the_mapping(mapped: OpenExtract) -> None:
    for table in TABLES:
        ids = pl.DataFrame(mapped.batch(table, LAST, 0))["customer_id"]
        assert ids.str.contains("^[0-9a-f]{32}$").all()


def test_amounts_in_fen_become_yuan(mapped: OpenExtract) -> None:
    bills = pl.DataFrame(mapped.batch("bills", LAST, 0))
    assert {str(fee) for fee in bills["plan_fee"].unique()} >= {"5.0000", "18.0000", "58.0000", "158.0000"}


def test_states_kinds_and_brands_are_those_of_the_contracts(mapped: OpenExtract) -> None:
    customers = pl.DataFrame(mapped.batch("customers", LAST, 0))
    assert set(customers["status"]) == {"active", "suspended", "closed", "ported_out", "closed_arrears"}
    assert set(customers["brand"]) == set(load_source("simulated_operator", SOURCES).brands)
    assert customers["birth_year"].null_count() > 0
    assert set(pl.DataFrame(mapped.batch("service_events", LAST, 0))["kind"]) == {
        "arrears_stop",
        "competitor_call",
        "forwarding_to_competitor",
        "network_fault",
        "plan_change",
        "severe_complaint",
        "voluntary_suspension",
    }


def test_what_became_of_a_contact_is_in_the_words_of_the_contract(mapped: OpenExtract) -> None:
    responses = pl.DataFrame(mapped.batch("responses", LAST, 0))
    assert set(responses["outcome"]) == {"busy", "no_answer", "reached"}
    assert responses.filter(pl.col("outcome") == "reached")["accepted"].null_count() == 0
    assert set(responses.select("campaign", "channel", "plan").iter_rows()) == {("spring", "hall", "usage care")}


def test_a_changed_plan_ends_on_the_day_before_the_next_one_starts(mapped: OpenExtract) -> None:
    plans = pl.DataFrame(mapped.batch("plan_periods", LAST, 0))
    changed = plans.filter(pl.col("ended_on").is_null()).join(
        plans.filter(pl.col("ended_on").is_not_null()), on="customer_id", suffix="_before"
    )
    assert changed.height > 5
    assert (changed["ended_on_before"].dt.offset_by("1d") == changed["started_on"]).all()
    assert (changed["plan_id"] != changed["plan_id_before"]).all()
