"""Signals: each warning signal is more frequent among those about to go, and never proof: stayers show it too."""

from __future__ import annotations

import polars as pl
import pytest

from infra.simulator.month_of_block import MonthOfBlock
from tests.infra.lived_operator import rows, usual

KEY = ["customer_id", "month"]
LATELY = pl.col("month").dt.offset_by("-3mo"), pl.col("month").dt.month_end()


def fell_to_half(column: str) -> pl.Expr:
    """Less than half the mean of the two months before; of a month that has no two before it, missing."""
    return pl.col(column) < 0.5 * pl.col(f"{column}_before")


WARNINGS = {
    "bill falls sharply": (fell_to_half("amount"), 3),
    "use fades": (fell_to_half("voice_out_minutes"), 5),
    "overdue arrears": (pl.col("arrears") > 0, 2.5),
    "contract expires": (pl.col("contract_ends_on").is_between(*LATELY).fill_null(False), 1.5),
}
"""How each shows, and how many times as often among the decided. Who pays in advance has no arrears: missing."""


@pytest.fixture(scope="module")
def months() -> list[MonthOfBlock]:
    return usual(customers=20_000, months=8)


@pytest.fixture(scope="module")
def here(months: list[MonthOfBlock]) -> pl.DataFrame:
    """Everybody still there at the end of a month, with bill and use, and whether they have decided to go."""
    truth = rows(months, "truth").filter(pl.col("left").is_null())
    bills = rows(months, "bills").join(rows(months, "usage"), KEY).sort(KEY)
    both = pl.col("amount", "voice_out_minutes")
    before = ((both.shift(1) + both.shift(2)).over("customer_id") / 2).name.suffix("_before")
    bills = bills.select(*KEY, both, "arrears", before)
    ends = rows(months, "customers").select(*KEY, "contract_ends_on")
    who = truth.select(*KEY, decided=pl.col("decided").is_not_null())
    return who.join(bills, KEY).join(ends, KEY)


def frequencies(shows: pl.DataFrame) -> tuple[float, float]:
    """How often the decided and the stayers show it: the mean of a column `shows`."""
    by_decided = dict(shows.group_by("decided").agg(pl.col("shows").mean()).iter_rows())
    return by_decided[True], by_decided[False]


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("competitor_call", 15),
        ("forwarding_to_competitor", 15),
        ("suspension_to_keep_number", 12),
        ("voluntary_suspension", 8),
        ("severe_complaint", 10),
        ("second_sim_suspected", 12),
    ],
)
def test_an_event_that_warns_is_so_many_times_as_frequent_among_the_decided(
    months: list[MonthOfBlock], here: pl.DataFrame, kind: str, times: float
) -> None:
    noted = rows(months, "service_events").filter(pl.col("kind") == kind).select(KEY).unique()
    shows = here.join(noted.with_columns(shows=1), KEY, how="left").with_columns(pl.col("shows").fill_null(0))
    decided, stayers = frequencies(shows)
    assert decided > times * stayers > 0


@pytest.mark.parametrize(("shows", "times"), WARNINGS.values(), ids=WARNINGS)
def test_what_bills_and_contracts_warn_of_is_more_frequent_among_the_decided(
    here: pl.DataFrame, shows: pl.Expr, times: float
) -> None:
    decided, stayers = frequencies(here.with_columns(shows=shows))
    assert decided > times * stayers > 0


def test_the_decided_talk_longer_to_a_competitor(months: list[MonthOfBlock], here: pl.DataFrame) -> None:
    """They ask for terms: two calls in three are of over a minute, and among stayers half of them."""
    calls = rows(months, "service_events").filter(pl.col("kind") == "competitor_call").join(here, KEY)
    decided, stayers = frequencies(calls.with_columns(shows=pl.col("seconds")))
    assert decided > 1.5 * stayers
