"""Mapping errors: what the SQL engine complains of, as one line that names file, column and remedy.

The engine's own messages quote lines and values of the extract, so none of them is passed on: each known
complaint is recognised by its fixed words, and what is unknown is reported by its kind alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

from features.extracts import (
    TEXT_FILES,
    first_byte_not_utf8,
    first_ragged_line,
    header_of,
    is_inside,
    missing_file,
)

_AGAIN = "or have the file delivered again"


@dataclass(frozen=True)
class Complaint:
    """What the engine said about the mapping of `table`, whose SQL reads the files `read` of a staged extract."""

    text: str
    table: str
    sql: str
    read: Sequence[str]
    extract: Path
    staged: Path

    def explained(self) -> str:
        """The complaint in one line that holds nobody's data."""
        for pattern, answer in _ANSWERS:
            found = re.search(pattern, self.text)
            if found:
                return f"{self.table}.sql: {answer(self, found)}"
        return (
            f"{self.table}.sql: {self.text.partition(':')[0]} on a value of {self.files()}, not shown here; "
            f"use try_cast or try_strptime in the SELECT"
        )

    def files(self) -> str:
        if len(self.read) > 3:
            return f"{len(self.read)} files"
        return " or ".join(self.read) or "the extract"

    def file(self) -> str:
        """The file at fault; it stands at the end of complaints about CSV."""
        named = re.search(r"^\s*file = (.+)$", self.text, re.MULTILINE)
        return self.relative(named[1]) if named else self.files()

    def place(self) -> str:
        """The file and line at fault."""
        line = re.search(r"CSV Error on Line: (\d+)", self.text)
        return f"{self.file()} line {line[1]}" if line else self.file()

    def column(self, name: str) -> str:
        """A column, by name if the mapping knows it: where a file has no header, names are somebody's values."""
        return f'column "{name}"' if re.search(rf"\b{re.escape(name)}\b", self.sql, re.IGNORECASE) else "a column"

    def relative(self, path: str) -> str:
        """A path of the staged or the original folder as its user knows it."""
        for folder in (self.staged, self.extract):
            if path.startswith(f"{folder}/"):
                return path[len(str(folder)) + 1 :]
        return path


_Answer: TypeAlias = Callable[[Complaint, re.Match[str]], str]


def _not_utf8(complaint: Complaint, _: re.Match[str]) -> str:
    file = complaint.file()
    path = complaint.staged / file
    offset = first_byte_not_utf8(path) if path.is_file() else None
    place = complaint.place() if offset is None else f"{file} at byte {offset}"
    return (
        f'{place} is not UTF-8 text; declare it in source.toml: [[files]] name = "{file}", '
        f'encoding = "gb18030" (or "latin-1", "utf-16")'
    )


def _not_of_type(complaint: Complaint, found: re.Match[str]) -> str:
    return (
        f"{complaint.place()}: {complaint.column(found[1])} holds a value that is no {found[2]}; "
        f"give read_csv all_varchar = true, then what does not fit is rejected row by row"
    )


def _casting(complaint: Complaint, found: re.Match[str]) -> str:
    return f"{complaint.column(found[1])} holds a value that does not fit the cast; use try_cast in the SELECT"


def _width(complaint: Complaint, found: re.Match[str]) -> str:
    return f"{complaint.place()} has {found[2]} columns instead of {found[1]}; mend it, {_AGAIN}"


def _broken_line(complaint: Complaint, _: re.Match[str]) -> str:
    return f"{complaint.place()} cannot be split into columns; mend it, {_AGAIN}"


def _dialect(complaint: Complaint, found: re.Match[str]) -> str:
    """The engine gives no line when it cannot even begin; with a known separator the line can be found."""
    file = complaint.relative(found[1])
    given = re.search(r"^Delimiter Candidates: '(.)'$", complaint.text, re.MULTILINE)
    if given:
        return _ragged(complaint, file, given[1])
    return f"{file} cannot be split into rows and columns; give delim, quote and escape, and one kind of line ends"


def _ragged(complaint: Complaint, file: str, separator: str) -> str:
    ragged = first_ragged_line(complaint.staged / file, separator)
    if ragged is None:
        return f"{file} cannot be split by {separator!r}; give delim, quote and escape, and one kind of line ends"
    line, columns, expected = ragged
    return f"{file} line {line} has {columns} columns instead of {expected}; mend it, {_AGAIN}"


