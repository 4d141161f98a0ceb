"""Command line: every step of the month, from extract to list, without a server."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from features import HoldfastError
from features.months import Month, months_between

app = typer.Typer(
    name="holdfast",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Keep a telecom operator's valuable customers: from monthly extracts to a ranked, back-tested warning list.",
)
key_app = typer.Typer(no_args_is_help=True, help="The key that makes pseudonymous ids out of phone numbers.")
app.add_typer(key_app, name="key")


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except HoldfastError as problem:
        raise typer.BadParameter(str(problem)) from None


HomeOption = Annotated[Path, typer.Option("--home", help="Folder that holds all state of one operator.")]
SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help="TOML file with the settings that differ from the defaults.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; messages go to stderr.")]
MonthOption = Annotated[Month, typer.Option("--month", parser=_month, metavar="YYYY-MM", help="The month to work on.")]
AsOfOption = Annotated[
    Month, typer.Option("--as-of", parser=_month, metavar="YYYY-MM", help="Nothing later than this month is seen.")
]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", help="Name of a shipped source mapping, or a path to a mapping folder of your own."),
]
FromOption = Annotated[Path | None, typer.Option("--from", help="Folder with the operator's extract files.")]

HOME = Path("var")


@dataclasses.dataclass(frozen=True)
class _Output:
    """Where a command's words go: progress to stderr, the result to stdout, as text or as one JSON object."""

    as_json: bool
    started: float

    def say(self, message: str) -> None:
        typer.echo(f"{time.monotonic() - self.started:7.1f} s  {message}", err=True)

    def result(self, content: dict[str, Any], text: str | Callable[[], None]) -> None:
        if self.as_json:
            typer.echo(json.dumps(content, default=_plain))
        elif callable(text):
            text()
        else:
            typer.echo(text)


def _plain(value: object) -> Any:
    if isinstance(value, Month):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)


