"""Describe: the data dictionary and the indicator catalogue, read from the contracts themselves."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from rich.table import Table

from features import HoldfastError, feature_table
from features.contracts import CONTRACTS, OWN, contract_of
from features.contracts.contract import Contract
from flows.output import console


def described(what: str | None) -> dict[str, Any]:
    """Tables in short (None), one table's columns, all indicators or one; for an unknown name an error lists them."""
    indicators = [vars(indicator) for indicator in feature_table.catalogue(())]
    if what == "indicators":
        return {"indicators": indicators}
    named = [indicator for indicator in indicators if indicator["name"] == what]
    if named:
        return {"indicator": named[0]}
    if what is None:
        return {"tables": [_in_short(contract) for contract in CONTRACTS.values()]}
    known = [*CONTRACTS, *OWN, *(indicator["name"] for indicator in indicators)]
    if what not in known:
        raise HoldfastError(_unknown(what, known))
    contract = OWN[what] if what in OWN else contract_of(what)
    return {"table": _in_short(contract), "columns": _columns(contract)}


def _unknown(what: str, known: Sequence[str]) -> str:
    near = get_close_matches(what, known)
    meant = f"did you mean {' or '.join(near)}?" if near else f"tables are {', '.join(CONTRACTS)}"
    return f"{what!r} is neither a table nor an indicator; {meant} (holdfast describe, holdfast describe indicators)"


def _in_short(contract: Contract) -> dict[str, Any]:
    return {
        "table": contract.name,
        "meaning": contract.meaning,
        "key": ", ".join([*contract.key(), "month"]),
        "required": "yes" if contract.required else "one of these" if contract.activity else "no",
    }


def _columns(contract: Contract) -> list[dict[str, Any]]:
    return [
        {
            "column": name,
            "type": str(column.dtype).partition("(")[0],
            "meaning": column.description or "",
            "unit": (column.metadata or {}).get("unit", ""),
            "may be null": "yes" if column.nullable else "no",
            "range": _range(column),
            "sensitivity": (column.metadata or {}).get("sensitivity", ""),
            "known": (column.metadata or {}).get("known", ""),
        }
        for name, column in contract.columns().items()
    ]


def _range(column: Any) -> str:
    categories = getattr(column, "categories", None)
    if categories is not None:
        return ", ".join(categories)
    low, high = getattr(column, "min", None), getattr(column, "max", None)
    return "" if low is None and high is None else f"{low} to {high}"


def show_described(content: dict[str, Any]) -> None:
    """What was asked for, as a table that fits a terminal; the JSON form has every field apart."""
    screen = console()
    if "indicator" in content:
        for fact, said in content["indicator"].items():
            if said:
                text = ", ".join(said) if isinstance(said, tuple) else said
                months = " months, the latest included" if fact == "window" else ""
                screen.print(f"{fact}: {text}{months}", markup=False)
    elif "tables" in content:
        rows = [(row["table"], row["meaning"], row["key"], row["required"]) for row in content["tables"]]
        screen.print(_table("contract tables", ("table", "meaning", "key", "required"), rows))
    elif "columns" in content:
        screen.print(f"[bold]{content['table']['table']}[/bold]: {content['table']['meaning']}")
        screen.print(f"Key: {content['table']['key']}.")
        rows = [(row["column"], row["meaning"], _in_words(row), row["sensitivity"]) for row in content["columns"]]
        screen.print(_table("columns", ("column", "meaning", "values", "sensitivity"), rows))
    else:
        rows = [(row["name"], row["meaning"], row["unit"], row["angle"]) for row in content["indicators"]]
        screen.print(_table("indicators", ("indicator", "meaning", "unit", "angle"), rows))
        screen.print("An operator's own columns add to these: see the contract custom_indicators.")


def _in_words(column: dict[str, Any]) -> str:
    known = f"known {column['known']}" if column["known"] else ""
    null = "may be null" if column["may be null"] == "yes" else "never null"
    unit = "" if column["unit"] == "date" else column["unit"]
    return "; ".join(part for part in (column["type"], unit, column["range"], null, known) if part)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=f"{len(rows)} {title}")
    table.add_column(columns[0], overflow="fold")
    table.add_column(columns[1], ratio=1)
    for column in columns[2:]:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    return table
