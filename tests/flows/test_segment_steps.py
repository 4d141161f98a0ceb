from __future__ import annotations

from pathlib import Path

import pytest

from features.months import Month
from flows import segment_steps
from flows.workspace import Workspace, WorkspaceError, open_workspace
from models.promotion_ledger import PromotionLedger
from models.registry import CHALLENGER, CHAMPION, SEGMENTS
from tests.flows.conftest import Operator, silent

JUNE, MAY = Month(2025, 6), Month(2025, 5)


def opened(home: Path, operator: Operator) -> Workspace:
    return open_workspace(home, operator.settings, silent)


def decided(work: Workspace) -> list[tuple[str, bool, int, int]]:
    rows = PromotionLedger(work.ledger, work.registry, work.now).decisions(SEGMENTS)
    return [(row.action, row.moved, row.from_version, row.to_version) for row in rows]


def test_the_first_segments_become_champion_and_later_ones_wait_for_a_person(home: Path, operator: Operator):
    work = opened(home, operator)
    assert segment_steps.train_segments(work, MAY).version == 1
    assert segment_steps.train_segments(work, JUNE).version == 2
    assert work.registry.number(SEGMENTS, CHAMPION) == 1
    assert work.registry.number(SEGMENTS, CHALLENGER) == 2
    assert decided(work) == [("promote", True, 0, 1), ("hold", False, 1, 2)]
    assert segment_steps.train_segments(work, JUNE).version == 2
    assert len(decided(work)) == 2


def test_an_empty_home_has_no_segments(tmp_path: Path, operator: Operator):
    with pytest.raises(WorkspaceError, match=r"is empty; fill it with holdfast ingest"):
        segment_steps.train_segments(opened(tmp_path / "home", operator), JUNE)
