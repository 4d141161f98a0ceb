"""Every way in which an extract arrives spoilt gives one line that helps, and leaves earlier months untouched."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from features.canonical_hash import canonical_hash
from features.engine import collect
from features.month_ledger import MonthLedger
from features.months import Month
from features.warehouse import Warehouse
from flows.cli import app
from tests.features.source_folders import workbook

SOURCE = """
operator = "Test operator"
timezone = "Asia/Shanghai"
currency = "CNY"

[churn]
activity = ["bills.amount"]
"""
CUSTOMERS_SQL = """
SELECT number AS customer_id, month, status, since AS activated_on, hall
FROM read_csv('customers.csv', all_varchar = true)
"""
BILLS_SQL = "SELECT number AS customer_id, month, amount FROM read_csv('bills.csv', all_varchar = true)"
PHONES = tuple(f"139{number:08d}" for number in range(20))
AMOUNT = "37.21"
"""Whoever finds one of these in a message has found somebody's data."""


def customers(month: str = "2017-04", phones: Sequence[str] = PHONES, since: str = "2016-02-29", hall: str = "") -> str:
    return "number,month,status,since,hall\n" + "".join(f"{phone},{month},active,{since},{hall}\n" for phone in phones)


def bills(month: str = "2017-04", phones: Sequence[str] = PHONES, amount: str = AMOUNT) -> str:
    return "number,month,amount\n" + "".join(f"{phone},{month},{amount}\n" for phone in phones)


def with_row(text: str, row: str) -> str:
    return text + row + "\n"


@dataclass(frozen=True)
class Case:
    """What differs from a faultless extract of April: files (None for missing ones), mapping, and what is said."""

    name: str
    files: Mapping[str, str | bytes | None]
    said: tuple[str, ...] = ()
    toml: str = SOURCE
    sql: Mapping[str, str] = field(default_factory=dict)
    month: str = "2017-04"


def declared(encoding: str, file: str = "customers.csv") -> str:
    return SOURCE + f'\n[[files]]\nname = "{file}"\nencoding = "{encoding}"\n'


SHEET = SOURCE + '\n[[files]]\nname = "bills.xlsx"\nsheet = "Bills"\n'
FROM_GZIP = {"bills": BILLS_SQL.replace("bills.csv", "bills.csv.gz")}
FROM_SHEET = {"bills": "SELECT number AS customer_id, month, amount FROM 'bills.parquet'"}
ROWS = [("number", "month", "amount"), *((phone, "2017-04", float(AMOUNT)) for phone in PHONES)]
MEND_BILLS = "mend the extract or bills.sql"

MARCH = Case("March", {"customers.csv": customers("2017-03"), "bills.csv": bills("2017-03")}, month="2017-03")
APRIL = Case("April", {})

