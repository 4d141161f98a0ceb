"""Mapping errors: what the SQL engine complains of, as one line that names file, column and remedy.

The engine's own messages quote lines and values of the extract, so none of them is passed on: each known
complaint is recognised by its fixed words, and what is unknown is reported by its kind alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from features.extracts import first_byte_not_utf8, is_inside, missing_file

_FILE = re.compile(r"^\s*file = (.+)$", re.MULTILINE)
_LINE = re.compile(r"CSV Error on Line: (\d+)")
_TYPE_HINT = "read the file with all_varchar = true, then what does not fit is rejected row by row"


def explained(complaint: str, table: str, read: Sequence[str], extract: Path, staged: Path) -> str:
    """One line for the engine's `complaint` about the mapping of `table`, which reads the files `read`."""
    where = f"{table}.sql"
    for pattern, answer in _ANSWERS:
        found = re.search(pattern, complaint)
        if found:
            return f"{where}: {answer(_Complaint(complaint, found, read, extract, staged))}"
    kind = complaint.partition(":")[0]
    return f"{where}: {kind} on a value of {_among(read)}, not shown here; use try_cast or try_strptime in the SELECT"


class _Complaint:
    """A recognised complaint and what is needed to answer it."""

    def __init__(self, text: str, found: re.Match[str], read: Sequence[str], extract: Path, staged: Path) -> None:
        self.text, self.found, self.read, self.extract, self.staged = text, found, read, extract, staged

    def file(self) -> str:
        """The file at fault, relative to the extract; it stands at the end of complaints about CSV."""
        named = _FILE.search(self.text)
        return self.relative(named[1]) if named else _among(self.read)

    def relative(self, path: str) -> str:
        for folder in (self.staged, self.extract):
            if path.startswith(f"{folder}/"):
                return path[len(str(folder)) + 1 :]
        return path

    def line(self) -> str:
        found = _LINE.search(self.text)
        return f"line {found[1]}" if found else "a line"


def _among(read: Sequence[str]) -> str:
    return " or ".join(read) if len(read) < 4 else f"{len(read)} files" if read else "the extract"


def _not_utf8(complaint: _Complaint) -> str:
    file = complaint.file()
    path = complaint.staged / file
    offset = first_byte_not_utf8(path) if path.is_file() else None
    place = complaint.line() if offset is None else f"byte {offset}"
    return (
        f'{file} is not UTF-8 text at {place}; declare it in source.toml: [[files]] name = "{file}", '
        f'encoding = "gb18030" (or "latin-1")'
    )


def _not_of_type(complaint: _Complaint) -> str:
    column, engine_type = complaint.found[1], complaint.found[2]
    return f'{complaint.file()} {complaint.line()}: column "{column}" holds a value that is no {engine_type}; {_TYPE_HINT}'


def _casting(complaint: _Complaint) -> str:
    return f'column "{complaint.found[1]}" holds a value that does not fit the cast; use try_cast in the SELECT'


def _width(complaint: _Complaint) -> str:
    expected, found = complaint.found[1], complaint.found[2]
    return f"{complaint.file()} {complaint.line()} has {found} columns instead of {expected}; mend it, or have it delivered again"


def _broken_line(complaint: _Complaint) -> str:
    return f"{complaint.file()} {complaint.line()} cannot be split into columns; mend the line, or have it delivered again"


def _dialect(complaint: _Complaint) -> str:
    file = complaint.relative(complaint.found[1])
    return f"{file}: rows and columns cannot be told apart; give delim and quote in read_csv, and one kind of line ends"


def _column(complaint: _Complaint) -> str:
    """A column of a similar name is proposed, and no other: without a header the names would be values."""
    from difflib import get_close_matches

    wanted = complaint.found[1]
    candidates = re.findall(r'"([^"]*)"', complaint.text.partition("Candidate bindings")[2].partition("LINE")[0])
    near = get_close_matches(wanted.lower(), [name.lower() for name in candidates], 1, 0.7)
    hint = f'; there is "{near[0]}"' if near else ""
    return (
        f'column "{wanted}" is not in {_among(complaint.read)}{hint}; '
        f"correct the name in the SELECT, or have the file delivered with it"
    )


def _file(complaint: _Complaint) -> str:
    name = complaint.relative(complaint.found[1])
    if name.endswith((".xlsx", ".xls")):
        return f'{name} is a workbook; declare it in source.toml ([[files]] name, sheet) and read "{Path(name).stem}.parquet"'
    if not is_inside(name):
        return f"{name} lies outside the extract folder; a mapping reads files in it and nothing else"
    return missing_file(name, complaint.extract)


def _gzip(complaint: _Complaint) -> str:
    return f"{complaint.relative(complaint.found[1])} is a truncated or damaged gzip file; have it delivered again"


def _globbed(complaint: _Complaint) -> str:
    file = re.search(r"Current file: (.+)", complaint.text)
    column = re.search(r'Column with name: "([^"]*)" is missing', complaint.text)
    name = complaint.relative(file[1]) if file else "a file"
    said = f'column "{column[1]}"' if column else "a column"
    return f"{name} lacks {said} that other files of the same pattern have; use union_by_name = true if that is right"


def _memory(complaint: _Complaint) -> str:
    return "the engine ran out of memory or temporary disk; raise memory in the settings or free disk space"


def _first_line(complaint: _Complaint) -> str:
    """Complaints about the SQL's own words quote the mapping, not the extract."""
    return f"{complaint.text.splitlines()[0].strip()}; correct the SELECT"


_ANSWERS: tuple[tuple[str, Callable[[_Complaint], str]], ...] = (
    (r"not utf-8 encoded|Invalid unicode", _not_utf8),
    (r'(?s)Error when converting column "(.+?)"\. .*?to \'([A-Z_ ]+)', _not_of_type),
    (r"when casting from source column (\w+)", _casting),
    (r"Expected Number of Columns: (\d+) Found: (\d+)", _width),
    (r"CSV Error on Line", _broken_line),
    (r'Error when sniffing file "(.+?)"', _dialect),
    (r'No files found that match the pattern "(.*?)"', _file),
    (r'Cannot access (?:file|directory) "(.*?)"', _file),
    (r"Table with name (\S*(?:\.\w+|/\S*)) does not exist", _file),
    (r'Referenced column "(.+?)" (?:was )?not found', _column),
    (r'does not have a column named "(.+?)"', _column),
    (r"(?:Unexpected end of|Input is not a) GZIP stream: (\S+)", _gzip),
    (r"Schema mismatch between globbed files", _globbed),
    (r"^Out of Memory|No space left", _memory),
    (r"^(?:Binder|Catalog|Parser) Error", _first_line),
)
