"""Segment steps: finding and registering the segments of a month, from a workspace to a result that can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.months import Month
from flows.model_steps import TRAINING
from flows.workspace import Workspace

if TYPE_CHECKING:
    from models.promotion_ledger import Decision
    from models.segment_training import TrainedSegments

FIRST = "the first segments of this home"
LATER = "segments change what lists and reports mean, so that a person decides when"


def train_segments(work: Workspace, as_of: Month) -> TrainedSegments:
    """Find and register the segments as of a month; the first version of all becomes @champion.

    A later one stays @challenger until a person promotes it: months are compared with each other by segment, and
    one that changes its meaning in between would spoil that. Either way the promotion ledger says so.
    """
    from features.feature_months import feature_set_at
    from flows.provenance import made_by
    from models.segment_training import SegmentTraining, train

    work.refuse_empty()
    churn = work.source().churn
    with work.home.locked(TRAINING, work.say):
        wanted = feature_set_at(work.ledger, as_of, churn, work.code)
        training = SegmentTraining(
            work.ledger, wanted, churn.horizons[0], work.settings.segments, work.now, work.say, made_by()
        )
        trained = train(training, as_of, work.registry)
        settle(work, trained.version)
    return trained


def settle(work: Workspace, version: int) -> Decision:
    """Record what becomes of a version, once: promoted where no version is champion yet."""
    from models.promotion_ledger import PromotionLedger, Proposal, in_words
    from models.registry import SEGMENTS

    first = work.registry.number(SEGMENTS) is None
    proposal = Proposal(SEGMENTS, version, first, FIRST if first else LATER, "enabled")
    decision = PromotionLedger(work.ledger, work.registry, work.now).settle(proposal)
    work.say(in_words(decision))
    return decision
