"""Campaign steps: drawing a campaign, reading it out, and telling which there are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features import HoldfastError
from features.home import month_lock
from features.months import Month
from flows import list_steps
from flows.settings import INFRA
from flows.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from serving.campaign_draw import Drawn
    from serving.campaign_readout import ReadOut

LOCK = "campaigns"
CARE_PLANS = INFRA / "settings" / "care_plans.toml"


def draw(work: Workspace, month: Month, name: str) -> Drawn:
    """Draw a campaign among the month's scored customers and write its tasks; drawn before, it stays as it was.

    No list or resolver file that was written before names whom it withholds any more. Locks are taken as everywhere:
    the month's, then that of campaigns, then the resolver's.
    """
    from serving.campaign_draw import Campaign, Drawing
    from serving.campaign_draw import draw as draw_campaign
    from serving.care_plans import read_rules

    work.refuse_empty()
    chosen = work.settings.campaign
    plans = read_rules(Path(chosen.plans_file) if chosen.plans_file else CARE_PLANS)
    campaign = Campaign(name, month, work.settings.eligibility, chosen, plans)
    drawing = Drawing(work.ledger, campaigns_of(work), work.source().churn, work.key, work.now)
    with (
        work.home.locked(month_lock(month), work.say),
        work.home.locked(LOCK, work.say),
        work.home.locked(list_steps.RESOLVER, work.say),
    ):
        drawn = draw_campaign(drawing, campaign)
        _take_back_numbers(work)
        _list_without_withheld(work, month)
    work.say(f"{name}: {drawn.manifest['tasks']:,} tasks for {drawn.manifest['halls']:,} halls")
    return drawn


def _take_back_numbers(work: Workspace) -> None:
    """Remove the resolver files of all months that name somebody withheld."""
    from serving.holdout import still_withheld
    from serving.resolver import remove_resolvers

    ids = still_withheld(work.ledger).column("customer_id").to_pylist()
    for month in remove_resolvers(work.home.root / list_steps.RESOLVER, ids, work.key):
        work.say(f"{month}: its resolver file named customers withheld now and is removed; run holdfast resolve again")


def _list_without_withheld(work: Workspace, month: Month) -> None:
    """Write the month's list again where it names somebody withheld; where that fails, there is no list any more."""
    from serving.holdout import withheld
    from serving.list_files import PROVINCE
    from serving.resolver import names_any
    from serving.task_refs import task_refs

    ids, folder = withheld(work.ledger, month).column("customer_id").to_pylist(), work.home.lists / f"month={month}"
    if not names_any(folder / f"{PROVINCE}.csv", task_refs(work.key, month, ids)):
        return
    try:
        list_steps.write_list_in_turn(work, month)
    except HoldfastError as problem:
        shutil.rmtree(folder)
        raise WorkspaceError(
            f"the list of {month} named customers withheld now, could not be written again and is removed: {problem}"
        ) from None
    work.say(f"{month}: its list named customers withheld now and is written again without them")


def read_out(work: Workspace, name: str) -> ReadOut:
    """Compare the arms of a campaign by all that is on hand, and write its report and page."""
    from serving.campaign_readout import Reading
    from serving.campaign_readout import read_out as read_out_campaign

    work.refuse_empty()
    reading = Reading(work.ledger, campaigns_of(work), work.source().churn, work.settings.readout, work.now)
    with work.home.locked(LOCK, work.say):
        return read_out_campaign(reading, name)


def drawn_campaigns(work: Workspace) -> list[dict[str, Any]]:
    """The campaigns of this home, oldest first, with the size of their arms and the month that completes them."""
    from serving.campaign_ledger import drawn

    work.refuse_empty()
    return drawn(work.ledger.warehouse)


def campaigns_of(work: Workspace) -> Path:
    """The folder in which each campaign has its own."""
    return work.home.root / "campaigns"