REFUSED = [
    Case(
        "a missing file",
        {"bills.csv": None},
        ("bills.sql: bills.csv is not in the extract folder, which holds customers.csv; deliver it",),
    ),
    Case(
        "a missing column",
        {"bills.csv": bills().replace(",amount", "").replace(f",{AMOUNT}", "")},
        ('bills.sql: column "amount" is not in bills.csv', "correct the name in the SELECT"),
    ),
    Case(
        "a renamed column",
        {"bills.csv": bills().replace("amount", "amounts")},
        ('bills.sql: column "amount" is not in bills.csv (there is "amounts")', "correct the name in the SELECT"),
    ),
    Case(
        "a wrong type",
        {"bills.csv": bills(amount="CNY 37.21")},
        ("bills 2017-04 (bills.csv): 20 of 20 rows are bad", "amount: unreadable as a number in 20 rows", MEND_BILLS),
    ),
    Case(
        "a null key",
        {"bills.csv": with_row(bills(), f",2017-04,{AMOUNT}")},
        ("bills 2017-04 (bills.csv): 1 of 21 rows are bad", "customer_id: missing in 1 row;", MEND_BILLS),
    ),
    Case(
        "a duplicate key",
        {"bills.csv": with_row(bills(), f"{PHONES[0]},2017-04,{AMOUNT}")},
        (
            "bills 2017-04 (bills.csv): 2 of 21 rows are bad",
            "repeated (customer_id, month) in 2 rows",
            MEND_BILLS,
        ),
    ),
    Case(
        "an unparsable date",
        {"customers.csv": customers(since="2017-02-30")},
        (
            "customers 2017-04 (customers.csv): 20 of 20 rows are bad",
            "activated_on: unreadable as a date in 20 rows",
            "mend the extract or customers.sql",
        ),
    ),
    Case(
        "a value that is not allowed, shown because it identifies nobody",
        {"customers.csv": customers().replace("active", "gone")},
        ("status: not one of the allowed values in 20 rows (for example 'gone')", "mend the extract or customers.sql"),
    ),
    Case(
        "a month out of range",
        {"bills.csv": bills("1889-04")},
        (
            "bills (bills.csv): 20 of 20 rows belong to no month: month is out of range (for example '1889-04')",
            MEND_BILLS,
        ),
    ),
    Case(
        "a month that is none",
        {"bills.csv": bills("April")},
        ("bills (bills.csv): 20 of 20 rows belong to no month: month is unreadable; mend", MEND_BILLS),
    ),
    Case(
        "an empty month",
        {"bills.csv": bills("2017-03")},
        (
            "bills 2017-04 (bills.csv): no rows in this month; customers are there for 2017-04 to 2017-04;",
            "deliver the complete extract of 2017-04",
        ),
    ),
    Case(
        "a month that the extract does not hold",
        {},
        (
            "2017-05",
            "no rows in this month; customers are there for 2017-04 to 2017-04",
            "deliver the complete extract",
        ),
        month="2017-05",
    ),
    Case(
        "nothing but headers",
        {"customers.csv": customers(phones=()), "bills.csv": bills(phones=())},
        ("customers (customers.csv): no rows; deliver the complete extract",),
    ),
    Case(
        "a file without a byte",
        {"bills.csv": ""},
        ('bills.sql: column "number" is not in bills.csv', "or have the file delivered again"),
    ),
    *(
        Case(
            f"an amount of {amount}",
            {"bills.csv": bills(amount=amount)},
            (
                "bills 2017-04 (bills.csv): 20 of 20 rows are bad",
                "amount: unreadable as a number in 20 rows",
                MEND_BILLS,
            ),
        )
        for amount in ("inf", "-Infinity", "NaN", "1e300")
    ),
    Case(
        "an absurd amount",
        {"bills.csv": bills(amount="3721000000")},
        ("bills 2017-04 (bills.csv): 20 of 20 rows are bad", "amount: above 10000000 in 20 rows", MEND_BILLS),
    ),
    Case(
        "text in GBK that was not declared",
        {"customers.csv": customers(hall="朝阳营业厅").encode("gbk")},
        (
            "customers.sql: customers.csv at byte ",
            "is not UTF-8 text",
            'declare it in source.toml: [[files]] name = "customers.csv"',
            '"gb18030"',
        ),
    ),
    Case(
        "text in Latin-1 that was not declared",
        {"customers.csv": customers(hall="Café").encode("latin-1")},
        ("customers.sql: customers.csv at byte ", "is not UTF-8 text", "declare it in source.toml", '"latin-1"'),
    ),
    Case(
        "text that is not in its declared encoding",
        {"customers.csv": customers(hall="Café ÿ").encode("latin-1")},
        ("customers.csv: byte ", "is not gb18030 text; correct encoding in source.toml"),
        toml=declared("gb18030"),
    ),
    Case(
        "a truncated gzip file",
        {"bills.csv": None, "bills.csv.gz": gzip.compress(bills().encode())[:-20]},
        ("bills.csv.gz is a truncated or damaged gzip file; have it delivered again",),
        sql=FROM_GZIP,
    ),
    Case(
        "a wrong sheet",
        {"bills.csv": None, "bills.xlsx": workbook("April", *ROWS)},
        ("bills.xlsx has no sheet 'Bills'; it has April; correct sheet in source.toml",),
        toml=SHEET,
        sql=FROM_SHEET,
    ),
    Case(
        "a file that is no workbook",
        {"bills.csv": None, "bills.xlsx": bills()},
        ("bills.xlsx is no readable Excel workbook; save it again as .xlsx",),
        toml=SHEET,
        sql=FROM_SHEET,
    ),
    Case(
        "a line with too many columns",
        {"bills.csv": with_row(bills(), f"{PHONES[0]},2017-04,37,21")},
        ("bills.sql: bills.csv line 22 has 4 columns instead of 3; mend it, or have the file delivered again",),
    ),
    Case(
        "a partial extract",
        {"customers.csv": customers(phones=PHONES[:10]), "bills.csv": bills(phones=PHONES[:10])},
        ("2017-04", "10 rows against 20 in 2017-03 looks like a partial extract", "--accept-partial if it is right"),
    ),
]

