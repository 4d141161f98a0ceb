"""Month commands: one month from extract to list, and months in a row, as Prefect flows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from features.months import Month, months_between
from flows import options
from flows.output import Output, told


def add_to(app: typer.Typer) -> None:
    app.command("run-month", epilog="Example: holdfast run-month --month 2017-10")(run_month)
    app.command(epilog="Example: holdfast backfill --from 2017-06 --to 2017-10")(backfill)


def run_month(
    month: options.TheMonth,
    from_: options.Extract = None,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """The whole month as the schedule runs it: ingest, features, score, list, monitor. Needs a trained champion.

    It is a Prefect flow: it shows in the Prefect of `holdfast up`, or on the server of PREFECT_API_URL; without either,
    Prefect starts for the time of the run. Running a month again finds its work done and leaves the same bytes.
    """
    with told(json_) as out:
        _prepare(out, home, settings, from_)
        from flows.monthly_flows import run_month as flow

        done: dict[str, Any] = flow(str(month))
        out.result(done, _in_words(month, done))


def backfill(
    from_: options.FirstMonth,
    to: options.LastMonth,
    extract: options.ExtractFolder = None,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Run months one after the other, oldest first; stops at the first that fails.

    Run it again to go on: months that are done are found and left as they are. The champion must not have seen
    the months it scores: train as of the first of them, or earlier.
    """
    if to < from_:
        raise typer.BadParameter(f"{to} lies before --from {from_}", param_hint="--to")
    with told(json_) as out:
        _prepare(out, home, settings, extract)
        from flows.monthly_flows import backfill as flow

        done: dict[str, Any] = flow(str(from_), str(to))
        told_months = [_in_words(month, done[str(month)]) for month in months_between(from_, to)]
        out.result({"months": done}, "\n".join(told_months))


def _prepare(out: Output, home: Path, settings: Path | None, extract: Path | None) -> None:
    """Open the home, refuse what cannot run before anything is started, and let the flows know where to work."""
    from flows import steps
    from flows.prefect_setup import prepare_prefect
    from flows.workspace import name_to_flows, open_workspace

    work = open_workspace(home, settings, out.say)
    steps.ready_to_run(work)
    name_to_flows(work, settings, extract)
    out.say("starting Prefect, which takes minutes on a busy machine")
    prepare_prefect(work.home)


def _in_words(month: Month, done: Mapping[str, Any]) -> str:
    written, seen = done["list"], done["monitor"]
    return (
        f"{month}: {written['listed']:,} of {written['scored']:,} scored customers are listed in {written['folder']}; "
        f"drift: {seen['verdict']}, see {seen['page']}"
    )
