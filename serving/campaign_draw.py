"""Campaign draw: eligibility, ranking, allocation, holdout, ledger and tasks of one campaign, in this order."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from features.engine import collect, from_arrow
from features.labels import ChurnDefinition
from features.month_ledger import Entry, MonthLedger
from features.months import Month
from models.small_cells import counted
from serving import ServingError, campaign_ledger
from serving.allocation import CampaignSettings, Rows, allocated
from serving.campaign_design import definition, read_design, sealed, write_design
from serving.campaign_ledger import ARMS, TREATED, WITHHELD
from serving.campaign_tasks import write_tasks
from serving.care_plans import CareRule, with_plans
from serving.eligibility import ELIGIBLE, REASONS, TAKEN, EligibilityRules, judged
from serving.holdout import with_arms
from serving.monitoring.uplift_readout import balance
from serving.task_refs import task_refs

if TYPE_CHECKING:
    import pyarrow as pa

SCORES = "customer_scores"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
LEAVING = (0.05, 0.1, 0.2)
"""Shares of leavers in the window for which the design says what can be seen; nobody knows them beforehand."""
DETECTED = 1.96 + 0.84
"""Standard errors of the smallest effect that is found with 80 % power at the 5 % level, two-sided."""


@dataclass(frozen=True)
class Campaign:
    """What is to be drawn: a name, the scoring month, for whom, how many, and what they are offered."""

    name: str
    month: Month
    rules: EligibilityRules
    settings: CampaignSettings
    plans: list[CareRule]


@dataclass(frozen=True)
class Drawing:
    """Where campaigns are drawn: the tables, the folder of campaigns, the key, and what leaving means."""

    ledger: MonthLedger
    campaigns: Path
    churn: ChurnDefinition
    key: bytes | None
    now: dt.datetime


@dataclass(frozen=True)
class Drawn:
    """A drawn campaign: where its files lie, what was laid down before it, and its tasks' manifest."""

    folder: Path
    design: dict[str, Any]
    manifest: dict[str, Any]


def draw(drawing: Drawing, campaign: Campaign) -> Drawn:
    """Draw the campaign and write its tasks; drawn before, the recorded draw stays and its files are written again.

    The ledger is committed before any task is written, so that nobody is contacted whose arm is not on record.
    The caller holds a lock that keeps other draws away. Raises ServingError for a name or share that cannot
    be, a month that was not scored or is not the latest, and candidates too few to fill both arms.
    """
    _refuse_bad_name(campaign.name)
    campaign.settings.check()
    members = campaign_ledger.members(drawing.ledger.warehouse, campaign.name)
    folder = drawing.campaigns / campaign.name / f"month={campaign.month}"
    if members.num_rows:
        _refuse_another_month(campaign, members)
        design = read_design(folder, campaign.name, members.column("design")[0].as_py())
    else:
        design, rows = _drawn(drawing, campaign)
        write_design(folder, design)
        campaign_ledger.record(drawing.ledger.warehouse, rows)
        members = campaign_ledger.members(drawing.ledger.warehouse, campaign.name)
    return Drawn(folder, design, write_tasks(folder, drawing.ledger, members, design))


def _drawn(drawing: Drawing, campaign: Campaign) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The design, and the rows for the ledger."""
    _refuse_hindsight(drawing, campaign)
    scores = drawing.ledger.known(SCORES, campaign.month)
    if scores is None:
        raise ServingError(f"campaign {campaign.name}: {campaign.month} has no scores; run holdfast score first")
    horizon = _horizon(campaign.settings, drawing.churn)
    slots, reasons = _best_candidates(drawing, campaign, scores)
    people = with_plans(with_arms(slots, campaign.name, drawing.key, campaign.settings), campaign.plans)
    counts = {arm: people.get_column("arm").to_list().count(arm) for arm in ARMS}
    if not all(counts.values()):
        raise ServingError(_too_few(campaign, reasons))
    design = _design(drawing, campaign, scores, horizon) | {
        "eligibility": {reason: counted(reasons[reason]) for reason in (ELIGIBLE, *REASONS)},
        "allocated": counts,
        "detectable": {f"if {leaving:.0%} leave": _detectable(leaving, counts) for leaving in LEAVING},
        "balance": balance(people.to_arrow()),
    }
    design = sealed(design)
    return design, _ledger_rows(drawing, campaign, people, design)


def _too_few(campaign: Campaign, reasons: Counter[str]) -> str:
    """Why an arm is empty, and what would fill it."""
    taken = f"; {reasons[TAKEN]:,} more are in a running campaign until its readout" if reasons[TAKEN] else ""
    return (
        f"campaign {campaign.name}: {reasons[ELIGIBLE]} eligible customers leave an arm empty; widen [eligibility] or "
        f"raise [campaign] holdout_share{taken}"
    )


def _best_candidates(drawing: Drawing, campaign: Campaign, scores: Entry) -> tuple[Rows, Counter[str]]:
    """Each hall's slots filled, and how many customers each reason left out; one bucket is in memory at a time."""
    best: list[Rows]
    ledger, best, reasons = drawing.ledger, [], Counter[str]()
    readout_month = drawing.churn.matures(campaign.month, _horizon(campaign.settings, drawing.churn))
    others = campaign_ledger.overlapping(ledger.warehouse, campaign.month, readout_month)
    taken = from_arrow(others.select(["customer_id"]))
    for bucket in ledger.warehouse.buckets_of(SCORES, campaign.month, scores.version):
        scored = ledger.warehouse.read(SCORES, campaign.month, scores.version, bucket)
        known = ledger.known_months(campaign.month, bucket)
        judgement = judged(known, scored, campaign.month, taken, campaign.rules)
        rows: Rows = nw.from_native(collect(judgement), eager_only=True)
        reasons.update(rows.get_column("reason").to_list())
        fresh = rows.filter(nw.col("reason") == ELIGIBLE).drop("reason")
        fresh = fresh.with_columns(bucket=nw.lit(bucket).cast(nw.Int64))
        best = [allocated(nw.concat([*(part.drop("rank") for part in best), fresh]), campaign.settings.slots)]
    return best[0], reasons