TAKEN = [
    Case("a byte order mark", {"bills.csv": b"\xef\xbb\xbf" + bills().encode()}),
    Case("Windows line ends", {"bills.csv": bills().replace("\n", "\r\n")}),
    Case("padded headers", {"bills.csv": bills().replace("number,month,amount", " number , month,amount ")}),
    Case(
        "padded values",
        {"bills.csv": bills().replace(",", " , ").replace("number , month , amount", "number,month,amount")},
    ),
    Case("$null$ for unknown", {"customers.csv": customers(hall="$null$")}),
    Case("a gzip file", {"bills.csv": None, "bills.csv.gz": gzip.compress(bills().encode())}, sql=FROM_GZIP),
    Case(
        "a sheet of a workbook", {"bills.csv": None, "bills.xlsx": workbook("Bills", *ROWS)}, toml=SHEET, sql=FROM_SHEET
    ),
    Case("months without a dash", {"bills.csv": bills("201704")}),
    Case("days instead of months", {"bills.csv": bills("2017-04-30")}),
    Case("a declared encoding", {"customers.csv": customers().encode("utf-16")}, toml=declared("utf-16")),
    Case(
        "a column that the operator added",
        {"bills.csv": bills().replace("amount\n", "amount,satisfaction\n").replace(f"{AMOUNT}\n", f"{AMOUNT},5\n")},
        ("note: bills.csv: no mapping reads satisfaction; map to custom_indicators to use",),
    ),
]


