"""Demo: a small simulated operator lives its months through the whole path, in one command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from features import HoldfastError
from features.months import Month
from flows import key, steps
from flows.prefect_setup import prepare_prefect
from flows.workspace import Workspace, open_workspace

SOURCE = "simulated_operator"
FIRST = Month(2025, 1)
MONTHS = 14
SEED = 1


class DemoError(HoldfastError):
    """The demo's home holds something else."""


def run_demo(home: Path, customers: int, settings: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Simulate, ingest, train, back-test and run the last month; the figures, and where everything lies.

    Running it again finds the work done. The key of the pseudonymous ids is made beside the home: only the
    demo makes one unasked.
    """
    work = open_workspace(home, settings, say)
    _claim(work, customers)
    extracts, last = _simulated(work, customers), FIRST + (MONTHS - 1)
    before = [FIRST + step for step in range(MONTHS - 1)]
    steps.ingest(work, steps.Arrival(SOURCE, extracts, before))
    say(f"training as of {last - 1}, on indicators of the months before")
    trained = steps.train(work, last - 1)
    written = _run_last_month(work, last, extracts, settings)
    return {
        "customers": customers,
        "months": MONTHS,
        "version": trained.version,
        "test": trained.test,
        "list": written,
        "home": str(work.home.root),
        "models": work.registry.uri,
        "flow_runs": str(work.home.prefect),
    }


def _claim(work: Workspace, customers: int) -> None:
    """Take the home for this demo, and make its key; a home that holds anything else is refused."""
    facts = work.home.facts()
    held = (facts.get("source", SOURCE), facts.get("customers", None if "source" in facts else customers))
    if held != (SOURCE, customers):
        whose = f"the demo of {held[1]} customers" if held[1] else f"the operator {held[0]}"
        raise DemoError(f"home {work.home.root} holds {whose}; delete it or give another --home")
    work.home.remember(customers=customers)
    file = work.home.root.with_name(work.home.root.name + ".key")
    if not file.exists():
        key.new_key(file)
    os.environ[key.VARIABLE] = str(file)


def _simulated(work: Workspace, customers: int) -> Path:
    from infra.simulator.small_operator import simulate

    folder = work.home.root / "extracts"
    work.say(f"simulating {customers:,} customers over {MONTHS} months")
    simulate(folder, first=FIRST, customers=customers, months=MONTHS, seed=SEED)
    return folder


def _run_last_month(work: Workspace, month: Month, extracts: Path, settings: Path | None) -> dict[str, Any]:
    work.say(f"running {month} as a Prefect flow")
    prepare_prefect(work.home)
    from flows.monthly_flows import run_month

    written: dict[str, Any] = run_month(
        str(month), str(work.home.root), SOURCE, str(extracts), str(settings.resolve()) if settings else None
    )
    return written


def in_words(summary: Mapping[str, Any]) -> str:
    """The summary for a person: how good the model is, and where to look."""
    listed, quiet = summary["list"], "PREFECT_SERVER_ANALYTICS_ENABLED=false"
    return f"""
{summary["customers"]:,} simulated customers, {summary["months"]} months. {_judged(summary["test"])}
{listed["listed"]:,} of {listed["scored"]:,} customers scored in the last month are on the warning list.

Where to look:
  the list           {listed["folder"]}/warning_list.csv
  indicators         {_program("holdfast")} describe indicators
  what was delivered {_program("holdfast")} revisions --home {summary["home"]}
  models and runs    MLFLOW_DISABLE_TELEMETRY=true {_program("mlflow")} ui --backend-store-uri {summary["models"]}
  flow runs          {quiet} PREFECT_HOME={summary["flow_runs"]} {_program("prefect")} server start
(The last two take up to a minute to answer; their first variable keeps them from phoning home.)
"""


def _judged(report: Mapping[str, Any]) -> str:
    if not report.get("pooled"):
        return "There were too few leavers to judge the model's recipe."
    horizon, scores = next(iter(report["pooled"].items()))
    model, rule = scores["model"], scores["scorecard"]
    gain = report["differences"][horizon]["scorecard"]["auc"]
    return f"""The model's recipe was judged on {", ".join(report["months"])},
out of time, at {horizon.replace("_", " ")} (95 % intervals over customers):
  AUC                  {_interval(model["auc"])}
  AUC of simple rules  {_interval(rule["auc"])}
  gain over the rules  {_interval(gain)}
  top-decile lift      {_interval(model["top_decile_lift"])}
  calibration slope    {_interval(model["calibration_slope"])}
  observed / expected  {_interval(model["observed_over_expected"])}"""


def _interval(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return str(figure.get("note", "not enough data"))
    if figure.get("low") is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _program(name: str) -> str:
    """A program of this installation as it is called from the current folder."""
    program = Path(sys.executable).with_name(name)
    return str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program)
