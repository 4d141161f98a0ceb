"""Options: the words that several commands take, with one meaning everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from features import HoldfastError
from features.months import Month


def month_of(text: str) -> Month:
    """The month that was typed; anything else is wrong usage, exit code 2."""
    try:
        return Month.parse(text)
    except HoldfastError as problem:
        raise typer.BadParameter(str(problem)) from None


HOME = Path("var")

Home = Annotated[Path, typer.Option("--home", help="Folder that holds all state of one operator.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="TOML file with the settings that differ from the defaults.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; messages go to stderr.")]
TheMonth = Annotated[Month, typer.Option("--month", parser=month_of, metavar="YYYY-MM", help="The month to work on.")]
OneMonth = Annotated[Month | None, typer.Option("--month", parser=month_of, metavar="YYYY-MM", help="Only this month.")]
AsOf = Annotated[
    Month, typer.Option("--as-of", parser=month_of, metavar="YYYY-MM", help="Nothing later than this month is seen.")
]
FirstMonth = Annotated[
    Month, typer.Option("--from", parser=month_of, metavar="YYYY-MM", help="First month, the oldest.")
]
LastMonth = Annotated[Month, typer.Option("--to", parser=month_of, metavar="YYYY-MM", help="Last month, included.")]
SourceMapping = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="Name of a shipped source mapping, or a path to a mapping folder of your own; "
        "not needed once the home is filled.",
    ),
]
Extract = Annotated[
    Path | None,
    typer.Option("--from", help="Folder with the operator's extract files; not needed once the home is filled."),
]
ExtractFolder = Annotated[
    Path | None,
    typer.Option("--extract", help="Folder with the operator's extract files; default: the one that filled the home."),
]
