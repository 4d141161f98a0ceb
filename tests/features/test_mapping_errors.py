"""Mapping errors: one line with file, column and remedy, and nothing out of the extract."""

from __future__ import annotations

from pathlib import Path

import pytest

from features import FeaturesError
from features.mapping_errors import Complaint
from features.months import Month
from tests.features.source_folders import BILLS, PHONE, opened

READ = "SELECT id AS customer_id, month, amount FROM read_csv('b.csv', all_varchar = true)"
SAID = READ.replace("true", "true, header = true, delim = ',', quote = '\"', escape = '\"'")
MANY = "id,month,amount\n" + "".join(f"{PHONE},2017-03,{number}\n" for number in range(30_000))
PHONES = BILLS.replace("ann", PHONE)

AGAIN = "or have the file delivered again"
RENAME = f"correct the name in the SELECT, or header and delim of read_csv, {AGAIN}"
AS_TEXT = "give read_csv all_varchar = true, then what does not fit is rejected row by row"
DELIVER = "is not in the extract folder, which holds b.csv, bills.csv; deliver it, or correct the name"
TRY = "not shown here; use try_cast or try_strptime in the SELECT"


def refusal(folder: Path, files: dict[str, str | bytes], bills: str) -> str:
    with (
        pytest.raises(FeaturesError) as refused,
        opened(folder, {"bills.csv": BILLS} | files, bills=bills) as extract,
    ):
        extract.rows("bills", Month(2017, 3))
    said = str(refused.value)
    assert "\n" not in said
    assert PHONE not in said
    assert str(folder) not in said
    return said


@pytest.mark.parametrize(
    ("content", "bills", "said"),
    [
        (BILLS.replace("amount", "amuont"), READ, f'column "amount" is not in b.csv (there is "amuont"); {RENAME}'),
        (BILLS.replace("amount", "charges"), READ, f'column "amount" is not in b.csv; {RENAME}'),
        (BILLS, READ.replace("FROM", ", b.sum FROM") + " AS b", f'column "sum" is not in b.csv; {RENAME}'),
        (f"{PHONE},2017-03,3\nann,2017-03,4\n", READ, f'column "id" is not in b.csv; {RENAME}'),
        ("", READ, f'column "id" is not in b.csv; {RENAME}'),
        ("id,m1\nann,3\n", "FROM 'b.csv' UNPIVOT (a FOR b IN (m1, m2))", f'column "m2" is not in b.csv; {RENAME}'),
    ],
    ids=["misspelt", "renamed", "of an alias", "no header", "empty file", "unpivoted"],
)
def test_a_missing_column_is_named(tmp_path: Path, content: str, bills: str, said: str) -> None:
    assert refusal(tmp_path, {"b.csv": content}, bills) == f"bills.sql: {said}"


@pytest.mark.parametrize(
    ("content", "bills", "said"),
    [
        (MANY + f"{PHONE},2017-03,1,2\n", READ, f"line 30002 has 4 columns instead of 3; mend it, {AGAIN}"),
        (MANY + f"{PHONE}\n", SAID, f"line 30002 has 1 columns instead of 3; mend it, {AGAIN}"),
        (BILLS + f"{PHONE},2017-03,1,2\n", SAID, f"line 5 has 4 columns instead of 3; mend it, {AGAIN}"),
        (BILLS + f"{PHONE},2017-03,1,2\n", READ, f"line 5 has 4 columns instead of 3; mend it, {AGAIN}"),
        ("id,month,amount\n" + "x" * 3_000_000, READ, f"line 2 cannot be split into columns; mend it, {AGAIN}"),
        (
            f"id,month,amount\r\n{PHONE},2017-03,1\nann,2017-03,1\r\n",
            READ,
            "cannot be split into rows and columns; give delim, quote and escape, and one kind of line ends",
        ),
        (
            f"id,month,amount\r\n{PHONE},2017-03,1\nann,2017-03,1\r\n",
            SAID,
            "cannot be split by ','; give delim, quote and escape, and one kind of line ends",
        ),
    ],
    ids=["late", "late and short", "early", "early without delim", "endless", "line ends", "line ends with delim"],
)
def test_a_line_that_cannot_be_split_is_named(tmp_path: Path, content: str, bills: str, said: str) -> None:
    assert refusal(tmp_path, {"b.csv": content}, bills) == f"bills.sql: b.csv {said}"


