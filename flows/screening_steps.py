"""Screening steps: screening the indicators as of a month, from a workspace to a result that can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.months import Month
from flows import model_steps
from flows.workspace import Workspace

if TYPE_CHECKING:
    from models.promotion_ledger import Decision
    from models.screening_training import TrainedScreening

NEWEST = "the newest screening; the churn model that comes of it has to pass its own gate"
OLDER = "it was fitted as of an earlier month than the current one"


def screen(work: Workspace, as_of: Month) -> TrainedScreening:
    """Screen the indicators on the months that a training as of `as_of` may see, and register the result.

    It becomes @champion, which trainings from that month on read, unless the champion is of a later month. No person
    has to agree: whether it does harm shows in the test of the model, which decides about that one.
    """
    from features.feature_months import feature_set_at
    from flows.provenance import made_by
    from models.screening_training import ScreeningTraining, train
    from models.training_table import Labelling

    work.refuse_empty()
    churn = work.source().churn
    with work.home.locked(model_steps.TRAINING, work.say):
        wanted = feature_set_at(work.ledger, as_of, churn, work.code)
        labelling = Labelling(work.ledger, wanted, churn.horizons[0], as_of, 0, work.now, work.say)
        training = ScreeningTraining(labelling, model_steps.screener(work), work.say, made_by())
        trained = train(training, work.registry)
        settle(work, trained.version, as_of)
    return trained


def settle(work: Workspace, version: int, as_of: Month) -> Decision:
    """Record what becomes of a version, once."""
    from models.promotion_ledger import PromotionLedger, Proposal, in_words
    from models.registry import SCREENING
    from models.screener import current_screening

    current = current_screening(work.registry)
    newest = current is None or Month.parse(current.screening.as_of) <= as_of
    proposal = Proposal(SCREENING, version, newest, NEWEST if newest else OLDER, "enabled")
    decision = PromotionLedger(work.ledger, work.registry, work.now).settle(proposal)
    work.say(in_words(decision))
    return decision
