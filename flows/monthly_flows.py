"""Monthly flows: each step of the month, the whole month, and months in a row, as Prefect runs them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.runtime import flow_run

from features.months import Month, months_between
from flows import artifacts, campaign_steps, list_steps, monitor_steps, steps
from flows.flow_parameters import CampaignChoice, CampaignName, MonthText, SourceName
from flows.flow_run import WRITING, home_of_run, told
from flows.period import month_just_closed
from flows.workspace import EXTRACT, Workspace


@task(name="ingest", task_run_name="ingest {month}", **WRITING)
def ingest_task(month: str, source: str | None) -> int:
    folder = os.environ.get(EXTRACT)
    arrival = steps.Arrival(source, Path(folder) if folder else None, [Month.parse(month)])
    return sum(table.rows for table in told(lambda work: steps.ingest(work, arrival)))


@task(name="features", task_run_name="features {month}", **WRITING)
def features_task(month: str) -> int:
    return told(lambda work: steps.build_features(work, Month.parse(month))).rows


@task(name="score", task_run_name="score {month}", **WRITING)
def score_task(month: str) -> int:
    return told(lambda work: list_steps.score(work, Month.parse(month))).rows


@task(name="list", task_run_name="list {month}", **WRITING)
def list_task(month: str) -> dict[str, Any]:
    def step(work: Workspace) -> dict[str, Any]:
        written = list_steps.write_list(work, Month.parse(month))
        artifacts.show_list(work.home, Month.parse(month), written.folder)
        return {"folder": str(written.folder), "listed": written.listed, "scored": written.scored}

    return told(step)


@task(name="monitor", task_run_name="monitor {month}", **WRITING)
def monitor_task(month: str) -> dict[str, Any]:
    def step(work: Workspace) -> dict[str, Any]:
        seen = monitor_steps.monitor(work, Month.parse(month))
        artifacts.show_verdict(work.home, Month.parse(month), seen)
        return {"verdict": seen.verdict, "page": str(seen.page)}

    return told(step)


@flow(name="ingest-month", flow_run_name="ingest {month}")
def ingest_month(month: MonthText, source: SourceName = None) -> int:
    """Check one month of the operator's extract against the contracts and put it into the warehouse.

    Args:
        month: Month as YYYY-MM, for example 2025-02.
        source: Registered source mapping; empty for the one that filled the home.
    """
    with home_of_run():
        return ingest_task(month, source)


@flow(name="build-features", flow_run_name="features {month}")
def build_features(month: MonthText) -> int:
    """Build the indicators of every scored customer as of a month.

    Args:
        month: Month as YYYY-MM, for example 2025-02.
    """
    with home_of_run():
        return features_task(month)


@flow(name="score-month", flow_run_name="score {month}")
def score_month(month: MonthText) -> dict[str, Any]:
    """Score a month with the champion and write its warning lists.

    Args:
        month: Month as YYYY-MM, for example 2025-02.
    """
    with home_of_run():
        score_task(month)
        return list_task(month)


@flow(name="monitor-month", flow_run_name="monitor {month}")
def monitor_month(month: MonthText) -> dict[str, Any]:
    """Compare a scored month with what the champion was trained on; verdict, Evidently page, advice.

    Args:
        month: Month as YYYY-MM, for example 2025-02.
    """
    with home_of_run():
        return monitor_task(month)


@flow(name="run-month", flow_run_name="run {month}")
def run_month(month: MonthText, source: SourceName = None, campaign: CampaignChoice = None) -> dict[str, Any]:
    """The month from extract to warning list: ingest, features, score, list, monitor.

    A campaign is drawn before the list is written, which leaves out whom it withholds.

    One run per month at a time: a second one waits for the first, and then finds its work done.

    Args:
        month: Month as YYYY-MM, for example 2025-02.
        source: Registered source mapping; empty for the one that filled the home.
        campaign: Name of a campaign to draw from this month; empty for none.
    """
    with home_of_run() as work, told(lambda work: work.home.locked(f"run-{month}", work.say)):
        entered = len(work.ledger.entries())
        ingest_task(month, source)
        features_task(month)
        score_task(month)
        drawn = draw_task(campaign, month) if campaign else None
        written, seen = list_task(month), monitor_task(month)
        added = len(work.ledger.entries()) - entered
        if not added:
            work.say(f"{month}: all was done already; tables and lists are as they were")
    return {"list": written, "monitor": seen, "campaign": drawn, "new_tables": added}


@flow(name="run-closed-month", flow_run_name="the month just closed")
def run_closed_month(source: SourceName = None) -> dict[str, Any]:
    """Run the month that closed before this run was due: the schedule's flow.

    A schedule knows no period. The month follows from the time at which the run was due, in the operator's
    time zone, so a run that starts late, or again, works on the same month.

    Args:
        source: Registered source mapping; empty for the one that filled the home.
    """
    with home_of_run():
        timezone = told(lambda work: work.source().timezone)
        return run_month(str(month_just_closed(flow_run.scheduled_start_time, timezone)), source)


@flow(name="backfill", flow_run_name="{first} to {last}")
def backfill(first: MonthText, last: MonthText, source: SourceName = None) -> dict[str, Any]:
    """Run months in order, oldest first; stops at the first that fails.

    Started again it goes on: what is done already is found and left as it is.

    Args:
        first: Oldest month to run, as YYYY-MM.
        last: Latest month to run, as YYYY-MM.
        source: Registered source mapping; empty for the one that filled the home.
    """
    months = months_between(Month.parse(first), Month.parse(last))
    with home_of_run():
        return {str(month): run_month(str(month), source) for month in months}


@flow(name="run-campaign", flow_run_name="{campaign} in {month}")
def run_campaign(campaign: CampaignName, month: MonthText) -> dict[str, Any]:
    """Choose who is treated and who is withheld among a scored month's customers, and write the halls' tasks.

    Args:
        campaign: Name of the campaign: lower-case letters, digits, - and _.
        month: Scored month as YYYY-MM, for example 2025-02.
    """
    with home_of_run():
        return draw_task(campaign, month)


@flow(name="read-out-campaign", flow_run_name="{campaign} read out")
def read_out_campaign(campaign: CampaignName) -> dict[str, Any]:
    """Compare how many of the treated and of the withheld left by choice, once that can be known.

    Args:
        campaign: Name of a campaign that was drawn.
    """
    with home_of_run():
        return read_out_task(campaign)


@task(name="draw campaign", task_run_name="draw {campaign} {month}", **WRITING)
def draw_task(campaign: str, month: str) -> dict[str, Any]:
    drawn = told(lambda work: campaign_steps.draw(work, Month.parse(month), campaign))
    return artifacts.plain(drawn)


@task(name="read out campaign", task_run_name="read out {campaign}", **WRITING)
def read_out_task(campaign: str) -> dict[str, Any]:
    return artifacts.plain(told(lambda work: campaign_steps.read_out(work, campaign)))
