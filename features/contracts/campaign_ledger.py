"""Campaign ledger: Holdfast's own table of who is in which arm of which campaign."""

import dataframely as dy

from features.contracts.contract import Contract, customer_id, described, name, one_of

ARMS = ("treated", "withheld")


def _whole(description: str, unit: str) -> dy.Int64:
    return dy.Int64(description=description, metadata=described(unit=unit, sensitivity="personal"))


def _fraction(description: str, unit: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=description, metadata=described(unit=unit, sensitivity="personal"))


class CampaignLedger(dy.Schema):
    campaign = name("Name of the campaign.", key=True)
    month = name("Scoring month of its draw, YYYY-MM.", required=True)
    readout_month = name("Month at whose close its outcome is known, YYYY-MM.", required=True)
    customer_id = customer_id()
    arm = one_of(ARMS, "Whether the customer is offered the plan or withheld to compare with.", required=True)
    hall = name("Stratum of the draw: the hall that works the tasks.")
    rank = _whole("Place in the hall's line.", "place")
    bucket = _whole("Hash bucket of the customer.", "bucket")
    horizon = _whole("Months of the window that the campaign is read over.", "months")
    plan = name("Care plan offered, or that would have been.")
    channel = name("Channel of the offer.")
    task_ref = name("Reference of the task; empty for the withheld.")
    brand = name("Brand at the draw.", sensitivity="none")
    band = name("Warning period at the draw.", sensitivity="personal")
    probability = _fraction("Probability of leaving at the draw.", "probability")
    usual_value = _fraction("Usual monthly revenue at the draw.", "currency")
    value_at_risk = _fraction("Probability times usual value.", "currency")
    design = name("Digest of the campaign's frozen design.", required=True)
    drawn_at = name("When it was drawn, as an ISO time.", required=True)


CONTRACT = Contract(
    "campaign_ledger",
    CampaignLedger,
    "One row per customer of a drawn campaign; Holdfast writes it before anybody is treated and never changes it.",
)
