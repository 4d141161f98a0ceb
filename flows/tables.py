"""Tables: what a command found, as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from flows.output import console

if TYPE_CHECKING:
    from features.month_ledger import Entry
    from models.promotion_ledger import Decision

TITLES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "top_decile_lift": "top-decile lift",
    "brier": "Brier score",
    "calibration_slope": "calibration slope",
    "observed_over_expected": "observed / expected",
}


def show_trained(trained: Mapping[str, Any]) -> None:
    """What was registered and decided of it, what it learned from, how the same recipe did before, where to look."""
    learned, screen = trained["trained_on"], console()
    screen.print(
        f"{trained['model']} version {trained['version']} learned from {learned['leavers']:,} leavers among "
        f"{learned['customers']:,} customers in {learned['scoring_months'][0]} to {learned['scoring_months'][-1]}"
    )
    if trained["note"]:
        screen.print(f"note: {trained['note']}")
    show_report(trained["test"], "the same recipe, trained as of its latest test month")
    screen.print(trained["decision"], soft_wrap=True)
    if trained["champion"] not in (trained["version"], 0):
        screen.print(f"@champion is version {trained['champion']}")
    screen.print(f"look at run {trained['run_id']}: mlflow ui --backend-store-uri {trained['where']}", soft_wrap=True)


def show_report(report: Mapping[str, Any], period: str) -> None:
    """One table per horizon: each metric of model and baselines over its 95 % interval, and the paired gain in AUC."""
    screen = console()
    for horizon, scores in report.get("pooled", {}).items():
        counts = report["counts"][horizon]
        table = Table(
            title=f"{horizon.replace('_', ' ')}, {period}\n{counts['rows']:,} rows, {counts['customers']:,} customers, "
            f"{counts['events']:,} leavers",
            caption=f"95 % intervals over whole customers\n{report['design']}",
        )
        table.add_column("")
        for name in scores:
            table.add_column(name.replace("_", " "), justify="right")
        for metric, title in TITLES.items():
            table.add_row(title, *(_figure(metrics[metric]) for metrics in scores.values()))
        gains = [report["differences"][horizon].get(name, {}).get("auc") for name in scores]
        table.add_row("AUC: model minus this", *(_figure(gain) if gain else "" for gain in gains))
        screen.print(table)
    for note in report.get("notes", []):
        screen.print(f"note: {note}")


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return str(figure.get("note", ""))
    return f"{figure['value']:.3f}\n" + (
        f"{figure['low']:.2f}…{figure['high']:.2f}" if figure.get("low") is not None else str(figure.get("note", ""))
    )


def show_promotions(decisions: Sequence[Decision]) -> None:
    table = Table(title="Decisions about champions")
    for column in ("decided at", "model", "decision", "from", "to", "moved", "by", "why"):
        table.add_column(column, justify="right" if column in ("from", "to") else "left")
    for row in decisions:
        table.add_row(
            row.decided_at[:19],
            row.model,
            row.action,
            str(row.from_version or ""),
            str(row.to_version),
            "yes" if row.moved else "no",
            row.actor,
            row.reason,
        )
    console().print(table)


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
    console().print(table)
