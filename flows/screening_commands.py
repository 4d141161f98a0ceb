"""Screening commands: which indicators a training learns from, from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from flows import options
from flows.output import console, told


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: holdfast screen --as-of 2017-08")(screen)


def screen(
    as_of: options.AsOf,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Screen the indicators: drop the nearly constant, and of those that say the same keep the preferred one.

    Only the scoring months that a training as of that month may see are looked at, and an indicator of whose whole
    window none of them could see is kept. The report, with factors and
    stability over the months, is in MLflow; the result becomes @champion, and trainings from that month on read it.
    """
    with told(json_) as out:
        from flows import screening_steps
        from flows.workspace import open_workspace
        from models.registry import SCREENING
        from models.screening_training import metrics

        trained = screening_steps.screen(open_workspace(home, settings, out.say), as_of)
        evidence = trained.evidence
        content = {
            "model": SCREENING,
            "version": trained.version,
            **metrics(evidence),
            "screening": evidence.screening,
            "stability": evidence.stability,
        }
        out.result(content, lambda: show_screening(content))


def show_screening(content: Mapping[str, Any]) -> None:
    """How many are kept and dropped, and what stands for what; the report itself is in MLflow."""
    from rich.table import Table

    out, screening = console(), content["screening"]
    first, last = screening.months[0], screening.months[-1]
    months = f"month {first}" if first == last else f"months {first} to {last}"
    out.print(
        f"{content['model']} version {content['version']}: {content['kept']} indicators kept, "
        f"{content['not_judged']} of them not judged yet, {content['unknown']} known of nobody, "
        f"{content['nearly_constant']} nearly constant, {content['redundant']} redundant, on scoring {months}"
    )
    table = Table(title="Redundant indicators")
    for column in ("kept", "stands for"):
        table.add_column(column)
    for name in screening.kept:
        stood_for = screening.represented_by(name)
        if stood_for:
            table.add_row(name, ", ".join(one.name for one in stood_for))
    if table.row_count:
        out.print(table)
