from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from features.month_ledger import MonthLedger
from models import ModelsError
from models.model_record import ModelRecord
from models.promotion_ledger import Decision, PromotionLedger, Proposal, in_words
from models.registry import CHAMPION, CHURN
from tests.made_operator import NOW, ledger_in
from tests.models.remembered_registry import Remembered

RECORD = ModelRecord(
    name=CHURN,
    run_name="made",
    fingerprint="1",
    files={},
    code=Path("none"),
    signature={},
    output={"probability": "double"},
    facts={},
    parameters={},
    metrics={},
)
BETTER = Proposal(CHURN, 2, True, "better", "enabled", {"auc": 0.8})
WORSE = Proposal(CHURN, 2, False, "worse", "enabled")


@pytest.fixture
def registry() -> Remembered:
    """Three versions, the first of them champion."""
    registry = Remembered()
    for number in (1, 2, 3):
        registry.register(dataclasses.replace(RECORD, fingerprint=str(number)))
    registry.point(CHURN, CHAMPION, 1)
    return registry


@pytest.fixture
def tables(tmp_path: Path) -> MonthLedger:
    return ledger_in(tmp_path)


@pytest.fixture
def ledger(tables: MonthLedger, registry: Remembered) -> PromotionLedger:
    return PromotionLedger(tables, registry, NOW)  # type: ignore[arg-type]


def told(decision: Decision) -> tuple[str, bool, int, int, str]:
    return decision.action, decision.moved, decision.from_version, decision.to_version, decision.actor


def test_a_promotion_moves_the_alias_and_keeps_its_evidence(ledger: PromotionLedger, registry: Remembered):
    decision = ledger.settle(BETTER)
    assert registry.champion == 2
    assert told(decision) == ("promote", True, 1, 2, "automatic")
    assert decision.evidence == '{"auc": 0.8}'
    assert decision.run_id == "run of churn-propensity 2"
    assert ledger.decisions() == [decision]
    assert in_words(decision) == "churn-propensity version 2 is @champion: better"


def test_a_hold_moves_nothing_and_says_how_to_promote_by_hand(ledger: PromotionLedger, registry: Remembered):
    decision = ledger.settle(WORSE)
    assert (registry.champion, told(decision)) == (1, ("hold", False, 1, 2, "automatic"))
    assert in_words(decision) == (
        "churn-propensity version 2 stays @challenger: worse; to promote it by hand: "
        "holdfast promote --model churn-propensity --version 2"
    )


def test_a_dry_run_records_what_it_would_do(ledger: PromotionLedger, registry: Remembered):
    decision = ledger.settle(dataclasses.replace(BETTER, gate="dry_run"))
    assert (registry.champion, told(decision)) == (1, ("promote", False, 1, 2, "automatic"))
    assert "stays @challenger (dry run: it would be promoted): better" in in_words(decision)


def test_a_disabled_gate_promotes_every_training(ledger: PromotionLedger, registry: Remembered):
    decision = ledger.settle(dataclasses.replace(WORSE, gate="disabled"))
    assert (registry.champion, decision.reason) == (2, "the gate is disabled: every training is promoted")


def test_a_version_is_decided_once(ledger: PromotionLedger, registry: Remembered):
    first = ledger.settle(WORSE)
    assert ledger.settle(dataclasses.replace(WORSE, promote=True, reason="other")) == first
    assert ledger.decisions() == [first]
    assert registry.champion == 1


def test_training_again_leaves_what_a_person_moved(ledger: PromotionLedger, registry: Remembered):
    ledger.settle(BETTER)
    registry.point(CHURN, CHAMPION, 1)  # as MLflow's own page does it
    ledger.settle(BETTER)
    assert registry.champion == 1
    ledger.promote(CHURN, 2, "li", "after all")
    ledger.promote(CHURN, 1, "li", "complaints")
    ledger.settle(BETTER)
    assert registry.champion == 1
    assert len(ledger.decisions()) == 3


def test_a_training_that_was_killed_before_the_alias_moved_is_finished(
    ledger: PromotionLedger, registry: Remembered, monkeypatch: pytest.MonkeyPatch
):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(registry, "point", killed)
        with pytest.raises(KeyboardInterrupt):
            ledger.settle(BETTER)
    assert registry.champion == 1
    ledger.settle(BETTER)
    assert registry.champion == 2
    assert len(ledger.decisions()) == 1


def test_a_person_promotes_and_rolls_back_by_version(ledger: PromotionLedger, registry: Remembered):
    assert told(ledger.promote(CHURN, 3, "li", "spring")) == ("promote", True, 1, 3, "li")
    assert registry.champion == 3
    back = ledger.promote(CHURN, 1, "wang", "too many false alarms")
    assert told(back) == ("roll back", True, 3, 1, "wang")
    assert back.reason == "too many false alarms"
    assert registry.champion == 1
    assert [row.to_version for row in ledger.decisions(CHURN)] == [3, 1]
    assert ledger.decisions("segments") == []


def test_said_twice_it_is_one_row_also_when_the_first_run_was_killed(
    ledger: PromotionLedger, registry: Remembered, monkeypatch: pytest.MonkeyPatch
):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(registry, "point", killed)
        with pytest.raises(KeyboardInterrupt):
            ledger.promote(CHURN, 3, "li", "spring")
    first = ledger.promote(CHURN, 3, "li", "spring")
    assert ledger.promote(CHURN, 3, "li", "spring") == first
    assert (registry.champion, len(ledger.decisions())) == (3, 1)


def test_an_unknown_version_changes_nothing(ledger: PromotionLedger, registry: Remembered):
    with pytest.raises(ModelsError, match="has no version 9"):
        ledger.promote(CHURN, 9, "li", "")
    assert (ledger.decisions(), registry.champion) == ([], 1)
