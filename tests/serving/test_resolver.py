from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from features.month_ledger import MonthLedger, Origin
from features.months import Month
from features.sources import OpenExtract, open_extract
from serving import ServingError, campaign_ledger
from serving.list_folder import replace_folder
from serving.resolver import LOG, Use, keyed, remove_resolvers, unkeyed, write_resolver
from serving.task_refs import task_refs
from tests.features.source_folders import SOURCE, column, extract_of, opened, source_of
from tests.made_operator import NOW, by_bucket, ledger_in

MONTH = Month(2017, 3)
KEY = b"k" * 32
KEYED = SOURCE.replace('currency = "CNY"\n', 'currency = "CNY"\nkeyed = ["customer_id"]\n')
ANN, BOB, EVE, TOM = "13900001111", "13900002222", "+8613900003333", "13900004444"
BILLS = "id,month,amount\n" + "".join(f" {number} ,2017-03,10\n" for number in (ANN, BOB, EVE, TOM))
USE = Use(MONTH, "mary", "calls of March", NOW)


def listed(ledger: MonthLedger, *numbers: str) -> None:
    """A warning list of these numbers' customers, first first."""
    rows = pl.DataFrame(
        {
            "customer_id": [keyed(KEY, number) for number in numbers],
            "rank": list(range(1, len(numbers) + 1)),
            "task_ref": [f"ref of {number[-4:]}" for number in numbers],
        }
    )
    staged = ledger.warehouse.stage_month("warning_lists", MONTH, by_bucket(rows))
    ledger.enter([staged], Origin("drawn", "churn-propensity/3", "test", NOW))


def drawn(ledger: MonthLedger, number: str, arm: str, month: str = "2017-03") -> None:
    """A running campaign of the month with one member."""
    facts = {"campaign": f"of {number}", "month": month, "readout_month": "2017-08", "arm": arm}
    values = {name: kind() for name, kind in campaign_ledger.COLUMNS.items()}
    member = {"customer_id": keyed(KEY, number), "task_ref": f"campaign ref of {number[-4:]}"}
    campaign_ledger.record(ledger.warehouse, [values | facts | member])


@contextmanager
def extract_in(folder: Path, bills: str = BILLS) -> Iterator[OpenExtract]:
    source = unkeyed(source_of(folder, KEYED))
    files = extract_of(folder, {"bills.csv": bills})
    staging = folder / "staging"
    with open_extract(source, files, staging=staging, key=None, buckets=2, threads=1, memory_gb=0.5) as extract:
        yield extract


@pytest.fixture
def ledger(tmp_path: Path) -> MonthLedger:
    return ledger_in(tmp_path / "tables")


def resolved(tmp_path: Path, ledger: MonthLedger, use: Use = USE, bills: str = BILLS) -> str:
    with extract_in(tmp_path, bills) as extract:
        return write_resolver(tmp_path / "resolver", ledger, extract, KEY, use).file.read_text()


def test_a_number_is_keyed_as_the_ingest_keys_it(tmp_path: Path):
    with opened(tmp_path, {"bills.csv": BILLS}, KEYED, key=KEY) as extract:
        ingested = column(extract, "customers", MONTH, "customer_id")
    assert sorted(ingested) == sorted(keyed(KEY, number) for number in (ANN, BOB, EVE, TOM))


def test_each_listed_customer_has_the_number_as_the_operator_sends_it_by_rank(tmp_path: Path, ledger: MonthLedger):
    listed(ledger, EVE, ANN)
    assert resolved(tmp_path, ledger) == f"task_ref,number\nref of 3333,{EVE}\nref of 1111,{ANN}\n"


def test_whom_the_extract_does_not_hold_is_counted(tmp_path: Path, ledger: MonthLedger):
    listed(ledger, ANN, "13900009999")
    with extract_in(tmp_path) as extract:
        found = write_resolver(tmp_path / "resolver", ledger, extract, KEY, USE)
    assert (found.rows, found.missing) == (1, 1)


def test_whom_a_campaign_treats_is_told_and_whom_it_withholds_never(tmp_path: Path, ledger: MonthLedger):
    listed(ledger, ANN, BOB)
    drawn(ledger, TOM, campaign_ledger.TREATED)
    drawn(ledger, BOB, campaign_ledger.WITHHELD)
    assert resolved(tmp_path, ledger) == f"task_ref,number\nref of 1111,{ANN}\ncampaign ref of 4444,{TOM}\n"


