"""Output: where a command's words go, and how it ends when something is wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from features import HoldfastError
from features.months import Month

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 200
"""Characters of a line that no terminal will cut: a table in a file is to be whole."""


@dataclasses.dataclass(frozen=True)
class Output:
    """Progress to stderr, the result to stdout: as text for a person, or as one JSON object."""

    as_json: bool
    started: float

    def say(self, message: str) -> None:
        """Tell what the run is at, after the seconds since it began."""
        typer.echo(f"{time.monotonic() - self.started:7.1f} s  {message}", err=True)

    def result(self, content: Mapping[str, Any], text: str | Callable[[], None]) -> None:
        if self.as_json:
            typer.echo(json.dumps(content, default=_plain, allow_nan=False))
        elif callable(text):
            text()
        else:
            typer.echo(text)


def console() -> Console:
    """Where tables are printed: as wide as the terminal, or wide enough for all columns in a file or pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, Month | type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)


@contextlib.contextmanager
def told(as_json: bool) -> Iterator[Output]:
    """Turn a problem that a person can mend into one line on stderr and exit code 1.

    That of a file or folder is one too, such as a full disk or a home that may not be written; its text
    is the system's and quotes no row.
    """
    try:
        yield Output(as_json, time.monotonic())
    except HoldfastError as problem:
        _fail(str(problem))
    except OSError as problem:
        if problem.strerror is None or isinstance(problem, BrokenPipeError):
            raise
        _fail(f"{problem.filename or 'a file'}: {problem.strerror.lower()}; mend that and run the same command again")
    except KeyboardInterrupt:
        _fail("stopped by you; finished months stay, run the same command again to go on")


def _fail(problem: str) -> None:
    typer.echo(f"holdfast: {' '.join(problem.splitlines())}", err=True)
    raise typer.Exit(1) from None
