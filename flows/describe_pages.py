"""Describe pages: the data dictionary and the indicators as Markdown pages of `docs/`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from features.contracts import OWN
from features.measures import ANGLES
from flows.describe import described

_DICTIONARY = """# Data dictionary

The tables that an operator delivers, and last the one that Holdfast writes itself, printed from the contracts that
check every arrival: `holdfast describe --markdown > docs/data_dictionary.md`. What may be null may be left out.

Sensitivity says whom a value could tell of: `none` nobody, `business` nobody but it is the operator's secret,
`personal` a person together with other columns, `identifier` a person alone, which is why it arrives keyed (hashed with
the home's own key). Values of the last two appear in no message and no log. A date that is known *when it happens* is
hidden from every month before it; one known *in advance* is not.
"""
_INDICATORS = """# Indicators

What the feature table knows of every customer as of a month, printed from the catalogue:
`holdfast describe indicators --markdown > docs/indicators.md`. Months after the one scored are never looked at.
Unknown is null and never zero; zero is what a delivered table says did not happen. An operator's own columns add to
these (table `custom_indicators`). The window counts months, the latest included.
"""


_NEEDED = {"yes": " Every month needs it.", "one of these": " A month needs this or another table of activity."}


def page(what: str | None) -> str:
    """The page of the tables (None), of all indicators, or of one table or indicator alone."""
    if what == "indicators":
        return _indicators()
    found = {} if what is None else described(what)
    return _angle(found["indicator"]["angle"], [found["indicator"]]) if "indicator" in found else _tables(what)


def _tables(what: str | None) -> str:
    tables = [*(row["table"] for row in described(None)["tables"]), *OWN] if what is None else [what]
    parts = [_table(described(name)) for name in tables]
    if what is not None:
        return "\n".join(parts)
    contents = "\n".join(f"- [{name}](#{name}): {described(name)['table']['meaning']}" for name in tables)
    return "\n".join([_DICTIONARY, contents, "", *parts])


def _table(content: dict[str, Any]) -> str:
    table = content["table"]
    rows = ([f"`{row['column']}`", row["meaning"], _values(row), row["sensitivity"]] for row in content["columns"])
    listed = _listed(("column", "meaning", "values", "sensitivity"), rows)
    needed = _NEEDED.get(table["required"], "")
    return f"## {table['table']}\n\n{table['meaning']} Key: {table['key']}.{needed}\n\n{listed}\n"


def _values(column: dict[str, Any]) -> str:
    unit = "" if column["unit"] == "date" else column["unit"]
    known = f"known {column['known']}" if column["known"] else ""
    null = "" if column["may be null"] == "yes" else "never null"
    return "; ".join(part for part in (column["type"], unit, column["range"], null, known) if part)


def _indicators() -> str:
    found = described("indicators")["indicators"]
    angles = [angle for angle in ANGLES if any(indicator["angle"] == angle for indicator in found)]
    counts = [(f"[{angle}](#{angle.replace(' ', '-')})", _of(found, angle)) for angle in angles]
    contents = _listed(("angle", "indicators"), ([name, str(len(of))] for name, of in counts))
    total = f"{len(found)} indicators from {len(angles)} angles:\n"
    return "\n".join([_INDICATORS, total, contents, "", *(_angle(angle, _of(found, angle)) for angle in angles)])


def _of(found: Sequence[dict[str, Any]], angle: str) -> list[dict[str, Any]]:
    return [indicator for indicator in found if indicator["angle"] == angle]


def _angle(angle: str, found: Sequence[dict[str, Any]]) -> str:
    rows = ([f"`{row['name']}`", row["meaning"], row["unit"], str(row["window"]), _made_of(row)] for row in found)
    return f"## {angle}\n\n{_listed(('indicator', 'meaning', 'unit', 'window', 'tables'), rows)}\n"


def _made_of(indicator: dict[str, Any]) -> str:
    return ", ".join((indicator["table"], *indicator["beside"]))


def _listed(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
