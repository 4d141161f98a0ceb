"""A source mapping: a folder that says how one operator's files become contract tables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from features import FeaturesError
from features.labels import Activity, ChurnDefinition
from features.months import Month

SETTINGS = "source.toml"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_ACTIVITY = re.compile(r"(\w+)\.(\w+)")
_T = TypeVar("_T")


@dataclass(frozen=True)
class DeclaredFile:
    """Files the engine cannot read as they are: one sheet of a workbook, or text that is not UTF-8.

    `name` may be a pattern for many, such as `bills_*.csv`.
    """

    name: str
    sheet: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Source:
    """One operator's mapping, checked: who it is, what leaving means there, and the SELECT behind each table.

    `tables` holds the SQL text by contract table. `keyed` names the columns, in whichever table, whose
    values come from phone numbers, documents or handsets and are replaced by HMACs. `month_in_name` finds the month
    in a file's name: for a month that is asked for only its files are then read, and those whose names tell none.
    """

    name: str
    operator: str
    timezone: str
    currency: str
    churn: ChurnDefinition
    tables: Mapping[str, str]
    folder: Path
    brands: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    files: tuple[DeclaredFile, ...] = ()
    month_in_name: re.Pattern[str] | None = None

    def month_of(self, file: str) -> Month | None:
        """The month whose rows a file holds, as its name tells; None where the name tells nothing."""
        told = self.month_in_name and self.month_in_name.search(file)
        if not told:
            return None
        try:
            return Month(int(told["year"]), int(told["month"]))
        except FeaturesError:
            return None


@dataclass(frozen=True)
class _Section:
    """Part of a source.toml, read key by key so that a misspelt key is never silently ignored."""

    where: str
    values: Mapping[str, Any]
    read: set[str] = field(default_factory=set)

    def get(self, key: str, kind: type[_T], default: _T | None = None) -> _T:
        """The value of `key`; `default` when it is absent, an error when there is no default."""
        self.read.add(key)
        value = self.values.get(key, default)
        if value is None:
            raise FeaturesError(f"{self.where}: {key!r} is missing; add {key} = ...")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise FeaturesError(f"{self.where}: {key} = {value!r} is no {_WRITTEN_AS[kind]}; correct it")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self.items(key, str))

    def items(self, key: str, kind: type[_T], default: Iterable[_T] = ()) -> list[_T]:
        listed = self.get(key, list, list(default))
        for item in listed:
            if not isinstance(item, kind):
                raise FeaturesError(f"{self.where}: {key} holds {item!r}, which is no {_WRITTEN_AS[kind]}; correct it")
        return listed

    def finish(self) -> None:
        for key in self.values:
            if key not in self.read:
                raise FeaturesError(f"{self.where}: unknown key {key!r}; known are {', '.join(sorted(self.read))}")


_WRITTEN_AS = {str: 'text in "quotes"', int: "whole number", bool: "true or false", list: "[list]", dict: "[section]"}


def mapping_folder(name_or_path: str, registered: Path) -> Path:
    """The folder of a mapping, given the name of a registered one or a path that holds a `/` or a `.`."""
    if not _NAME.fullmatch(name_or_path):
        folder = Path(name_or_path).expanduser()
        if (folder / SETTINGS).is_file():
            return folder
        raise FeaturesError(
            f"source {name_or_path}: no {SETTINGS} there; give the folder that holds it and the .sql files"
        )
    if (registered / name_or_path / SETTINGS).is_file():
        return registered / name_or_path
    known = ", ".join(sorted(path.parent.name for path in registered.glob(f"*/{SETTINGS}"))) or "none"
    raise FeaturesError(
        f"source {name_or_path!r} is not known; known are {known}; for a folder of your own write ./{name_or_path}"
    )


def read_mapping(name_or_path: str, registered: Path) -> Source:
    """Read and check a mapping folder, all but its SQL.

    Raises FeaturesError, with the key or table at fault, for anything it does not know or misses.
    """
    folder = mapping_folder(name_or_path, registered).resolve()
    top = _Section(f"{folder.name}/{SETTINGS}", _parsed(folder / SETTINGS))
    churn, tables = _churn(top), _tables(folder)
    source = Source(
        name=folder.name,
        operator=top.get("operator", str),
        timezone=_timezone(top),
        currency=top.get("currency", str),
        churn=churn,
        tables=tables,
        folder=folder,
        brands=top.texts("brands"),
        keyed=_keyed(top),
        files=tuple(_declared(top, position) for position in range(len(top.items("files", dict)))),
        month_in_name=_month_in_name(top),
    )
    top.finish()
    _check_tables(source)
    return source


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FeaturesError(f"{path.parent.name}/{path.name}: not TOML: {error}; correct that line") from None


def _timezone(top: _Section) -> str:
    name = top.get("timezone", str)
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise FeaturesError(f"{top.where}: timezone {name!r} is not known; write for example Asia/Shanghai") from None


def _keyed(top: _Section) -> tuple[str, ...]:
    """The columns to key; only text can be, because an HMAC is text."""
    from features.contracts import CONTRACTS

    texts = {
        name
        for contract in CONTRACTS.values()
        for name, column in contract.columns().items()
        if type(column).__name__ == "String"
    }
    keyed = top.texts("keyed")
    for column in keyed:
        if column not in texts:
            raise FeaturesError(f"{top.where}: keyed column {column!r} is no text column of any contract; remove it")
    return keyed


def _month_in_name(top: _Section) -> re.Pattern[str] | None:
    """The pattern by which a file's name tells its month, with the groups `year` and `month`."""
    written = top.get("month_in_name", str, "")
    try:
        pattern = re.compile(written)
    except re.error as error:
        raise FeaturesError(f"{top.where}: month_in_name is no regular expression: {error}; correct it") from None
    if written and set(pattern.groupindex) != {"year", "month"}:
        raise FeaturesError(
            f"{top.where}: month_in_name {written!r} must name its groups year and month; "
            r"write for example '_(?<year>\d{4})-(?<month>\d{2})'".replace("?<", "?P<")
        )
    return pattern if written else None


