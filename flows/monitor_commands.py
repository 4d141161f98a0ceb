"""Monitor commands: is the champion still looking at the customers it learned from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from flows import options
from flows.output import console, told

if TYPE_CHECKING:
    from flows.monitor_steps import Monitored

SHOWN = 10


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: holdfast monitor --month 2017-10")(monitor)


def monitor(
    month: options.TheMonth,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Compare a scored month with what the champion was trained on: drift of every indicator and of the score.

    Writes monitoring/month=YYYY-MM/verdict.json and drift.html, one Evidently snapshot per month, and the month of
    the table `monitoring`. The verdict is ok, watch, drifted or not enough data, with advice whether to train again.
    Doing it again leaves what is done.
    """
    with told(json_) as out:
        from flows.monitor_steps import monitor as monitor_month
        from flows.workspace import open_workspace

        monitored = monitor_month(open_workspace(home, settings, out.say), month)
        out.result(
            {**monitored.content, "page": str(monitored.page), "workspace": str(monitored.workspace)},
            lambda: show_monitored(monitored),
        )


def show_monitored(monitored: Monitored) -> None:
    """The verdict with its reasons, and the indicators that count for most of the drift."""
    from rich.box import SIMPLE
    from rich.table import Table

    content, screen = monitored.content, console()
    model = content["model"]
    screen.print(
        f"{content['month']}: {content['verdict']}, {content['rows']:,} customers against {model['name']} version "
        f"{model['version']}, trained as of {model['trained_as_of']}"
    )
    for reason in content["reasons"]:
        screen.print(f"  {reason}")
    screen.print(f"advice: {content['advice']}")
    table = Table(
        title="Score, and the indicators with the most drift by importance",
        caption=f"usual: PSI between neighbouring months; up to {content['thresholds']['usual_times']:g} times that is "
        "stable; distance: Wasserstein, in standard deviations; weight: share of the model's importance",
        box=SIMPLE,
    )
    for column in ("", "PSI", "usual", "distance", "unknown", "weight", "state"):
        left = column in ("", "state")
        # Where the terminal is narrow, names go on in the next line and figures stay whole.
        table.add_column(column, justify="left" if left else "right", no_wrap=column != "", overflow="fold")
    for row in [content["score"], *content["most_drifted"][:SHOWN]]:
        table.add_row(*_cells(row))
    screen.print(table)
    quiet = "DO_NOT_TRACK=true"
    screen.print(f"page: {monitored.page}\ndashboard: {quiet} evidently ui --workspace {monitored.workspace}")


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    distance, usual = row["wasserstein"], row["usual_psi_of_a_month"]
    is_score = row["kind"] == "score"
    return (
        "score" if is_score else row["indicator"],
        f"{row['psi']:.3f}",
        "" if usual is None else f"{usual:.3f}",
        "" if distance is None else f"{distance:.2f}",
        f"{row['unknown_before']:.0%} → {row['unknown']:.0%}",
        "" if is_score else f"{row['importance']:.1%}",
        row["state"],
    )
