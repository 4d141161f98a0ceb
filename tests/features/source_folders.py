"""Small mapping folders and extracts, written where a test wants them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from features.months import Month
from features.sources import OpenExtract, Source, load_source, open_extract

SOURCE = """
operator = "Test operator"
timezone = "Asia/Shanghai"
currency = "CNY"

[churn]
activity = ["bills.amount"]
"""
READ_CUSTOMERS = "SELECT id AS customer_id, month, 'active' AS status FROM read_csv('bills.csv', all_varchar = true)"
READ_BILLS = "SELECT id AS customer_id, month, amount FROM read_csv('bills.csv', all_varchar = true)"
BILLS = "id,month,amount\nann,2017-03,10.5\nbob,2017-03,0\nann,2017-04,12\n"
PHONE = "13900001111"
"""Stands in test data for what no message may show."""


def source_of(folder: Path, toml: str = SOURCE, **sql: str | None) -> Source:
    """The source whose mapping folder holds `toml` and the given SQL; customers and bills unless replaced or None."""
    mapping = folder / "mapping"
    mapping.mkdir(exist_ok=True)
    (mapping / "source.toml").write_text(toml, encoding="utf-8")
    for table, text in ({"customers": READ_CUSTOMERS, "bills": READ_BILLS} | sql).items():
        if text is not None:
            (mapping / f"{table}.sql").write_text(text, encoding="utf-8")
    return load_source(str(mapping), folder / "registered")


def extract_of(folder: Path, files: dict[str, str | bytes]) -> Path:
    extract = folder / "extract"
    extract.mkdir(exist_ok=True)
    for name, content in files.items():
        path = extract / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return extract


@contextmanager
def opened(
    folder: Path,
    files: dict[str, str | bytes] | None = None,
    toml: str = SOURCE,
    *,
    key: bytes | None = None,
    buckets: int | None = 1,
    threads: int = 1,
    only: Month | None = None,
    **sql: str | None,
) -> Iterator[OpenExtract]:
    """An open extract of the given files (one bills.csv unless given) through the given mapping."""
    extract = extract_of(folder, {"bills.csv": BILLS} if files is None else files)
    with open_extract(
        source_of(folder, toml, **sql),
        extract,
        staging=folder / "staging",
        key=key,
        buckets=buckets,
        threads=threads,
        memory_gb=0.5,
        only=only,
    ) as found:
        yield found


def column(extract: OpenExtract, table: str, month: Any, name: str) -> list[Any]:
    """The values of a column in `month`, all buckets, in key order within each."""
    return [
        value for bucket in range(extract.buckets) for value in extract.batch(table, month, bucket)[name].to_pylist()
    ]


def workbook(sheet: str, *rows: Sequence[str | float]) -> bytes:
    """An Excel workbook with one sheet, in the least that the format asks for."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{relations}">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        f'<sheet name="{escape(sheet)}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relations}">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>'
        f"{''.join(map(_row, rows))}</sheetData></worksheet>",
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def _row(values: Sequence[str | float]) -> str:
    return f"<row>{''.join(map(_cell, values))}</row>"


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"