def _churn(top: _Section) -> ChurnDefinition:
    usual = ChurnDefinition()
    section = _Section(f"{top.where} [churn]", top.get("churn", dict))
    first = section.get("first_label_month", str, "")
    churn = ChurnDefinition(
        silent_months=_at_least(1, section, "silent_months", usual.silent_months),
        gap=_at_least(0, section, "gap", usual.gap),
        horizons=tuple(sorted(section.items("horizons", int, usual.horizons))),
        activity=tuple(_activity(section.where, text) for text in section.texts("activity")),
        first_label_month=Month.parse(first) if first else None,
        given=section.get("given", bool, usual.given),
    )
    section.finish()
    if not churn.horizons or churn.horizons[0] < 1:
        raise FeaturesError(f"{section.where}: horizons must be one or more months of at least 1; write [1, 3]")
    if not churn.activity and not churn.given:
        raise FeaturesError(f'{section.where}: activity is missing; write for example activity = ["bills.amount"]')
    return churn


def _at_least(least: int, section: _Section, key: str, default: int) -> int:
    value = section.get(key, int, default)
    if value < least:
        raise FeaturesError(f"{section.where}: {key} = {value} is too small; give at least {least}")
    return value


def _activity(where: str, text: str) -> Activity:
    from features.contracts import contract_of

    written = _ACTIVITY.fullmatch(text)
    if written is None:
        raise FeaturesError(f"{where}: activity {text!r} is not written as table.column, for example bills.amount")
    columns = contract_of(written[1]).columns()
    if type(columns.get(written[2])).__name__ not in ("Decimal", "Float64", "Int32"):
        raise FeaturesError(f"{where}: activity {text!r} is no numeric column; choose one of {', '.join(columns)}")
    return Activity(written[1], written[2])


def _declared(top: _Section, position: int) -> DeclaredFile:
    section = _Section(f"{top.where} [[files]] {position + 1}", top.items("files", dict)[position])
    file = DeclaredFile(
        section.get("name", str), section.get("sheet", str, "") or None, section.get("encoding", str, "") or None
    )
    section.finish()
    if (file.sheet is None) == (file.encoding is None):
        raise FeaturesError(f"{section.where}: {file.name} needs either a sheet or an encoding; give one of them")
    return file


def _tables(folder: Path) -> dict[str, str]:
    from features.contracts import contract_of

    tables = {}
    for path in sorted(folder.glob("*.sql")):
        try:
            tables[contract_of(path.stem).name] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise FeaturesError(f"{folder.name}/{path.name}: not UTF-8 text; save it as UTF-8") from None
    return tables


def _check_tables(source: Source) -> None:
    """Only customers and what tells leaving are required; everything else may be missing."""
    from features.contracts import CONTRACTS

    needed = {contract.name for contract in CONTRACTS.values() if contract.required}
    needed |= {"outcomes"} if source.churn.given else {activity.table for activity in source.churn.activity}
    for table in sorted(needed - set(source.tables)):
        raise FeaturesError(f"{source.name}/{table}.sql is missing; the churn definition or the contract needs it")