@contextlib.contextmanager
def _told(as_json: bool) -> Iterator[_Output]:
    """Turn a problem that a person can mend into one line and exit code 1."""
    try:
        yield _Output(as_json, time.monotonic())
    except HoldfastError as problem:
        typer.echo(f"holdfast: {problem}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("holdfast: stopped by you; finished months stay, run the same command again to go on", err=True)
        raise typer.Exit(1) from None


@app.command()
def ingest(
    source: SourceOption = None,
    from_: FromOption = None,
    month: Annotated[
        Month | None, typer.Option("--month", parser=_month, metavar="YYYY-MM", help="Deliver this month.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Deliver every month that the extract holds.")] = False,
    backload: Annotated[
        bool, typer.Option("--backload", help="Old months count as delivered in time, not as known only now.")
    ] = False,
    accept_partial: Annotated[
        bool, typer.Option("--accept-partial", help="Take a month that lost a large share of its rows.")
    ] = False,
    home: HomeOption = HOME,
    settings: SettingsOption = None,
    json_: JsonOption = False,
) -> None:
    """Check an operator's extract against the contracts and put it into the warehouse, month by month.

    Bad rows go to rejects/ with their reason. A month with too many of them is refused whole, and everything
    that was there before stays as it was. Delivering a month again with other content makes a new revision.
    """
    if (month is None) != all_:
        raise typer.BadParameter("give either --month YYYY-MM or --all", param_hint="--month")
    with _told(json_) as out:
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


@app.command()
def features(
    as_of: AsOfOption, home: HomeOption = HOME, settings: SettingsOption = None, json_: JsonOption = False
) -> None:
    """Build the indicators of every scored customer as of a month."""
    with _told(json_) as out:
        from flows import steps
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        entry = steps.build_features(work, as_of)
        out.result(
            {"features": entry},
            f"{entry.table} {entry.month}: {entry.rows:,} customers (revision {entry.revision})",
        )


@app.command()
def train(
    as_of: AsOfOption,
    horizon: Annotated[int | None, typer.Option(help="Months of the window; default: the source's first.")] = None,
    home: HomeOption = HOME,
    settings: SettingsOption = None,
    json_: JsonOption = False,
) -> None:
    """Train, test and register the churn propensity as of a month; the new version becomes @champion."""
    with _told(json_) as out:
        from flows import steps
        from flows.workspace import open_workspace
        from models.registry import CHAMPION, CHURN

        work = open_workspace(home, settings, out.say)
        trained = steps.train(work, as_of, horizon)
        content = {
            "model": CHURN,
            "version": trained.version,
            "alias": CHAMPION,
            "trained_on": trained.learned_from,
            "note": trained.model.note,
            "test": trained.test,
        }

        def show() -> None:
            from flows.tables import show_report

            learned = trained.learned_from
            typer.echo(
                f"{CHURN} version {trained.version} is @{CHAMPION}: {learned['leavers']:,} leavers among "
                f"{learned['customers']:,} customers in {learned['scoring_months'][0]} to "
                f"{learned['scoring_months'][-1]}"
            )
            if trained.model.note:
                typer.echo(f"note: {trained.model.note}")
            show_report(trained.test, "the same recipe, trained as of its latest test month")

        out.result(content, show)


@app.command()
def backtest(
    from_: Annotated[
        Month, typer.Option("--from", parser=_month, metavar="YYYY-MM", help="First scoring month to judge.")
    ],
    to: Annotated[Month, typer.Option("--to", parser=_month, metavar="YYYY-MM", help="Last scoring month to judge.")],
    horizon: Annotated[
        list[int] | None, typer.Option(help="Months of the window; may be given more than once.")
    ] = None,
    home: HomeOption = HOME,
    settings: SettingsOption = None,
    json_: JsonOption = False,
) -> None:
    """Score each month with a model of its time and judge it, and its baselines, by what came later."""
    if to < from_:
        raise typer.BadParameter(f"{to} lies before --from {from_}", param_hint="--to")
    with _told(json_) as out:
        from flows import steps
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        report = steps.backtest(work, list(months_between(from_, to)), horizon)

        def show() -> None:
            from flows.tables import show_report

            show_report(report, f"{from_} to {to}")

        out.result(report, show)


@app.command(name="run-month")
def run_month(
    month: MonthOption,
    source: SourceOption = None,
    from_: FromOption = None,
    home: HomeOption = HOME,
    settings: SettingsOption = None,
    json_: JsonOption = False,
) -> None:
    """The whole month as one Prefect flow: ingest, features, score, list. Needs a trained champion."""
    with _told(json_) as out:
        from flows.prefect_setup import prepare_prefect
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        work.registry.champion()
        out.say("starting Prefect")
        prepare_prefect(work.home)
        from flows.monthly_flows import run_month as run_month_flow

        written = run_month_flow(
            str(month),
            str(work.home.root),
            source,
            str(from_.resolve()) if from_ else None,
            str(settings.resolve()) if settings else None,
        )
        out.result(
            {"list": written},
            f"{written['listed']:,} of {written['scored']:,} scored customers are listed in {written['folder']}",
        )


@app.command()
def revisions(
    table: Annotated[str | None, typer.Argument(help="Only this table.")] = None,
    restore: Annotated[int | None, typer.Option(help="Make this revision of --month the current one again.")] = None,
    month: Annotated[
        Month | None, typer.Option("--month", parser=_month, metavar="YYYY-MM", help="Only this month.")
    ] = None,
    vacuum: Annotated[bool, typer.Option("--vacuum", help="Delete replaced revisions past their retention.")] = False,
    home: HomeOption = HOME,
    settings: SettingsOption = None,
    json_: JsonOption = False,
) -> None:
    """What was delivered when; bring an older revision of a month back, or delete the oldest."""
    if restore is not None and (table is None or month is None):
        raise typer.BadParameter("name the TABLE and its --month", param_hint="--restore")
    with _told(json_) as out:
        from flows import steps
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        if restore is not None and table is not None and month is not None:
            steps.restore_revision(work, table, month, restore)
        if vacuum:
            steps.vacuum(work)
        entries = [
            entry for entry in work.ledger.entries() if table in (None, entry.table) and month in (None, entry.month)
        ]

        def show() -> None:
            from flows.tables import show_revisions

            show_revisions(entries)

        out.result({"revisions": entries}, show)


@app.command()
def describe(
    what: Annotated[
        str | None, typer.Argument(metavar="[TABLE | indicators]", help="A contract table, or `indicators`.")
    ] = None,
    home: HomeOption = HOME,
    settings: SettingsOption = None,
    json_: JsonOption = False,
) -> None:
    """The data dictionary, printed from the contracts, and the catalogue of indicators."""
    with _told(json_) as out:
        from flows.describe import described, show_described

        content = described(what)
        out.result(content, lambda: show_described(content))


@app.command()
def doctor(home: HomeOption = HOME, settings: SettingsOption = None, json_: JsonOption = False) -> None:
    """Versions, disk, memory, stores and key: what is missing, and how to mend it."""
    with _told(json_) as out:
        from flows.doctor import examine, show_findings

        findings = examine(home, settings)
        out.result({"findings": findings}, lambda: show_findings(findings))
        if any(finding.status == "missing" for finding in findings):
            raise typer.Exit(1)


@app.command()
def demo(
    home: HomeOption = HOME / "demo",
    customers: Annotated[int, typer.Option(min=2_000, help="Customers of the simulated operator.")] = 20_000,
    settings: SettingsOption = None,
    json_: JsonOption = False,
) -> None:
    """Simulate a small operator, live its months through the whole path and show where to look."""
    with _told(json_) as out:
        from flows.demo import run_demo

        summary = run_demo(home, customers, settings, out.say)
        out.result(summary, summary["text"])


@key_app.command()
def new(
    file: Annotated[Path, typer.Argument(help="Where to write the key; outside every home, and backed up.")],
) -> None:
    """Write a new random key that only you can read. Lose it, and ids of old and new months no longer match."""
    with _told(as_json=False):
        from flows.settings import new_key

        new_key(file)
        typer.echo(f"wrote {file}; name it in settings ([privacy] key_file) or in the variable HOLDFAST_KEY_FILE")


def main() -> None:
    """Entry point of the `holdfast` command; an unforeseen error is one line too, its traceback in a file."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last resort before a person would see a traceback
        from flows.crash_report import write_crash_report

        typer.echo(
            f"holdfast: unexpected {type(error).__name__}; please report it with {write_crash_report(error)}", err=True
        )
        sys.exit(1)
