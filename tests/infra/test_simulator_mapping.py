"""The simulated operator's extracts, brought by its mapping back to what they were before they were sent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import infra
from features.contracts import CONTRACTS, contract_of
from features.contracts.checked_rows import check_rows
from features.mapped_table import UNPARSABLE
from features.sources import OpenExtract, load_source, open_extract
from infra.simulator.dialect import DIALECT
from infra.simulator.sending import FORMS, Sending
from infra.simulator.text_mapping import write_text_mapping
from tests.infra.made_month import MONTH, ROWS, made_month, made_table

SOURCES = Path(infra.__file__).parent / "sources"
KEY = b"k" * 32
SHIPPED = load_source("simulated_operator", SOURCES)


@contextmanager
def mapped(folder: Path, form: str, dirt: float = 0.0) -> Iterator[OpenExtract]:
    """The made month as it was sent in `form`, under the mapping for it."""
    Sending(folder / "extract", form=form, dirt=dirt)(made_month())
    source = SHIPPED
    if form != "parquet":
        write_text_mapping(SOURCES / "simulated_operator", form, folder / "mapping")
        source = load_source(str(folder / "mapping"), SOURCES)
    limits = {"buckets": 1, "threads": 1, "memory_gb": 1.0}
    with open_extract(source, folder / "extract", staging=folder / "staging", key=KEY, **limits) as extract:  # type: ignore[arg-type]
        yield extract


@pytest.fixture(scope="module", params=FORMS)
def extract(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenExtract]:
    with mapped(tmp_path_factory.mktemp("home"), request.param) as opened:
        yield opened


def hashed(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]


def as_it_was(table: str) -> pl.DataFrame:
    """The made table in its contract's types, with hashes in place of what identifies somebody."""
    schema = contract_of(table).schema
    made = schema.cast(made_table(table)).with_columns(pl.col(pl.Enum).cast(pl.String))
    keyed = [pl.col(name).map_elements(hashed, pl.String) for name in SHIPPED.keyed if name in made.columns]
    return made.with_columns(keyed).sort(schema.primary_key())


def test_the_mapping_fills_every_table_and_loses_nothing(extract: OpenExtract) -> None:
    assert extract.months() == [MONTH]
    assert set(SHIPPED.tables) == set(DIALECT)
    assert [extract.unplaced(table).num_rows for table in DIALECT] == [0] * len(DIALECT)
    assert extract.notes() == []


@pytest.mark.parametrize("table", DIALECT)
def test_every_table_comes_back_as_it_was(extract: OpenExtract, table: str) -> None:
    batch = pl.DataFrame(extract.batch(table, MONTH, 0))
    assert not batch.select(pl.any_horizontal(pl.lit(value=False), f"^{UNPARSABLE}.*$").any()).item()
    came = contract_of(table).schema.validate(batch.drop(pl.selectors.starts_with(UNPARSABLE)), cast=True)
    texts = came.with_columns(pl.col(pl.Enum).cast(pl.String)).sort(contract_of(table).key())
    assert_frame_equal(texts, as_it_was(table))


def test_whatever_identifies_somebody_is_keyed() -> None:
    identifiers = {
        name
        for table in DIALECT
        for name, column in CONTRACTS[table].columns().items()
        if (column.metadata or {})["sensitivity"] == "identifier"
    }
    assert set(SHIPPED.keyed) == identifiers


def test_a_friend_is_the_customer_of_the_same_number(extract: OpenExtract) -> None:
    numbers = {hashed(str(number)) for number in range(13_000_000_000, 13_000_000_000 + ROWS)}
    assert set(pl.DataFrame(extract.batch("customers", MONTH, 0))["customer_id"]) == numbers
    assert set(pl.DataFrame(extract.batch("calling_circle", MONTH, 0))["customer_id"]) == numbers


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("table", ["customers", "usage", "service_events"])
def test_dirt_is_rejected_row_by_row_with_its_reason(tmp_path: Path, form: str, table: str) -> None:
    with mapped(tmp_path, form, dirt=0.2) as extract:
        batch = extract.batch(table, MONTH, 0)
    flags = {name: name.removeprefix(UNPARSABLE) for name in batch.column_names if name.startswith(UNPARSABLE)}
    checked = check_rows(contract_of(table), batch, flags)
    assert 0.17 < checked.bad.height / len(batch) <= 0.2
    assert checked.good.height + checked.bad.height == len(batch)
    reasons = " ".join(checked.bad["reason"].unique().sort())
    assert "customer_id: missing" in reasons
    assert "repeated (customer_id" in reasons
    assert ("unreadable as" in reasons) == (form != "parquet" and table != "customers")