def _design(drawing: Drawing, campaign: Campaign, scores: Entry, horizon: int) -> dict[str, Any]:
    """What is laid down before anybody is treated: who, how, by which rules, and when and how it will be read."""
    churn, month = drawing.churn, campaign.month
    return {
        "campaign": campaign.name,
        "month": str(month),
        "horizon": horizon,
        "window": [str(month + 1), str(month + churn.gap + horizon)],
        "readout_month": str(churn.matures(month, horizon)),
        "outcome": "left by choice in the window, by the source's churn definition; everybody allocated counts",
        "churn": definition(churn),
        "inputs": scores.content_hash,
        "rules": asdict(campaign.rules),
        "settings": asdict(campaign.settings) | {"slots": campaign.settings.slots},
        "plans": [asdict(rule) for rule in campaign.plans],
    }


def _ledger_rows(drawing: Drawing, campaign: Campaign, people: Rows, design: dict[str, Any]) -> list[dict[str, Any]]:
    people = people.sort("hall", "rank")
    refs = task_refs(drawing.key, campaign.month, people.get_column("customer_id").to_list())
    facts = {name: design[name] for name in ("campaign", "month", "readout_month", "horizon")}
    facts |= {"design": design["digest"], "drawn_at": drawing.now.isoformat()}
    kept = [name for name in campaign_ledger.COLUMNS if name not in facts and name != "task_ref"]
    rows = people.select(*kept).rows(named=True)
    return [row | facts | {"task_ref": ref} for row, ref in zip(rows, refs, strict=True)]


def _detectable(leaving: float, counts: dict[str, int]) -> float:
    """The smallest difference in retention, as a share, that arms of this size are likely to show."""
    arms = 1 / counts[TREATED] + 1 / counts[WITHHELD]
    return round(DETECTED * math.sqrt(leaving * (1 - leaving) * arms), 4)


def _horizon(settings: CampaignSettings, churn: ChurnDefinition) -> int:
    if churn.given:
        raise ServingError("this source tells one snapshot's outcomes and no months after it; no campaign can be read")
    if settings.horizon and settings.horizon not in churn.horizons:
        raise ServingError(
            f"[campaign] horizon = {settings.horizon} is not one of the source's horizons "
            f"{', '.join(map(str, churn.horizons))}; choose one, or 0 for the longest"
        )
    return settings.horizon or max(churn.horizons)


def _refuse_hindsight(drawing: Drawing, campaign: Campaign) -> None:
    """No campaign is drawn for a month after which data are on hand: part of its outcome would be known already."""
    held = {month for table in drawing.churn.watched for month in drawing.ledger.months(table)}
    if held and max(held) > campaign.month:
        raise ServingError(
            f"campaign {campaign.name}: data of {max(held)} are on hand, so who leaves after {campaign.month} is "
            f"partly known; draw for the latest month"
        )


def _refuse_bad_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ServingError(
            f"campaign name {name!r} is not usable; take small letters, digits, - and _, for example autumn-2025"
        )


def _refuse_another_month(campaign: Campaign, members: pa.Table) -> None:
    month = members.column("month")[0].as_py()
    if month != str(campaign.month):
        raise ServingError(
            f"campaign {campaign.name}: was drawn for {month}, and people are drawn once; give another --name"
        )
