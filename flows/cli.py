"""Command line: every step of the month, from extract to list, without a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows import (
    backup_commands,
    campaign_commands,
    list_commands,
    model_commands,
    monitor_commands,
    month_commands,
    options,
    screening_commands,
    segment_commands,
    service_commands,
    simulate_commands,
)
from flows.output import told

app = typer.Typer(
    name="holdfast",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",  # in Rich's own markup the settings' [section] names would vanish
    pretty_exceptions_enable=False,
    help="Keep a telecom operator's valuable customers: from monthly extracts to a ranked, back-tested warning list.",
    epilog="Start with: holdfast demo",
)


def _told_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("holdfast"))
        raise typer.Exit


@app.callback()
def _before_any_command(
    _version: Annotated[
        bool, typer.Option("--version", callback=_told_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None: ...


key_app = typer.Typer(no_args_is_help=True, help="The key that makes pseudonymous ids out of phone numbers.")
app.add_typer(key_app, name="key")


@app.command(epilog="Example: holdfast ingest --source tariff_panel --from data/tariff_panel --all")
def ingest(
    source: options.SourceMapping = None,
    from_: options.Extract = None,
    month: options.OneMonth = None,
    all_: Annotated[bool, typer.Option("--all", help="Every month that the extract holds.")] = False,
    backload: Annotated[
        bool, typer.Option("--backload", help="Old months count as delivered in time, not as known only now.")
    ] = False,
    accept_partial: Annotated[
        bool, typer.Option("--accept-partial", help="Take a month that lost a large share of its rows.")
    ] = False,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Check an operator's extract against the contracts and put it into the warehouse, month by month.

    Bad rows go to rejects/ with their reason. A month with too many of them is refused whole, and everything
    that was there before stays as it was. Delivering a month again with other content makes a new revision.
    """
    if (month is None) != all_:
        raise typer.BadParameter("give either --month YYYY-MM or --all", param_hint="--month")
    with told(json_) as out:
        from flows import steps
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        arrival = steps.Arrival(source, from_, [month] if month else None, backload, accept_partial)
        delivered = steps.ingest(work, arrival)
        changed = sum(table.outcome != "unchanged" for table in delivered)
        held = sorted({table.month for table in delivered})
        out.result(
            {"delivered": delivered},
            f"{len(delivered)} tables of {held[0]} to {held[-1]}: {changed} changed, "
            f"{sum(t.rows for t in delivered):,} rows, {sum(t.rejected for t in delivered):,} rejected",
        )


@app.command(epilog="Example: holdfast features --as-of 2017-08")
def features(
    as_of: options.AsOf,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Build the indicators of every scored customer as of a month."""
    with told(json_) as out:
        from flows import steps
        from flows.workspace import open_workspace

        entry = steps.build_features(open_workspace(home, settings, out.say), as_of)
        out.result(
            {"features": entry},
            f"{entry.table} {entry.month}: {entry.rows:,} customers (revision {entry.revision})",
        )


@app.command(epilog="Example: holdfast revisions bills --month 2017-03 --restore 1")
def revisions(
    table: Annotated[str | None, typer.Argument(metavar="[TABLE]", help="Only this table.")] = None,
    restore: Annotated[
        int | None, typer.Option(min=1, help="Make this revision of TABLE and --month the current one again.")
    ] = None,
    month: options.OneMonth = None,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Delete replaced revisions of all tables past their retention.")
    ] = False,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """What was delivered when; bring an older revision of a month back, or delete the oldest."""
    if restore is not None and (table is None or month is None):
        raise typer.BadParameter("name the TABLE and its --month", param_hint="--restore")
    if vacuum and (table or month):
        raise typer.BadParameter(
            "it works on all tables and months; leave TABLE and --month out", param_hint="--vacuum"
        )
    with told(json_) as out:
        from flows import steps
        from flows.tables import show_revisions
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        work.refuse_empty()
        if restore is not None and table is not None and month is not None:
            steps.restore_revision(work, table, month, restore)
        if vacuum:
            steps.vacuum(work)
        entries = steps.delivered_revisions(work, table, month)
        out.result({"revisions": entries}, lambda: show_revisions(entries))


@app.command(epilog="Examples: holdfast describe bills; holdfast describe indicators; holdfast describe tenure_months")
def describe(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE|indicators|INDICATOR]", help="A table, all indicators, or one."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As a page for people, as in docs/.")] = False,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """The data dictionary, printed from the contracts, and the catalogue of indicators."""
    with told(json_) as out:
        from flows.describe import described, show_described
        from flows.describe_pages import page

        if markdown:
            out.result({"page": page(what)}, lambda: typer.echo(page(what), nl=False))
            return
        content = described(what)
        out.result(content, lambda: show_described(content))


@app.command(epilog="Exit code 1 when something is missing that a command will need.")
def doctor(
    home: options.Home = options.HOME, settings: options.SettingsFile = None, json_: options.AsJson = False
) -> None:
    """Versions, disk, memory, stores and key: what is missing, and how to mend it."""
    with told(json_) as out:
        from flows.doctor import examine, show_findings

        findings = examine(home, settings)
        out.result({"findings": findings}, lambda: show_findings(findings))
        if any(finding.status == "missing" for finding in findings):
            raise typer.Exit(1)


@app.command()
def demo(
    home: options.Home = options.HOME / "demo",
    customers: Annotated[int, typer.Option(min=2_000, help="Customers of the simulated operator.")] = 8_000,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Simulate a small operator, live its months through the whole path and show where to look.

    Running it again finds the work done. The key of the pseudonymous ids is written beside the home.
    """
    with told(json_) as out:
        from flows.demo import in_words, run_demo

        summary = run_demo(home, customers, settings, out.say)
        out.result(summary, in_words(summary))


@key_app.command(epilog="Example: holdfast key new ~/holdfast.key")
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; outside every home, and backed up.")],
) -> None:
    """Write a new random key that only you can read. Lose it, and ids of old and new months no longer match."""
    with told(as_json=False):
        from flows.key import VARIABLE, new_key

        new_key(file)
        typer.echo(f"wrote {file}; name it in settings ([privacy] key_file) or in the variable {VARIABLE}")


model_commands.add_to(app)
list_commands.add_to(app)
month_commands.add_to(app)
service_commands.add_to(app)
campaign_commands.add_to(app)
monitor_commands.add_to(app)
screening_commands.add_to(app)
segment_commands.add_to(app)
backup_commands.add_to(app)
simulate_commands.add_to(app)


def main() -> None:
    """Entry point of the `holdfast` command; an unforeseen error is one line too, its traceback in a file."""
    try:
        app()
    except ModuleNotFoundError as missing:
        typer.echo(f"holdfast: the package {missing.name} is missing; install from the lock: make install", err=True)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last resort before a person would see a traceback
        from flows.crash_report import reported

        typer.echo(f"holdfast: {reported(error)}", err=True)
        sys.exit(1)