class Operator:
    """An operator's home; its mapping and extract lie in a folder that all homes of this file share."""

    def __init__(self, desk: Path, home: Path) -> None:
        self.desk, self.home = desk, home
        self.ledger = MonthLedger(Warehouse(home / "tables"))

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--home", str(self.home)])

    def deliver(self, case: Case, *flags: str) -> Result:
        """Put the files of the case, beside faultless ones, where the mapping looks for them, and ingest its month."""
        mapping, extract = self.desk / "mapping", self.desk / "extract"
        for folder in (mapping, extract):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        (mapping / "source.toml").write_text(case.toml)
        for table, sql in ({"customers": CUSTOMERS_SQL, "bills": BILLS_SQL} | dict(case.sql)).items():
            (mapping / f"{table}.sql").write_text(sql)
        for name, content in ({"customers.csv": customers(), "bills.csv": bills()} | dict(case.files)).items():
            if content is not None:
                (extract / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        months = [] if "--all" in flags else ["--month", case.month]
        return self.run("ingest", "--source", str(mapping), "--from", str(extract), *months, *flags)

    def column(self, table: str, name: str) -> set[str]:
        """What a column of April holds."""
        known = self.ledger.known_months(Month(2017, 4), bucket=None).table(table, Month(2017, 4))
        assert known is not None
        return set(collect(known)[name])

    def held(self) -> dict[str, str]:
        """The content of every table month as a reader finds it, by table and month."""
        held = {}
        for table in ("customers", "bills"):
            for month in self.ledger.months(table):
                entry = self.ledger.known(table, month)
                assert entry is not None
                rows = self.ledger.warehouse.read(table, month, entry.version, bucket=0)
                held[f"{table} {month}"] = canonical_hash(collect(rows)).hex()
        return held


@pytest.fixture(scope="module")
def march(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """An operator whose March arrived in order."""
    folder = tmp_path_factory.mktemp("march")
    operator = Operator(folder / "desk", folder / "home")
    delivered = operator.deliver(MARCH)
    assert delivered.exit_code == 0, delivered.output
    assert set(operator.held()) == {"customers 2017-03", "bills 2017-03"}
    return operator


@pytest.fixture
def operator(march: Operator, tmp_path: Path) -> Operator:
    """The same, in a home that the test may spoil."""
    shutil.copytree(march.home, tmp_path / "home")
    return Operator(march.desk, tmp_path / "home")


@pytest.fixture(scope="module")
def april(march: Operator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is held after a faultless April."""
    home = tmp_path_factory.mktemp("april") / "home"
    shutil.copytree(march.home, home)
    operator = Operator(march.desk, home)
    assert operator.deliver(APRIL).exit_code == 0
    return operator.held()


def the_line(result: Result) -> str:
    """What was said instead of a result: one line, and nothing that could be somebody's."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("holdfast: ")
    assert not [value for value in (*PHONES, AMOUNT, "37,21", "朝阳", "Caf") if value in line]
    return str(line)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_is_refused_in_one_line_that_leaves_earlier_months_untouched(case: Case, operator: Operator):
    before = operator.held()
    line = the_line(operator.deliver(case))
    assert [words for words in case.said if words not in line] == [], line
    assert operator.held() == before


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
def test_is_taken_as_if_it_were_faultless(case: Case, operator: Operator, april: dict[str, str]):
    result = operator.deliver(case)
    assert result.exit_code == 0, result.output
    assert [words for words in case.said if words not in result.stderr] == [], result.stderr
    assert operator.held() == april


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig"])
def test_chinese_text_is_read_in_its_declared_encoding(operator: Operator, encoding: str):
    files = {"customers.csv": customers(hall="朝阳营业厅").encode(encoding)}
    result = operator.deliver(Case(encoding, files, toml=SOURCE if encoding.startswith("utf") else declared(encoding)))
    assert result.exit_code == 0, result.output
    assert operator.column("customers", "hall") == {"朝阳营业厅"}


def test_latin_1_text_is_read_when_it_is_declared(operator: Operator):
    files = {"customers.csv": customers(hall="Café ÿ").encode("latin-1")}
    assert operator.deliver(Case("Latin-1", files, toml=declared("latin-1"))).exit_code == 0
    assert operator.column("customers", "hall") == {"Café ÿ"}


def test_a_few_bad_rows_are_set_aside_and_the_month_goes_on(operator: Operator):
    many = [f"138{number:08d}" for number in range(200)]
    files = {"customers.csv": customers(phones=many), "bills.csv": with_row(bills(phones=many), "138x,2017-04,much")}
    result = operator.deliver(Case("one bad row", files))
    assert result.exit_code == 0, result.output
    assert "bills 200 rows new, 1 rejected" in result.stderr
    file = operator.home / "rejects" / "month=2017-04" / "bills.parquet"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.parent.stat().st_mode & 0o777 == 0o700
    assert pl.read_parquet(file)["reason"].to_list() == ["amount: unreadable as a number"]


def test_the_same_month_with_other_content_is_a_revision_and_the_old_one_can_be_restored(operator: Operator):
    first = operator.held()
    result = operator.deliver(
        Case("corrected", dict(MARCH.files) | {"bills.csv": bills("2017-03", amount="5")}, month="2017-03")
    )
    assert "bills 20 rows revision (revision 2), customers 20 rows unchanged" in result.stderr
    second = operator.held()
    assert (second["customers 2017-03"], second["bills 2017-03"] != first["bills 2017-03"]) == (
        first["customers 2017-03"],
        True,
    )
    restored = operator.run("revisions", "bills", "--month", "2017-03", "--restore", "1", "--json")
    assert [entry["revision"] for entry in json.loads(restored.stdout)["revisions"]] == [1, 2, 3]
    assert operator.held() == first


def test_a_revision_that_never_was_cannot_be_restored(operator: Operator):
    before = operator.held()
    line = the_line(operator.run("revisions", "bills", "--month", "2017-03", "--restore", "7"))
    assert line == "holdfast: bills 2017-03: there is no revision 7; choose one of 1"
    assert operator.held() == before


def test_the_same_extract_again_changes_nothing(operator: Operator):
    before = operator.ledger.entries()
    result = operator.deliver(MARCH)
    assert "bills 20 rows unchanged, customers 20 rows unchanged" in result.stderr
    assert operator.ledger.entries() == before


@pytest.mark.parametrize(("flags", "known_since"), [((), "2017-03"), (("--backload",), "2017-02")])
def test_a_late_month_is_known_only_since_it_came_unless_it_is_backloaded(
    operator: Operator, flags: Sequence[str], known_since: str
):
    before = operator.held()
    files = {"customers.csv": customers("2017-02"), "bills.csv": bills("2017-02")}
    assert operator.deliver(Case("late", files, month="2017-02"), *flags).exit_code == 0
    entry = operator.ledger.known("bills", Month(2017, 2))
    assert entry is not None
    assert str(entry.known_since) == known_since
    assert before.items() < operator.held().items()


def test_a_partial_month_is_taken_when_its_operator_says_that_it_is_right(operator: Operator):
    files = {"customers.csv": customers(phones=PHONES[:10]), "bills.csv": bills(phones=PHONES[:10])}
    assert operator.deliver(Case("partial", files), "--accept-partial").exit_code == 0
    assert len(operator.column("customers", "customer_id")) == 10


def test_months_before_a_refused_one_stay_delivered(operator: Operator, april: dict[str, str]):
    files = {
        "customers.csv": customers() + customers("2017-05").partition("\n")[2],
        "bills.csv": bills() + bills("2017-05", amount="much").partition("\n")[2],
    }
    result = operator.deliver(Case("two months", files), "--all")
    assert result.exit_code == 1
    assert [line for line in result.stderr.splitlines() if line.startswith("holdfast: ")] == [
        result.stderr.splitlines()[-1]
    ]
    assert "holdfast: bills 2017-05 (bills.csv): 20 of 20 rows are bad" in result.stderr
    assert operator.held() == april


def test_a_first_delivery_that_was_refused_binds_the_home_to_nothing(tmp_path: Path, march: Operator):
    operator = Operator(tmp_path / "desk", tmp_path / "home")
    the_line(operator.deliver(Case("spoilt", {"bills.csv": bills(amount="much")})))
    other = Operator(march.desk, tmp_path / "home")
    assert other.deliver(APRIL).exit_code == 0
    assert "holds the source" in the_line(operator.deliver(APRIL))


@pytest.mark.parametrize("name", ["客户 [a-z]*", "O'Hara"])
def test_home_and_extract_may_lie_in_folders_of_any_name(tmp_path: Path, name: str, april: dict[str, str]):
    operator = Operator(tmp_path / name / "desk", tmp_path / name / "home")
    for case in (MARCH, APRIL):
        result = operator.deliver(case)
        assert result.exit_code == 0, result.output
    assert operator.held() == april