def _column(complaint: Complaint, found: re.Match[str]) -> str:
    """A column of a similar name is proposed, and no other: without a header the names would be values.

    Where the file has the column, the engine took a later line for the header, because of lines of other widths.
    """
    for file in complaint.read:
        separator, header = header_of(complaint.staged / file) if file.endswith(TEXT_FILES) else ("", [])
        if found[1].lower() in map(str.lower, header):
            return _ragged(complaint, file, separator)
    candidates = complaint.text.partition("Candidate bindings")[2].partition("LINE")[0]
    names = {name.lower(): name for name in re.findall(r'"([^"]*)"', candidates)}
    near = get_close_matches(found[1].lower(), names, 1, 0.8)
    hint = f' (there is "{names[near[0]]}")' if near else ""
    return (
        f'column "{found[1]}" is not in {complaint.files()}{hint}; '
        f"correct the name in the SELECT, or header and delim of read_csv, {_AGAIN}"
    )


def _file(complaint: Complaint, found: re.Match[str]) -> str:
    name = complaint.relative(found[1])
    if not is_inside(name):
        return f"{name} lies outside the extract folder; a mapping reads files in it and nothing else"
    if name.endswith((".xlsx", ".xls")) and (complaint.extract / name).is_file():
        parquet = Path(name).with_suffix(".parquet")
        return f"{name} is a workbook; declare it in source.toml ([[files]] with name and sheet) and read '{parquet}'"
    return missing_file(name, complaint.extract)


def _damaged(complaint: Complaint, found: re.Match[str]) -> str:
    return f"{complaint.relative(found[1])} is truncated or damaged; have it delivered again"


def _globbed(complaint: Complaint, _: re.Match[str]) -> str:
    file = re.search(r"Current file: (.+)", complaint.text)
    column = re.search(r'Column with name: "([^"]*)" is missing', complaint.text)
    name = complaint.relative(file[1]) if file else "a file"
    said = complaint.column(column[1]) if column else "a column"
    return f"{name} lacks {said} that other files of the pattern have; give union_by_name = true if that is right"


def _memory(_: Complaint, __: re.Match[str]) -> str:
    return "the engine ran out of memory or temporary disk; raise its memory in the settings, or free disk space"


def _locked(_: Complaint, __: re.Match[str]) -> str:
    return "the engine's configuration is locked; leave what changes it out of the SELECT"


def _first_line(complaint: Complaint, _: re.Match[str]) -> str:
    """Complaints about the SQL's own words quote the mapping, not the extract."""
    return f"{complaint.text.splitlines()[0].strip()}; correct the SELECT"


_TYPES = "[A-Z]*INT|INTEGER|DOUBLE|FLOAT|DECIMAL|DATE|TIME|TIMESTAMP|BOOLEAN"
_ANSWERS: tuple[tuple[str, _Answer], ...] = (
    (r"not utf-8 encoded|Invalid unicode", _not_utf8),
    (rf"(?s)Error when converting column \"(.+?)\"\. .*?to '({_TYPES})\b", _not_of_type),
    (r"when casting from source column (\w+)", _casting),
    (r"Expected Number of Columns: (\d+) Found: (\d+)", _width),
    (r"CSV Error on Line", _broken_line),
    (r'Error when sniffing file "(.+?)"', _dialect),
    (r'No files found that match the pattern "(.*?)"', _file),
    (r'Cannot access (?:file|directory) "(.*?)"', _file),
    (r"Table with name (\S*(?:\.\w+|/\S*)) does not exist", _file),
    (r'Referenced column "(.+?)" (?:was )?not found', _column),
    (r'does not have a column named "(.+?)"', _column),
    (r'Column "+([^"]+)"+ (?:does not exist|referenced in UNPIVOT|in EXCLUDE list)', _column),
    (r"(?:Unexpected end of|Input is not a) GZIP stream: (\S+)", _damaged),
    (r"(?:No magic bytes found at end of file|File) '(.+?)'", _damaged),
    (r'Malformed JSON in file "(.+?)"', _damaged),
    (r"Schema mismatch between globbed files", _globbed),
    (r"^Out of Memory|No space left", _memory),
    (r"configuration has been locked", _locked),
    (r"^(?:Binder|Catalog|Parser) Error", _first_line),
)
