"""Crash report: the traceback of an unforeseen error, in a file, without the values that were at hand."""

from __future__ import annotations

import os
import tempfile
import traceback


def reported(error: BaseException) -> str:
    """One line for a person: what kind of error it was and which file to report it with."""
    return f"unexpected {type(error).__name__}; please report it with {write_crash_report(error)}"


def write_crash_report(error: BaseException) -> str:
    """Write where the error arose and its type; its message is left out, for it may quote a customer's row."""
    lines = [f"{type(error).__module__}.{type(error).__qualname__}\n", *traceback.format_tb(error.__traceback__)]
    handle, name = tempfile.mkstemp(prefix="holdfast-", suffix=".log")
    with os.fdopen(handle, "w") as report:
        report.writelines(lines)
    return name
