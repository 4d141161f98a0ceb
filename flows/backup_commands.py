"""Backup commands: all state of an operator into one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import options
from flows.output import told

if TYPE_CHECKING:
    from features.home_backup import BackedUp, Restored
    from flows.workspace import Workspace


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: holdfast backup /backup/2017-11-05.tar --home /srv/holdfast")(backup)
    app.command(epilog="Example: holdfast restore /backup/2017-11-05.tar --home /srv/holdfast")(restore)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .tar, on another disk at best.")],
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Save the home in one file: tables, lists, models, reports, runs.

    Runs under way are waited for, new ones wait for a moment. Not in it: the key, which is kept apart; resolver/,
    extracts/ and rejects/, because they may hold numbers; settings and mappings of your own; and a database outside
    the home, such as PostgreSQL.
    """
    with told(json_) as out:
        from features.home_backup import back_up
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        made = back_up(work.home, file, work.now, out.say)
        out.result({"backup": made, "not_in_it": _not_in_it(work)}, _saved(made, _not_in_it(work)))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What holdfast backup wrote.")],
    home: options.Home = options.HOME,
    json_: options.AsJson = False,
) -> None:
    """Bring a backup back into a new or empty folder, once all of it has proved whole.

    The folder may be another one than it was. The key, settings, mappings of your own and extracts are to be
    brought back beside it.
    """
    with told(json_) as out:
        from features.home import Home
        from features.home_backup import restore as bring_back

        back = bring_back(file, home)
        keyed = "key" in Home(back.root).facts()
        out.result({"restored": back, "needs_its_key": keyed}, _restored(back, keyed))


def _not_in_it(work: Workspace) -> list[str]:
    elsewhere = work.settings.mlflow.uri
    database = [f"MLflow's database, {elsewhere.split(':', 1)[0]}: save it with its own tools"] if elsewhere else []
    return [
        "the key: keep a copy of it apart",
        "what may hold phone numbers: resolver/, extracts/, rejects/",
        *database,
    ]


def _saved(made: BackedUp, missing: list[str]) -> str:
    saved = f"{made.files:,} files, {made.size / 1e6:,.1f} MB, are in {made.file}"
    return "\n".join([saved, *(f"not in it: {it}" for it in missing)])


def _restored(back: Restored, keyed: bool) -> str:
    from flows.key import VARIABLE

    size = f"{back.files:,} files, {back.size / 1e6:,.1f} MB"
    lines = [f"{size}, of {back.before}, saved {back.made_at}, are in {back.root}"]
    if keyed:
        lines.append(f"it needs the key that made its ids: name the file of that key in {VARIABLE}")
    return "\n".join([*lines, f"check with: holdfast doctor --home {back.root}"])
