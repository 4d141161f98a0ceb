"""Simulated dialler: the calls that the campaigns of the ledger ask the simulated operator to make."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.months import Month
from flows.list_steps import RESOLVER
from flows.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from infra.simulator.contact_book import Called


def waiting_campaigns(work: Workspace, book: Path, month: Month) -> list[dict[str, Any]]:
    """The campaigns of the ledger that can be worked in `month`: not read out yet, and no call of them in the book."""
    from infra.simulator.contact_book import read
    from serving.campaign_ledger import drawn

    worked = set(read(book).rows["campaign"])
    return [
        campaign
        for campaign in drawn(work.ledger.warehouse)
        if campaign["campaign"] not in worked and Month.parse(campaign["readout_month"]) >= month
    ]


def refuse_untold(work: Workspace, campaigns: Iterable[Mapping[str, Any]], month: Month) -> None:
    """Raise WorkspaceError where a campaign would pass its month by, because nobody told the dialler its numbers."""
    for campaign in campaigns:
        if not _of(work, campaign, month):
            raise WorkspaceError(
                f"{campaign['campaign']}: nobody can be contacted in {month}, because nobody told the dialler the "
                f"numbers; first holdfast resolve --month {campaign['month']} --reason dialler --home "
                f"{work.home.root}, or give --without-calls"
            )


def calls(work: Workspace, campaigns: Iterable[Mapping[str, Any]], month: Month) -> list[Called]:
    """Whom the ledger says to contact and whose number the resolver told: without it nobody can be called."""
    return [call for campaign in campaigns for call in _of(work, campaign, month)]


def _of(work: Workspace, campaign: Mapping[str, Any], month: Month) -> list[Called]:
    from serving.campaign_ledger import TREATED, members

    name, numbers = campaign["campaign"], _numbers(work, campaign)
    return [
        (numbers[row["task_ref"]], month, name, row["channel"], row["plan"])
        for row in members(work.ledger.warehouse, name).to_pylist()
        if row["arm"] == TREATED and row["task_ref"] in numbers
    ]


def _numbers(work: Workspace, campaign: Mapping[str, Any]) -> dict[str, str]:
    """The number of each task reference that the resolver wrote for the campaign's month, if it did."""
    from serving.resolver import FILE

    file = work.home.root / RESOLVER / f"month={campaign['month']}" / FILE
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as opened:
        return {row["task_ref"]: row["number"] for row in csv.DictReader(opened)}
