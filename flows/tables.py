"""Tables: what a command found, as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from features.month_ledger import Entry

TITLES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "top_decile_lift": "top-decile lift",
    "brier": "Brier score",
    "calibration_slope": "calibration slope",
    "observed_over_expected": "observed / expected",
}


def show_report(report: dict[str, Any], period: str) -> None:
    """One table per horizon: model and baselines with their 95 % intervals, and the paired differences in AUC."""
    console = Console()
    for horizon, scores in report.get("pooled", {}).items():
        counts = report["counts"][horizon]
        table = Table(
            title=f"{horizon.replace('_', ' ')}, {period}: {counts['rows']:,} rows, {counts['customers']:,} "
            f"customers, {counts['events']:,} leavers",
            caption=f"95 % intervals over whole customers; {report['design']}",
        )
        table.add_column("")
        for title in TITLES.values():
            table.add_column(title, justify="right")
        table.add_column("AUC: model minus this", justify="right")
        for name, metrics in scores.items():
            difference = report["differences"][horizon].get(name, {}).get("auc")
            table.add_row(name, *(_figure(metrics[m]) for m in TITLES), _figure(difference) if difference else "")
        console.print(table)
    for note in report.get("notes", []):
        console.print(f"note: {note}")


def _figure(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return str(figure.get("note", ""))
    interval = f"\n{figure['low']:.3f} to {figure['high']:.3f}" if figure.get("low") is not None else "\nno interval"
    return f"{figure['value']:.3f}{interval}"


def show_revisions(entries: Sequence[Entry]) -> None:
    table = Table(title="Delivered months")
    for column in ("table", "month", "revision", "known since", "rows", "rejected", "recorded at", "source"):
        table.add_column(column, justify="right" if column in ("revision", "rows", "rejected") else "left")
    for entry in entries:
        table.add_row(
            entry.table,
            str(entry.month),
            str(entry.revision),
            str(entry.known_since),
            f"{entry.rows:,}",
            f"{entry.rejected:,}",
            entry.recorded_at[:19],
            entry.source,
        )
    Console().print(table)
