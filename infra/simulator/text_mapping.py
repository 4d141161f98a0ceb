"""Text mapping: the operator's source mapping for extracts that are CSV, made from the shipped one for Parquet."""

from __future__ import annotations

import re
from pathlib import Path

_READS_PARQUET = re.compile(r"read_parquet\('(\w+_\*)\.parquet'\)")
_READS_TEXT = r"""read_csv('\1.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')"""
_IN_FEN = re.compile(r"(\w+_fen) \* 0\.01")
_TEXT_IN_FEN = r"coalesce(CAST(TRY_CAST(\1 AS INTEGER) * 0.01 AS VARCHAR), \1)"
"""What is no number stays as it is, for the contract to reject that row by its name."""


def write_text_mapping(parquet: Path, form: str, folder: Path) -> None:
    """Write into `folder` what the mapping in folder `parquet` says, for CSV in the encoding `form` (csv: UTF-8)."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(parquet.glob("*.sql")):
        sql = _READS_PARQUET.sub(_READS_TEXT, file.read_text(encoding="utf-8"))
        (folder / file.name).write_text(_IN_FEN.sub(_TEXT_IN_FEN, sql), encoding="utf-8")
    declared = "" if form == "csv" else f'\n[[files]]\nname = "*.csv"\nencoding = "{form}"\n'
    settings = (parquet / "source.toml").read_text(encoding="utf-8")
    (folder / "source.toml").write_text(settings + declared, encoding="utf-8")
