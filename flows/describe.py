"""Describe: the data dictionary and the indicator catalogue, read from the contracts themselves."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from features import feature_table
from features.contracts import CONTRACTS, contract_of
from features.contracts.contract import Contract


def described(what: str | None) -> dict[str, Any]:
    """Tables in short (None), one table's columns, or all indicators; an unknown name is an error that lists them."""
    if what == "indicators":
        return {"indicators": [vars(indicator) for indicator in feature_table.catalogue(())]}
    if what is None:
        return {"tables": [_in_short(contract) for contract in CONTRACTS.values()]}
    return {"table": _in_short(contract_of(what)), "columns": _columns(contract_of(what))}


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
    """The rows of each part as a table, one column per field."""
    for title, rows in content.items():
        if isinstance(rows, dict):
            Console().print(f"[bold]{rows['table']}[/bold]: {rows['meaning']} Key: {rows['key']}.")
            continue
        table = Table(title=f"{len(rows)} {title}")
        for column in rows[0]:
            table.add_column(column)
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        Console().print(table)
