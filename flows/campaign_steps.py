"""Campaign steps: drawing a campaign, reading it out, and telling which there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.months import Month
from flows.settings import INFRA
from flows.workspace import Workspace

if TYPE_CHECKING:
    from serving.campaign_draw import Drawn
    from serving.campaign_readout import ReadOut

LOCK = "campaigns"
CARE_PLANS = INFRA / "settings" / "care_plans.toml"


def draw(work: Workspace, month: Month, name: str) -> Drawn:
    """Draw a campaign among the month's scored customers and write its tasks; drawn before, it stays as it was."""
    from serving.campaign_draw import Campaign, Drawing
    from serving.campaign_draw import draw as draw_campaign
    from serving.care_plans import read_rules

    work.refuse_empty()
    chosen = work.settings.campaign
    plans = read_rules(Path(chosen.plans_file) if chosen.plans_file else CARE_PLANS)
    campaign = Campaign(name, month, work.settings.eligibility, chosen, plans)
    drawing = Drawing(work.ledger, campaigns_of(work), work.source().churn, work.key, work.now)
    with work.home.locked(LOCK, work.say):
        drawn = draw_campaign(drawing, campaign)
    work.say(f"{name}: {drawn.manifest['tasks']:,} tasks for {drawn.manifest['halls']:,} halls")
    return drawn


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