@pytest.mark.parametrize(
    ("content", "bills", "said"),
    [
        (
            MANY + f"{PHONE},2017-03,{PHONE}x\n",
            READ.replace(", all_varchar = true", ""),
            f'b.csv line 30002: column "amount" holds a value that is no BIGINT; {AS_TEXT}',
        ),
        (
            PHONES,
            READ.replace("amount FROM", "id::DATE AS amount FROM"),
            'column "id" holds a value that does not fit the cast; use try_cast in the SELECT',
        ),
        (
            PHONES,
            READ.replace("amount FROM", "upper(id)::DATE AS amount FROM"),
            f"Conversion Error on a value of b.csv, {TRY}",
        ),
        (
            PHONES,
            READ.replace("amount FROM", "strptime(id, '%Y') AS amount FROM"),
            f"Invalid Input Error on a value of b.csv, {TRY}",
        ),
        (
            PHONES,
            READ.replace("amount FROM", "error('no ' || id) AS amount FROM"),
            f"Invalid Input Error on a value of b.csv, {TRY}",
        ),
    ],
    ids=["guessed type", "cast", "cast of an expression", "format", "raised by the mapping"],
)
def test_a_value_that_stops_the_engine_is_not_shown(tmp_path: Path, content: str, bills: str, said: str) -> None:
    assert refusal(tmp_path, {"b.csv": content}, bills) == f"bills.sql: {said}"


@pytest.mark.parametrize(
    ("bills", "said"),
    [
        (READ.replace("b.csv", "c.csv"), f"c.csv {DELIVER}"),
        ("SELECT * FROM 'c.parquet'", f"c.parquet {DELIVER}"),
        (READ.replace("b.csv", "b_*.csv"), f"b_*.csv {DELIVER}"),
        (READ.replace("amount FROM", "price(amount) FROM"), "Catalog Error: Scalar Function with name price does not "),
        (READ.replace("amount FROM", "amount + 'x' FROM"), "Binder Error: No function matches the given name and arg"),
    ],
)
def test_what_the_mapping_names_and_nobody_has_is_named(tmp_path: Path, bills: str, said: str) -> None:
    assert refusal(tmp_path, {"b.csv": BILLS}, bills).startswith(f"bills.sql: {said}")


def test_a_column_is_named_only_where_the_mapping_knows_it(tmp_path: Path) -> None:
    text = f"""Conversion Error: CSV Error on Line: 7\nOriginal Line: {PHONE},abc
Error when converting column "{PHONE}". Could not convert string "abc" to 'BIGINT'\n\n  file = {tmp_path}/b.csv"""
    complaint = Complaint(text, "bills", "SELECT columns(*) FROM 'b.csv'", ["b.csv"], tmp_path, tmp_path)
    assert complaint.explained() == f"bills.sql: b.csv line 7: a column holds a value that is no BIGINT; {AS_TEXT}"


def test_files_of_a_pattern_that_differ_are_named_with_the_column(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"b1.csv": BILLS, "b2.csv": BILLS.replace("amount", "charges")}
    assert refusal(tmp_path, files, READ.replace("b.csv", "b?.csv")) == (
        'bills.sql: b2.csv lacks column "amount" that other files of the pattern have; '
        "give union_by_name = true if that is right"
    )


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 100])
def test_a_damaged_parquet_file_is_named(tmp_path: Path, content: bytes) -> None:
    said = refusal(tmp_path, {"b.parquet": content}, "SELECT * FROM 'b.parquet'")
    assert said == "bills.sql: b.parquet is truncated or damaged; have it delivered again"


def test_text_that_pretends_to_be_gzip_is_named(tmp_path: Path) -> None:
    said = refusal(tmp_path, {"b.csv.gz": BILLS}, READ.replace("b.csv", "b.csv.gz"))
    assert said == "b.csv.gz is a truncated or damaged gzip file; have it delivered again"


def test_running_out_of_memory_says_what_to_change(tmp_path: Path) -> None:
    text = "Out of Memory Error: failed to allocate data of size 16.0 MiB (476.6 MiB/476.8 MiB used)"
    assert Complaint(text, "bills", READ, [], tmp_path, tmp_path).explained() == (
        "bills.sql: the engine ran out of memory or temporary disk; "
        "raise its memory in the settings, or free disk space"
    )
