"""Extracts: an operator's folder of files, staged so that the SQL engine can read every one of them.

The staged folder holds a link for each file of the extract, and a converted copy for those declared in
source.toml, under names that the mappings use. The extract itself is never written to.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, cast

from features import FeaturesError
from features.source_mapping import DeclaredFile

CHUNK = 1 << 20
LONGEST_HEADER = 100_000
TEXT_FILES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")


def stage(extract: Path, files: Iterable[DeclaredFile], staged: Path, passed_over: Collection[str] = ()) -> None:
    """Fill the empty folder `staged` with a link or a converted copy of every file of `extract` but some.

    Raises FeaturesError for a missing folder or declared file, a wrong sheet, bytes that are not of the
    declared encoding, and a symbolic link that leads out of the folder.
    """
    for relative in files_of(extract):
        if relative in passed_over:
            continue
        (staged / relative).parent.mkdir(parents=True, exist_ok=True)
        (staged / relative).symlink_to(extract / relative)
    for file in declared_files(extract, files):
        if file.name in passed_over:
            continue
        original = extract / file.name
        if file.sheet is not None:
            _stage_sheet(original, file.sheet, staged / Path(file.name).with_suffix(".parquet"))
        else:
            _stage_decoded(original, file, staged / file.name)


def declared_files(extract: Path, files: Iterable[DeclaredFile]) -> list[DeclaredFile]:
    """Those files, each pattern such as `bills_*.csv` replaced by the files of the extract that it matches.

    The first declaration that matches a file holds; one that matches none is an error.
    """
    held, found = files_of(extract), dict[str, DeclaredFile]()
    for file in files:
        matched = [name for name in held if fnmatchcase(name, file.name)]
        if file.name in held:
            matched = [file.name]  # a name may hold [brackets] that are meant
        if not matched or not is_inside(file.name):
            raise FeaturesError(missing_file(file.name, extract))
        found = {name: replace(file, name=name) for name in matched} | found
    return list(found.values())


def files_of(extract: Path) -> list[str]:
    """The regular files in the folder, by name relative to it, sorted; one whose name begins with a dot is no file yet.

    Whoever writes or copies into the folder (rsync, the simulated operator) names files so until they are whole.
    """
    if not extract.is_dir():
        raise FeaturesError(f"extract {extract}: no such folder; give the one that holds the operator's files")
    found = []
    for folder, folders, names in os.walk(extract):
        for name in folders + names:
            path = Path(folder, name)
            if path.is_symlink() and not path.resolve().is_relative_to(extract.resolve()):
                raise FeaturesError(
                    f"extract: {path.relative_to(extract)} is a link that leads out of the folder; "
                    f"put the file itself there"
                )
        whole = [name for name in names if not name.startswith(".") and Path(folder, name).is_file()]
        found += [str(Path(folder, name).relative_to(extract)) for name in whole]
    return sorted(found)


def missing_file(name: str, extract: Path) -> str:
    held = files_of(extract)
    some = ", ".join(held[:8]) + (f" and {len(held) - 8} more" if len(held) > 8 else "")
    return f"{name} is not in the extract folder, which holds {some or 'nothing'}; deliver it, or correct the name"


def is_inside(name: str) -> bool:
    """Whether a name can only mean something inside the folder it is looked up in."""
    return bool(name) and not name.startswith(("/", "~")) and ".." not in Path(name).parts and "://" not in name


def _stage_sheet(original: Path, sheet: str, target: Path) -> None:
    """One sheet as Parquet. Types come from all rows, so that a late text does not turn into null."""
    import fastexcel
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        workbook = fastexcel.read_excel(original)
    except fastexcel.FastExcelError:
        raise FeaturesError(f"{original.name} is no readable Excel workbook; save it again as .xlsx") from None
    if sheet not in workbook.sheet_names:
        held = ", ".join(workbook.sheet_names)
        raise FeaturesError(f"{original.name} has no sheet {sheet!r}; it has {held}; correct sheet in source.toml")
    batch = workbook.load_sheet(sheet, schema_sample_rows=None).to_arrow()
    table = pa.Table.from_batches([batch])
    target.unlink(missing_ok=True)
    pq.write_table(table.rename_columns([name.strip() for name in table.column_names]), target)


def _stage_decoded(original: Path, file: DeclaredFile, target: Path) -> None:
    """The text as UTF-8 under the same name; still compressed when it was."""
    decoder = _decoder(file)
    seen = 0
    target.unlink(missing_ok=True)
    with _opened(original, "rb") as read, _opened(target, "wb") as write:
        for chunk in _chunks(read, file.name):
            seen += len(chunk)
            try:
                write.write(decoder.decode(chunk, final=not chunk).encode("utf-8"))
            except UnicodeDecodeError as error:
                offset = seen - len(error.object) + error.start
                raise FeaturesError(
                    f"{file.name}: byte {offset} is not {file.encoding} text; "
                    f"correct encoding in source.toml, or have the file delivered again"
                ) from None


def _decoder(file: DeclaredFile) -> codecs.IncrementalDecoder:
    encoding = cast(str, file.encoding)
    try:
        "".encode(encoding)
        return codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise FeaturesError(
            f"source.toml: encoding {encoding!r} of {file.name} is not known; write for example gb18030 or latin-1"
        ) from None


def _opened(path: Path, mode: str) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, mode) if path.suffix == ".gz" else path.open(mode))


def _chunks(read: IO[bytes], name: str) -> Iterator[bytes]:
    """The bytes of a file, ending with an empty chunk; a broken gzip is an error that says so."""
    while True:
        try:
            chunk = read.read(CHUNK)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise FeaturesError(f"{name} is a truncated or damaged gzip file; have it delivered again") from None
        yield chunk
        if not chunk:
            return


def check_gzip(extract: Path, names: Iterable[str]) -> None:
    """Read each compressed file to its checksum, which the engine does not look at."""
    for name in names:
        if name.endswith(".gz"):
            with _opened(extract / name, "rb") as read:
                for _ in _chunks(read, name):
                    pass


def input_digests(extract: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each file, by its name relative to the folder, in order of names."""
    digests = {}
    for name in sorted(names):
        with (extract / name).open("rb") as read:
            digests[name] = hashlib.file_digest(read, "sha256").hexdigest()
    return digests


def first_byte_not_utf8(path: Path) -> int | None:
    """Where a text stops being UTF-8; None when it never does."""
    decoder, seen = codecs.getincrementaldecoder("utf-8")(), 0
    with _opened(path, "rb") as read:
        for chunk in _chunks(read, path.name):
            seen += len(chunk)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return seen - len(error.object) + error.start
    return None


def header_of(path: Path) -> tuple[str, list[str]]:
    """The separator that the first line of a text uses most, and the names that it holds."""
    with _opened(path, "rb") as read:
        line = read.readline(LONGEST_HEADER).decode("utf-8-sig", errors="replace")
    separator = max(",;|\t", key=line.count)
    return separator, [name.strip() for name in next(csv.reader([line], delimiter=separator), []) if name.strip()]


def first_ragged_line(path: Path, delimiter: str) -> tuple[int, int, int] | None:
    """The first line with another number of columns than the header: the line, its columns and the header's.

    None when there is none, or when the text cannot be read as lines at all.
    """
    with io.TextIOWrapper(_opened(path, "rb"), encoding="utf-8-sig", errors="replace", newline="") as read:
        rows = csv.reader(read, delimiter=delimiter)
        with suppress(csv.Error):
            expected = len(next(rows, []))
            for row in rows:
                if row and len(row) != expected:
                    return rows.line_num, len(row), expected
    return None
