"""Mapped files: which files of an extract a mapping reads, and which of their columns it leaves unread."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from features.extracts import TEXT_FILES, header_of, is_inside

_TOKEN = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|[^\s\w]""", re.DOTALL)
_READERS = ("read_", "parquet_", "sniff_csv", "glob")
_TAKES_BY_PATTERN = re.compile(r"(?:\bselect|,|\.)\s*\*|\bcolumns\s*\(", re.IGNORECASE)
_COMMENTS = ("--", "/*")


def file_names(sql: str) -> list[tuple[int, int, str]]:
    """Where a SELECT names files: position, end and name of each literal after FROM or JOIN or inside read_xxx(...).

    A literal elsewhere, such as a separator '*', is not a file name even where a file would match it.
    """
    found = []
    before, listing = ("", ""), False
    for token in _TOKEN.finditer(sql):
        text = token[0]
        if text.startswith(_COMMENTS):
            continue
        opened = before[1] == "(" and before[0].startswith(_READERS)
        listing = (opened and text == "[") or (listing and text != "]")
        if text.startswith("'") and (opened or listing or before[1] in {"from", "join"}):
            found.append((token.start(), token.end(), text[1:-1].replace("''", "'")))
        before = (before[1], text.lower())
    return found


def located(sql: str, staged: Path) -> tuple[str, list[str]]:
    """The SELECT with its file names made absolute, and the files that they match.

    A locked engine refuses relative names. A name that matches nothing is left as it is, for the engine to refuse.
    """
    held = [str(path.relative_to(staged)) for path in sorted(staged.rglob("*")) if path.is_file()]
    parts: list[str] = []
    read: set[str] = set()
    end = 0
    for start, stop, name in file_names(sql):
        matched = _matching(name, held)
        if matched:
            parts += [sql[end:start], "'" + str(staged / name).replace("'", "''") + "'"]
            end = stop
            read.update(matched)
    return "".join([*parts, sql[end:]]), sorted(read)


def named(sql: str, files: Iterable[str]) -> list[str]:
    """Those of `files` that a SELECT names."""
    names = [name for _, _, name in file_names(sql)]
    return [file for file in files if any(_matching(name, [file]) for name in names)]


def _matching(name: str, files: Iterable[str]) -> list[str]:
    return [file for file in files if fnmatchcase(file, name)] if is_inside(name) else []


def unread_columns(staged: Path, name: str, sqls: Iterable[str]) -> list[str]:
    """Columns of a text file that the mappings reading it do not name: what an operator added, or nobody needs.

    None when a mapping takes columns by a pattern (`*`, COLUMNS(...)), nor when the first line does not look like a
    header that the mappings know: its cells may be somebody's values.
    """
    sql = "\n".join(_without_comments(text) for text in sqls)
    if not name.endswith(TEXT_FILES) or _TAKES_BY_PATTERN.search(sql):
        return []
    words = _words(sql)
    _, header = header_of(staged / name)
    unread = [column for column in header if not _words(column) <= words]
    is_known = len(unread) < len(header) and all(column[0].isalpha() for column in header)
    return unread if is_known else []


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _without_comments(sql: str) -> str:
    return " ".join(token[0] for token in _TOKEN.finditer(sql) if not token[0].startswith(_COMMENTS))
