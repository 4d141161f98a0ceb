"""Demo: a small simulated operator lives its months through the whole path, in one command."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from features import HoldfastError
from features.months import Month
from flows import steps
from flows.prefect_setup import prepare_prefect
from flows.settings import KEY_VARIABLE, new_key
from flows.workspace import Workspace, open_workspace

SOURCE = "simulated_operator"
FIRST = Month(2025, 1)
MONTHS = 14
SEED = 1


class DemoError(HoldfastError):
    """The demo's home holds something else."""


def run_demo(home: Path, customers: int, settings: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Simulate, ingest, train, back-test and run the last month; figures, and in `text` where to look.

    Running it again finds the work done. The key of the pseudonymous ids is made beside the home: only the
    demo makes one unasked.
    """
    work = open_workspace(home, settings, say)
    _claim(work, customers)
    extracts, last = _simulated(work, customers), FIRST + (MONTHS - 1)
    before = [FIRST + step for step in range(MONTHS - 1)]
    steps.ingest(work, steps.Arrival(SOURCE, extracts, before))
    trained = steps.train(work, last - 1)
    written = _run_last_month(work, last, extracts, settings)
    summary = {"home": str(work.home.root), "version": trained.version, "test": trained.test, "list": written}
    return {**summary, "text": _told(work, customers, trained.test, written)}


def _claim(work: Workspace, customers: int) -> None:
    facts = work.home.facts()
    if facts.get("source", SOURCE) != SOURCE or facts.get("customers", customers) != customers:
        raise DemoError(
            f"home {work.home.root} holds {facts.get('source')} with {facts.get('customers')} customers; "
            f"delete it or give another --home"
        )
    work.home.remember(customers=customers)
    key = work.home.root.with_name(work.home.root.name + ".key")
    if not key.exists():
        new_key(key)
    os.environ[KEY_VARIABLE] = str(key)


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


def _told(work: Workspace, customers: int, report: dict[str, Any], written: dict[str, Any]) -> str:
    ((horizon, scores),) = report["pooled"].items()
    model, rule = scores["model"], scores["scorecard"]
    gain = report["differences"][horizon]["scorecard"]["auc"]
    return f"""
{customers:,} simulated customers, {MONTHS} months. The model's recipe was judged on {", ".join(report["months"])},
out of time, at {horizon.replace("_", " ")} (95 % intervals over customers):
  AUC                  {_interval(model["auc"])}
  AUC of simple rules  {_interval(rule["auc"])}
  gain over the rules  {_interval(gain)}
  top-decile lift      {_interval(model["top_decile_lift"])}
  calibration slope    {_interval(model["calibration_slope"])}
  observed / expected  {_interval(model["observed_over_expected"])}
{written["listed"]:,} of {written["scored"]:,} customers scored in the last month are on the warning list.

Where to look:
  the list           {written["folder"]}/warning_list.csv
  indicators         .venv/bin/holdfast describe indicators
  what was delivered .venv/bin/holdfast revisions --home {work.home.root}
  models and runs    .venv/bin/mlflow ui --backend-store-uri {work.registry.uri}
  flow runs          PREFECT_HOME={work.home.prefect} .venv/bin/prefect server start
"""


def _interval(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return str(figure.get("note", "not enough data"))
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
