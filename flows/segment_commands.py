"""Segment commands: finding the segments of each brand's customers from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from flows import options
from flows.output import console, told


def add_to(app: typer.Typer) -> None:
    app.command(name="train-segments", epilog="Example: holdfast train-segments --as-of 2017-10")(train_segments)


def train_segments(
    as_of: options.AsOf,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Group each brand's customers by how they use the network, and register the segments.

    The number of segments is the largest on which two halves of the customers agree; a brand without stable
    groups stays one segment. The first version becomes @champion, a later one stays @challenger until promoted.
    """
    with told(json_) as out:
        from flows import segment_steps
        from flows.workspace import open_workspace
        from models.registry import SEGMENTS

        trained = segment_steps.train_segments(open_workspace(home, settings, out.say), as_of)
        content = {
            "model": SEGMENTS,
            "version": trained.version,
            "profiles": trained.profiles,
            "stability": trained.stability,
        }
        out.result(content, lambda: show_segments(content))


def show_segments(content: Mapping[str, Any]) -> None:
    """Every segment with its size and what sets it apart; the profile table itself is in MLflow."""
    from rich.table import Table

    screen = console()
    table = Table(title=f"{content['model']} version {content['version']}")
    for column in ("segment", "in short", "customers", "share of brand"):
        table.add_column(column, justify="left" if column in ("segment", "in short") else "right")
    for name, row in content["profiles"]["segments"].items():
        share = "" if row["share_of_brand"] is None else f"{row['share_of_brand']:.0%}"
        customers = row["customers"]
        table.add_row(name, row["label"], f"{customers:,}" if isinstance(customers, int) else customers, share)
    screen.print(table)
    for brand, choice in content["stability"].items():
        if choice["note"]:
            screen.print(f"{brand or 'all customers'}: {choice['note']}")
