from __future__ import annotations

from pathlib import Path

import pytest

from features.months import Month
from flows import model_steps, screening_steps
from flows.workspace import Workspace, WorkspaceError, open_workspace
from models.promotion_ledger import PromotionLedger
from models.registry import CHURN, SCREENING
from tests.flows.conftest import Operator, silent

APRIL, MAY, JUNE = Month(2025, 4), Month(2025, 5), Month(2025, 6)


def opened(home: Path, operator: Operator) -> Workspace:
    return open_workspace(home, operator.settings, silent)


def decided(work: Workspace) -> list[tuple[str, int]]:
    rows = PromotionLedger(work.ledger, work.registry, work.now).decisions(SCREENING)
    return [(row.action, row.to_version) for row in rows]


def test_the_newest_screening_is_champion_and_one_of_an_earlier_month_is_not(home: Path, operator: Operator):
    work = opened(home, operator)
    assert [screening_steps.screen(work, month).version for month in (MAY, JUNE, APRIL, JUNE)] == [1, 2, 3, 2]
    assert work.registry.number(SCREENING) == 2
    assert decided(work) == [("promote", 1), ("promote", 2), ("hold", 3)]


def test_training_rests_on_the_registered_screening_and_its_facts_name_it(home: Path, operator: Operator):
    work = opened(home, operator)
    screening = screening_steps.screen(work, MAY).evidence.screening
    trained = model_steps.train(work, JUNE)
    told = work.registry.version(CHURN, trained.version).facts["screening"]
    assert (told["version"], told["as_of"], told["kept"]) == (1, "2025-05", len(screening.kept))
    assert set(trained.model.encoding.columns) <= set(screening.kept)


def test_training_makes_its_own_where_the_registered_one_is_of_a_later_month(home: Path, operator: Operator):
    work = opened(home, operator)
    screening_steps.screen(work, JUNE)
    trained = model_steps.train(work, MAY)
    told = work.registry.version(CHURN, trained.version).facts["screening"]
    assert (told["version"], told["as_of"], told["months"][-1]) == (0, "2025-05", "2025-04")


def test_all_indicators_are_taken_where_the_settings_say_so(home: Path, operator: Operator, tmp_path: Path):
    settings = tmp_path / "all.toml"
    settings.write_text(operator.settings.read_text() + '\n[screening]\ntrain_on = "all"\n')
    work = open_workspace(home, settings, silent)
    screening = screening_steps.screen(work, JUNE).evidence.screening
    trained = model_steps.train(work, JUNE)
    assert work.registry.version(CHURN, trained.version).facts["screening"] is None
    assert "suspended" in set(trained.model.encoding.columns) - set(screening.kept)


def test_an_empty_home_has_nothing_to_screen(tmp_path: Path, operator: Operator):
    with pytest.raises(WorkspaceError, match=r"is empty; fill it with holdfast ingest"):
        screening_steps.screen(opened(tmp_path / "home", operator), JUNE)
