"""Simulate commands: an invented operator for whoever has no data of one, living on with what is done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from features.months import Month
from flows import options
from flows.output import told

FIRST: Any = "2025-01"
"""Typer parses a default as it does what was typed."""
simulate_app = typer.Typer(
    no_args_is_help=True,
    help="An invented operator to learn, demonstrate and prove with: it sends extracts, and answers to campaigns.",
)


def add_to(app: typer.Typer) -> None:
    simulate_app.command(epilog="Example: holdfast simulate start --home var/fairland --customers 5000")(start)
    simulate_app.command(epilog="Example: holdfast simulate advance --home var/fairland --months 3")(advance)
    app.add_typer(simulate_app, name="simulate")


def start(
    home: options.Home = options.HOME,
    world: Annotated[str, typer.Option(metavar="FILE|NAME", help="The world: a shipped one or a TOML file.")] = "usual",
    draw: Annotated[
        int | None,
        typer.Option(min=0, metavar="SEED", help="Draw the world's constants from their ranges by this seed."),
    ] = None,
    customers: Annotated[int, typer.Option(min=100, help="How many to begin with; about as many join as leave.")] = (
        20_000
    ),
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 1,
    first: Annotated[
        Month, typer.Option("--first", parser=options.month_of, metavar="YYYY-MM", help="First month.")
    ] = FIRST,
    months: Annotated[int, typer.Option(min=1, help="How many months to live at once.")] = 12,
    format_: Annotated[
        Literal["parquet", "csv", "gb18030"],
        typer.Option("--format", help="Of the extracts; gb18030 is CSV as older Chinese systems write it."),
    ] = "parquet",
    dirt: Annotated[
        float,
        typer.Option(min=0, max=0.5, help="Share of bad rows; an ingest refuses a month with more than 0.01."),
    ] = 0.0,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Begin an operator in a new home: its people live the first months, and it sends its extracts.

    extracts/ holds a file per table, month and block of 65,536 people, in the operator's own names and codes, with
    numbers, documents and handsets as they are: the source mapping hides them. truth/ holds what no operator knows,
    such as how likely each customer really is to leave; it is there to judge by, and nothing of Holdfast reads it.
    """
    with told(json_) as out:
        from flows.simulated_home import Order, has_key, source_of
        from flows.simulated_home import start as begin
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        order = Order(world, customers, seed, first, format_, dirt, draw)
        operator = begin(work, order, months)
        source = source_of(operator, format_)
        next_ = f"holdfast ingest --source {source} --from {operator.extracts} --all --home {home}"
        facts = {"extracts": operator.extracts, "truth": operator.truth, "source": source}
        key = "" if has_key(work) else "give it a key (holdfast key new FILE, export HOLDFAST_KEY_FILE=FILE), then "
        out.result(facts, f"{operator.extracts} holds {first} to {first + (months - 1)}; next: {key}{next_}")


def advance(
    home: options.Home = options.HOME,
    months: Annotated[int, typer.Option(min=1, help="How many months to live.")] = 1,
    without_calls: Annotated[
        bool, typer.Option("--without-calls", help="Live on though nobody told the numbers of a campaign that waits.")
    ] = False,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Let the operator of a home that `simulate start` made live on, and send the extracts of the months lived.

    The campaigns in Holdfast's ledger that were not worked yet are worked in the first of the months: whoever has a
    task is contacted with its plan and channel; who is withheld is left alone. What they answer comes back as
    responses, and what it did to them shows in whether they stay. The dialler has to be told the numbers before
    (holdfast resolve): a call that comes a month late comes to people who may be gone.
    """
    with told(json_) as out:
        from flows.simulated_home import advance as live_on
        from flows.workspace import open_workspace

        lived = live_on(open_workspace(home, settings, out.say), months, without_calls=without_calls)
        out.result(lived, _in_words(lived, home))


def _in_words(lived: dict[str, Any], home: Path) -> str:
    contacted = ", ".join(f"{calls:,} for {campaign}" for campaign, calls in lived["contacted"].items()) or "nobody"
    first, last = lived["first"], lived["last"]
    run = f"run-month --month {first}" if first == last else f"backfill --from {first} --to {last}"
    return f"lived {first} to {last}; contacted: {contacted}; next: holdfast {run} --home {home}"
