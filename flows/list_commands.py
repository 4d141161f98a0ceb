"""List commands: who is most at risk this month, and, for whoever calls them, under which number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import options
from flows.output import told

if TYPE_CHECKING:
    from serving.list_files import WrittenList


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: holdfast score --month 2017-10")(score)
    app.command(epilog='Example: holdfast resolve --month 2017-10 --reason "calls of the October campaign"')(resolve)


def score(
    month: options.TheMonth,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Score a month with the champion, anew where it was scored by another version, and write its warning list.

    Everybody active gets a probability of leaving, a band (healthy, pre-warning = resembles later leavers, alert = the
    signs are there), and a value at risk: probability x usual monthly revenue x months of the window. The list in
    lists/month=YYYY-MM/ holds those with most at stake, as many as the team can care for ([lists] size and
    hall_capacity): province.csv for all, a file per hall, gone.csv for who left the list and why, manifest.json. No
    file holds an id or a number: `task_ref` stands for the customer, see holdfast resolve. Doing it again leaves the
    same bytes.
    """
    with told(json_) as out:
        from flows import list_steps
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        list_steps.score(work, month, anew=True)
        written = list_steps.write_list(work, month)
        out.result({"list": written}, _in_words(written))


def _in_words(written: WrittenList) -> str:
    return (
        f"{written.listed:,} of {written.scored:,} scored customers are listed in {written.halls:,} hall files, "
        f"{written.value_at_risk:,.2f} at risk; open {written.folder / 'province.csv'}"
    )


def resolve(
    month: options.TheMonth,
    reason: Annotated[str, typer.Option("--reason", help="What the numbers are needed for; it is logged for ever.")],
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with the extract of that month; default: the one last ingested from."),
    ] = None,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Write which phone number each task reference of a month stands for, for the dialler or the CRM.

    Needs the key and the operator's extract: the home holds no numbers, so they are found by working out the ids
    again. resolver/month=YYYY-MM/resolver.csv is readable by you alone; delete it once the calls are made. Who used
    this, when and what for is appended to the table resolver_log.
    """
    with told(json_) as out:
        from flows.list_steps import resolve as resolve_month
        from flows.workspace import open_workspace

        resolved = resolve_month(open_workspace(home, settings, out.say), month, reason, from_)
        missing = f"; {resolved.missing:,} are not in this extract" if resolved.missing else ""
        out.result({"resolved": resolved}, f"{resolved.rows:,} numbers are in {resolved.file}{missing}")