@pytest.mark.parametrize("month", ["2017-02", "2017-05"])
def test_whom_a_campaign_of_another_month_withholds_is_told_by_no_list(tmp_path: Path, ledger: MonthLedger, month: str):
    listed(ledger, ANN, BOB)
    drawn(ledger, BOB, campaign_ledger.WITHHELD, month)
    assert resolved(tmp_path, ledger) == f"task_ref,number\nref of 1111,{ANN}\n"


def test_files_that_name_one_of_the_customers_are_removed_and_no_others(tmp_path: Path):
    files = {}
    for month, customer in ((MONTH, "ann"), (MONTH + 1, "bob"), (MONTH + 2, "ann")):
        (reference,) = task_refs(KEY, month, [customer])
        files[month] = tmp_path / "resolver" / f"month={month}" / "resolver.csv"
        replace_folder(files[month].parent, {"resolver.csv": f"task_ref,number\n{reference},1\n".encode()})
    assert remove_resolvers(tmp_path / "resolver", ["ann", "eve"], KEY) == [MONTH, MONTH + 2]
    assert [file.exists() for file in files.values()] == [False, True, False]


def test_where_nothing_was_resolved_nothing_is_removed(tmp_path: Path):
    assert remove_resolvers(tmp_path / "resolver", ["ann"], KEY) == []


def test_folder_and_file_are_for_the_owner_alone(tmp_path: Path, ledger: MonthLedger):
    listed(ledger, ANN)
    resolved(tmp_path, ledger)
    file = tmp_path / "resolver" / "month=2017-03" / "resolver.csv"
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "resolver", file.parent, file)]
    assert modes == [0o700, 0o700, 0o600]


def test_each_use_is_logged(tmp_path: Path, ledger: MonthLedger):
    listed(ledger, ANN, BOB)
    resolved(tmp_path, ledger)
    resolved(tmp_path, ledger, Use(MONTH, "paul", "again", NOW + dt.timedelta(days=1)))
    logged = [(row["who"], row["month"], row["rows"], row["reason"]) for row in ledger.warehouse.rows(LOG)]
    assert logged == [("mary", "2017-03", 2, "calls of March"), ("paul", "2017-03", 2, "again")]


def test_a_use_is_logged_before_the_numbers_are_written(
    tmp_path: Path, ledger: MonthLedger, monkeypatch: pytest.MonkeyPatch
):
    listed(ledger, ANN)

    def killed(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("serving.resolver.replace_folder", killed)
    with pytest.raises(KeyboardInterrupt):
        resolved(tmp_path, ledger)
    assert len(ledger.warehouse.rows(LOG)) == 1


def test_numbers_lie_nowhere_but_in_the_resolver(tmp_path: Path, ledger: MonthLedger):
    listed(ledger, ANN, EVE)
    resolved(tmp_path, ledger)
    holding = [
        file
        for file in tmp_path.rglob("*")
        if file.is_file() and any(number.encode() in file.read_bytes() for number in (ANN, EVE, BOB))
    ]
    assert {file.parent for file in holding} == {tmp_path / "extract", tmp_path / "resolver" / "month=2017-03"}


@pytest.mark.parametrize(
    ("numbers", "bills", "reason", "problem"),
    [
        ((ANN,), BILLS, "  ", "the reason is empty; say what the numbers are for, it goes into the log"),
        ((), BILLS, "x", "2017-03 has no warning list and no campaign; run holdfast score --month 2017-03"),
        (
            (ANN,),
            "id,month,amount\n1,2017-03,1\n",
            "x",
            "the extract holds none of the 1 customers to be contacted in 2017-03; give the folder that the month was",
        ),
    ],
    ids=["no reason", "no list", "another extract"],
)
def test_what_is_missing_is_said_and_nothing_is_logged_or_written(
    tmp_path: Path, ledger: MonthLedger, numbers: tuple[str, ...], bills: str, reason: str, problem: str
):
    if numbers:
        listed(ledger, *numbers)
    with pytest.raises(ServingError, match=problem):
        resolved(tmp_path, ledger, Use(MONTH, "mary", reason, NOW), bills)
    assert ledger.warehouse.rows(LOG) == []
    assert not (tmp_path / "resolver").exists()


def test_a_source_whose_ids_are_the_operators_own_has_nothing_to_resolve(tmp_path: Path):
    with pytest.raises(ServingError, match=r"customer_id is not keyed in its source.toml.*nothing to resolve"):
        unkeyed(source_of(tmp_path))
