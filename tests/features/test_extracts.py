"""Extracts: odd files are staged so that the engine reads them; those that cannot be are named in one line."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from features import FeaturesError
from features.extracts import files_of, first_byte_not_utf8, first_ragged_line, input_digests
from features.months import Month
from tests.features.source_folders import (
    BILLS,
    PHONE,
    READ_BILLS,
    READ_CUSTOMERS,
    SOURCE,
    column,
    extract_of,
    opened,
    workbook,
)

MARCH = Month(2017, 3)
CHINESE = "编号,账期,品牌\nann,2017-03,全球通\nbob,2017-03,动感地带\n"
READ_CHINESE = "SELECT 编号 AS customer_id, 账期 AS month, 品牌 AS brand, 'active' AS status FROM read_csv('c.csv')"


BOOK = SOURCE + '[[files]]\nname = "book.xlsx"\nsheet = "Sheet1"\n'
READ_BOOK = {
    table: sql.replace("read_csv('bills.csv', all_varchar = true)", "'book.parquet'")
    for table, sql in (("customers", READ_CUSTOMERS), ("bills", READ_BILLS))
}


def declared(name: str, **said: str) -> str:
    lines = "\n".join(f'{key} = "{value}"' for key, value in ({"name": name} | said).items())
    return f"{SOURCE}\n[[files]]\n{lines}\n"


def refusal(folder: Path, files: dict[str, str | bytes], toml: str = SOURCE, **sql: str | None) -> str:
    with pytest.raises(FeaturesError) as refused, opened(folder, files, toml, **sql):
        pass
    said = str(refused.value)
    assert "\n" not in said
    assert PHONE not in said
    return said


def test_a_declared_encoding_is_read_as_text(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"bills.csv": BILLS, "c.csv": CHINESE.encode("gb18030")}
    with opened(tmp_path, files, declared("c.csv", encoding="gb18030"), customers=READ_CHINESE) as extract:
        assert column(extract, "customers", MARCH, "brand") == ["全球通", "动感地带"]


def test_a_compressed_file_may_have_an_encoding_too(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"bills.csv": BILLS, "c.csv.gz": gzip.compress(CHINESE.encode("gb18030"))}
    sql = READ_CHINESE.replace("c.csv", "c.csv.gz")
    with opened(tmp_path, files, declared("c.csv.gz", encoding="gb18030"), customers=sql) as extract:
        assert column(extract, "customers", MARCH, "brand") == ["全球通", "动感地带"]


def test_a_pattern_declares_many_files_and_the_first_declaration_holds(tmp_path: Path) -> None:
    april = CHINESE.replace("2017-03", "2017-04").encode("gb18030")
    files: dict[str, str | bytes] = {"bills.csv": BILLS, "c_1.csv": CHINESE.encode("utf-16"), "c_2.csv": april}
    toml = declared("c_1.csv", encoding="utf-16") + declared("c_*.csv", encoding="gb18030").removeprefix(SOURCE)
    with opened(tmp_path, files, toml, customers=READ_CHINESE.replace("c.csv", "c_*.csv")) as extract:
        assert column(extract, "customers", MARCH, "brand") == ["全球通", "动感地带"]
        assert column(extract, "customers", Month(2017, 4), "brand") == ["全球通", "动感地带"]
        assert set(extract.input_digests()) == {"bills.csv", "c_1.csv", "c_2.csv"}


def test_a_pattern_that_matches_no_file_is_said(tmp_path: Path) -> None:
    said = refusal(tmp_path, {"bills.csv": BILLS}, declared("c_*.csv", encoding="gb18030"))
    assert said == "c_*.csv is not in the extract folder, which holds bills.csv; deliver it, or correct the name"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_work_the_same_way(tmp_path: Path, encoding: str) -> None:
    text = (
        "编号,账期,品牌\n".replace("编号", "id").replace("账期", "month").replace("品牌", "brand")
        + "ann,2017-03,José\n"
    )
    files: dict[str, str | bytes] = {"bills.csv": BILLS, "c.csv": text.encode(encoding)}
    sql = "SELECT id AS customer_id, month, brand, 'active' AS status FROM read_csv('c.csv')"
    with opened(tmp_path, files, declared("c.csv", encoding=encoding), customers=sql) as extract:
        assert column(extract, "customers", MARCH, "brand") == ["José"]


def test_bytes_that_are_not_of_the_declared_encoding_are_counted_to(tmp_path: Path) -> None:
    good = b"id,month,amount\n" + b"ann,2017-03,1\n" * 100_000
    bad = good + b"\xff\xff" + f"{PHONE},2017-03,1\n".encode()
    said = refusal(tmp_path, {"bills.csv": bad}, declared("bills.csv", encoding="gb18030"))
    assert said == (
        f"bills.csv: byte {len(good)} is not gb18030 text; correct encoding in source.toml, "
        "or have the file delivered again"
    )


@pytest.mark.parametrize("encoding", ["klingon", "base64"])
def test_an_unknown_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    said = refusal(tmp_path, {"bills.csv": BILLS}, declared("bills.csv", encoding=encoding))
    assert said == (
        f"source.toml: encoding '{encoding}' of bills.csv is not known; write for example gb18030 or latin-1"
    )


@pytest.mark.parametrize(("encoding", "byte"), [("gb18030", 36), ("latin-1", 39)])
def test_undeclared_text_of_another_encoding_is_named_with_the_remedy(tmp_path: Path, encoding: str, byte: int) -> None:
    name = {"gb18030": "张三", "latin-1": "José"}[encoding]
    files: dict[str, str | bytes] = {"bills.csv": f"id,month,amount\n{PHONE},2017-03,{name}\n".encode(encoding)}
    assert refusal(tmp_path, files) == (
        f"bills.sql: bills.csv at byte {byte} is not UTF-8 text; declare it in source.toml: "
        '[[files]] name = "bills.csv", encoding = "gb18030" (or "latin-1", "utf-16")'
    )


def test_a_sheet_is_read_with_trimmed_names_and_its_own_types(tmp_path: Path) -> None:
    book = workbook("Sheet1", (" id ", "month", "amount  "), ("ann", "2017-03", 10.5), ("bob", 201703, 3))
    with opened(tmp_path, {"book.xlsx": book}, BOOK, **READ_BOOK) as extract:
        assert [float(value) for value in column(extract, "bills", MARCH, "amount")] == [10.5, 3.0]
        assert list(extract.input_digests()) == ["book.xlsx"]


def test_a_late_text_in_a_column_of_numbers_is_kept_and_flagged(tmp_path: Path) -> None:
    rows = [*((f"c{number:04}", "2017-03", number) for number in range(2000)), ("zoe", "2017-03", "soon")]
    book = workbook("Sheet1", ("id", "month", "amount"), *rows)
    with opened(tmp_path, {"book.xlsx": book}, BOOK, **READ_BOOK) as extract:
        assert column(extract, "bills", MARCH, "unparsable:amount") == [False] * 2000 + [True]
        assert column(extract, "bills", MARCH, "amount")[1999] == 1999


def test_a_wrong_sheet_lists_the_sheets(tmp_path: Path) -> None:
    said = refusal(tmp_path, {"book.xlsx": workbook("March", ("id",))}, declared("book.xlsx", sheet="April"))
    assert said == "book.xlsx has no sheet 'April'; it has March; correct sheet in source.toml"


def test_what_is_no_workbook_is_said_so(tmp_path: Path) -> None:
    said = refusal(tmp_path, {"book.xlsx": BILLS}, declared("book.xlsx", sheet="Sheet1"))
    assert said == "book.xlsx is no readable Excel workbook; save it again as .xlsx"


def test_a_workbook_that_is_not_declared_says_how_to(tmp_path: Path) -> None:
    sql = READ_BILLS.replace("read_csv('bills.csv', all_varchar = true)", "'book.xlsx'")
    said = refusal(tmp_path, {"bills.csv": BILLS, "book.xlsx": workbook("Sheet1", ("id",))}, bills=sql)
    assert said == (
        "bills.sql: book.xlsx is a workbook; declare it in source.toml ([[files]] with name and sheet) "
        "and read 'book.parquet'"
    )


@pytest.mark.parametrize("name", ["gone.csv", "../bills.csv", "/etc/hostname"])
def test_a_declared_file_that_is_not_in_the_extract_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "bills.csv").write_text(BILLS)
    said = refusal(tmp_path, {"bills.csv": BILLS}, declared(name, encoding="gb18030"))
    assert said == (f"{name} is not in the extract folder, which holds bills.csv; deliver it, or correct the name")


@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_a_truncated_gzip_is_refused(tmp_path: Path, kept: float) -> None:
    whole = gzip.compress("".join(["id,month,amount\n", *(f"{PHONE}{n},2017-03,{n}\n" for n in range(9999))]).encode())
    sql = {"customers": READ_CUSTOMERS.replace(".csv", ".csv.gz"), "bills": READ_BILLS.replace(".csv", ".csv.gz")}
    said = refusal(tmp_path, {"bills.csv.gz": whole[: int(len(whole) * kept)]}, **sql)
    assert said == "bills.csv.gz is a truncated or damaged gzip file; have it delivered again"


def test_a_gzip_with_a_wrong_checksum_is_refused_though_the_engine_would_take_it(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(BILLS.encode()))
    whole[-6] ^= 0x55
    sql = {"customers": READ_CUSTOMERS.replace(".csv", ".csv.gz"), "bills": READ_BILLS.replace(".csv", ".csv.gz")}
    said = refusal(tmp_path, {"bills.csv.gz": bytes(whole)}, **sql)
    assert said == "bills.csv.gz is a truncated or damaged gzip file; have it delivered again"


@pytest.mark.parametrize(
    "odd",
    [
        "\ufeff" + BILLS,
        BILLS.replace("\n", "\r\n"),
        "\ufeff" + BILLS.replace("\n", "\r\n"),
        BILLS.replace("id,month,amount", " id , month,amount  "),
        BILLS.replace("id,month,amount", '" id ","month","amount "'),
        BILLS.replace("id,month,amount", "\u3000id,month\u00a0,amount"),
        BILLS.replace(",", " , "),
    ],
    ids=["bom", "crlf", "bom and crlf", "padded header", "padded in quotes", "padded by wide spaces", "padded cells"],
)
@pytest.mark.parametrize("options", ["", ", delim = ',', quote = '\"', escape = '\"'"], ids=["sniffed", "said"])
def test_odd_but_readable_text_simply_works(tmp_path: Path, odd: str, options: str) -> None:
    sql = READ_BILLS.replace("all_varchar = true", f"all_varchar = true{options}")
    with opened(tmp_path, {"bills.csv": odd}, bills=sql) as extract:
        assert column(extract, "bills", MARCH, "customer_id") == ["ann", "bob"]
        assert [float(amount) for amount in column(extract, "bills", MARCH, "amount")] == [10.5, 0.0]


def test_a_file_that_is_still_being_written_is_not_in_the_extract(tmp_path: Path) -> None:
    for name in ("bills.csv", ".bills_2.csv", ".bills_3.csv.part"):
        (tmp_path / name).touch()
    assert files_of(tmp_path) == ["bills.csv"]


def test_digests_are_of_the_files_that_were_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"bills.csv": BILLS, "unread.csv": "x", "sub/more.csv": BILLS}
    sql = READ_BILLS.replace("'bills.csv'", "['bills.csv', 'sub/more.csv']")
    with opened(tmp_path, files, bills=sql) as extract:
        assert extract.input_digests() == {
            "bills.csv": hashlib.sha256(BILLS.encode()).hexdigest(),
            "sub/more.csv": hashlib.sha256(BILLS.encode()).hexdigest(),
        }


def test_digests_are_in_order_of_names(tmp_path: Path) -> None:
    extract = extract_of(tmp_path, {"b": "2", "a": "1"})
    assert list(input_digests(extract, ["b", "a"])) == ["a", "b"]


def test_the_first_wrong_byte_is_found_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.extracts.CHUNK", 4)
    (tmp_path / "text").write_bytes("é全球é".encode() + b"\xe9.")
    assert first_byte_not_utf8(tmp_path / "text") == 10
    (tmp_path / "text").write_bytes("é全球é".encode())
    assert first_byte_not_utf8(tmp_path / "text") is None


def test_the_first_ragged_line_is_counted_in_lines_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "text").write_text('a;b\n"1\n1";2\n3;4;5\n')
    assert first_ragged_line(tmp_path / "text", ";") == (4, 3, 2)
    (tmp_path / "text").write_text("a;b\n1;2\n\n3;4\n")
    assert first_ragged_line(tmp_path / "text", ";") is None
