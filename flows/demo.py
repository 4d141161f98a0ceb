"""Demo: a small simulated operator lives its months through every flow, with one campaign proven, in one command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from features import HoldfastError
from features.durable_files import write_durably
from features.months import Month, months_between
from flows import key, list_steps, steps
from flows.campaign_commands import readout_in_words
from flows.prefect_setup import prepare_prefect
from flows.settings import INFRA
from flows.simulated_home import SOURCE, Order, SimulatedOperator, advance
from flows.simulated_home import start as start_operator
from flows.workspace import Workspace, name_to_flows, open_workspace

WORLD = "demo"
FIRST, MONTHS, SEED = Month(2025, 1), 14, 1
LAST = FIRST + (MONTHS - 1)
TRAINED = Month(2025, 8)
"""The champion's as-of: late enough for labels to have matured, early enough for months to be run with it."""
CAMPAIGN = "autumn"


class DemoError(HoldfastError):
    """The demo's home holds something else."""


def run_demo(home: Path, customers: int, settings: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Simulate, ingest, train, run the months, contact, prove and train again; the figures, and where all lies.

    Running it again finds the work done. The key of the pseudonymous ids is made beside the home: only the
    demo makes one unasked.
    """
    settings = settings or INFRA / "settings" / "demo.toml"
    work = open_workspace(home, settings, say)
    _claim(work, customers)
    told = work.home.root / "demo.json"
    summary: dict[str, Any] = json.loads(told.read_text()) if told.is_file() else {}
    if "challenger" in summary:
        return summary
    name_to_flows(work, settings)
    if not summary:
        summary = _lived(work, customers)
        write_durably(told, json.dumps(summary).encode())
    # Last, because a champion that has seen all months may score none of them again.
    _start_prefect(work)
    from flows.model_flows import train_churn

    summary["challenger"] = train_churn(str(LAST))
    write_durably(told, json.dumps(summary).encode())
    return summary


def _lived(work: Workspace, customers: int) -> dict[str, Any]:
    """The operator's months as flows: what they came to."""
    start = TRAINED + 1
    operator = _begun(work, customers, start)
    steps.ingest(work, steps.Arrival(SOURCE, operator.extracts, list(months_between(FIRST, TRAINED))))
    _start_prefect(work)
    from flows import model_flows, monthly_flows

    model_flows.screen_indicators(str(TRAINED))
    trained = model_flows.train_churn(str(TRAINED))
    model_flows.train_segments(str(TRAINED))
    monthly_flows.run_month(str(start), campaign=CAMPAIGN)
    _contact(work, operator, start)
    done = monthly_flows.backfill(str(start + 1), str(LAST))
    return {
        "customers": customers,
        "months": MONTHS,
        "trained": trained,
        "list": done[str(LAST)]["list"],
        "drift": {month: ran["monitor"]["verdict"] for month, ran in done.items()},
        "campaign": monthly_flows.read_out_campaign(CAMPAIGN),
        "home": str(work.home.root),
    }


def _start_prefect(work: Workspace) -> None:
    work.say("starting Prefect")
    prepare_prefect(work.home)


def _begun(work: Workspace, customers: int, last: Month) -> SimulatedOperator:
    """The operator, who has lived up to `last` at least."""
    operator = SimulatedOperator(work.home.root)
    if not operator.facts_file.is_file():
        start_operator(work, Order(WORLD, customers, SEED, FIRST), FIRST.until(last) + 1)
    return operator


def _contact(work: Workspace, operator: SimulatedOperator, month: Month) -> None:
    """Let the operator work the campaign's tasks in the month after, when the halls have them, and live on."""
    if operator.last_month() < LAST:
        list_steps.resolve(work, month, "demo: the halls' dialler")
        advance(work, operator.last_month().until(LAST))


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


def in_words(summary: Mapping[str, Any]) -> str:
    """The summary for a person: how good the model is, what the campaign did, and where to look."""
    listed, home, trained = summary["list"], summary["home"], summary["trained"]
    drift = ", ".join(f"{month} {verdict}" for month, verdict in summary["drift"].items())
    return f"""
{summary["customers"]:,} simulated customers, {summary["months"]} months. {_judged(trained["test"])}
{listed["listed"]:,} of {listed["scored"]:,} customers scored in the last month are on the warning lists.
Drift against the training months: {drift}.
Campaign {readout_in_words(summary["campaign"]["report"])}.
Trained again on the last month: version {summary["challenger"]["version"]}, {_decided(summary["challenger"])}.

Where to look:
  lists of the halls   {listed["folder"]}/halls
  the whole list       {listed["folder"]}/province.csv
  the campaign         {summary["campaign"]["folder"]}
  drift, as a page     {home}/monitoring/month={LAST}/drift.html
  flows, models, drift {_program("holdfast")} up --home {home}
  what was delivered   {_program("holdfast")} revisions --home {home}
  indicators           {_program("holdfast")} describe indicators
"""


def _decided(challenger: Mapping[str, Any]) -> str:
    became = challenger["champion"] == challenger["version"]
    return f"{'now champion' if became else 'not promoted'}: {challenger['reason']}"


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
