"""In whatever order the commands come, no list and no resolver file names whom a campaign withholds."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from features import HoldfastError
from features.feature_months import FeatureSet
from features.home import month_lock
from features.months import Month
from flows import campaign_steps, list_steps, steps
from flows.key import VARIABLE, new_key
from flows.workspace import Workspace, WorkspaceError, open_workspace
from models import churn
from models.registry import Champion
from models.training_table import Labelling, labelled_month, stack, usable_months
from serving.campaign_ledger import members
from tests.flows.conftest import BILLS, QUICK, SOURCE, Operator, bytes_of, silent
from tests.flows.test_list_steps import OneChampion
from tests.models.made_tables import QUICK as QUICK_TRAINING

MONTH, TRAINED_AS_OF = Month(2025, 7), Month(2025, 6)
CUSTOMERS = """
SELECT customer_id, month, status, brand, activated_on, 'hall ' || (right(customer_id, 1)::INTEGER % 2) AS hall,
    left(customer_id, 3) || '****' || right(customer_id, 4) AS masked_number
FROM read_csv('customers.csv', all_varchar = true)
"""
EVERYBODY = """
[eligibility]
min_arpu = 0
min_tenure_months = 0
lowest_band = "healthy"

[campaign]
hall_capacity = 20
holdout_share = 0.5
"""


@pytest.fixture(scope="module")
def filled(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Champion]:
    """A folder with a home whose ids are keyed, its key and settings, and a champion for it; not to be changed."""
    folder = tmp_path_factory.mktemp("campaign-steps")
    mapping = folder / "mapping"
    mapping.mkdir()
    (mapping / "source.toml").write_text(SOURCE.replace("\n[churn]", '\nkeyed = ["customer_id"]\n[churn]'))
    (mapping / "customers.sql").write_text(CUSTOMERS)
    (mapping / "bills.sql").write_text(BILLS)
    (folder / "settings.toml").write_text(QUICK + EVERYBODY)
    new_key(folder / "key")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder / "key"))
        work = open_workspace(folder / "home", folder / "settings.toml", silent)
        steps.ingest(work, steps.Arrival(str(mapping), operator.extract, backload=True))
        learning = open_workspace(Path(shutil.copytree(folder / "home", folder / "learning")), None, silent)
        return folder, trained(learning)


def trained(work: Workspace) -> Champion:
    wanted = FeatureSet(work.source().churn, (), work.code)
    labelling = Labelling(work.ledger, wanted, 1, TRAINED_AS_OF, 1_000, work.now)
    table = stack([labelled_month(labelling, month) for month in usable_months(labelling)], wanted)
    facts = {"as_of": str(TRAINED_AS_OF), "gap": 0, "feature_set": wanted.id, "custom": []}
    settings = dataclasses.replace(QUICK_TRAINING, min_events=1_000, min_data_in_leaf=5)
    return Champion("churn-propensity", 3, churn.fit(table, 1, settings, 1), facts | churn.trained_on(table))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def work(filled: tuple[Path, Champion], told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The home, to be changed, scored."""
    folder, champion = filled
    monkeypatch.setenv(VARIABLE, str(folder / "key"))
    home = Path(shutil.copytree(folder / "home", tmp_path / "home"))
    opened = open_workspace(home, folder / "settings.toml", told.append)
    opened.__dict__["registry"] = OneChampion(champion)
    list_steps.score(opened, MONTH)
    return opened


def refs_in(file: Path) -> set[str]:
    return {row["task_ref"] for row in csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())}


def withheld_refs(work: Workspace) -> set[str]:
    rows: list[dict[str, Any]] = members(work.ledger.warehouse, "spring").to_pylist()
    return {row["task_ref"] for row in rows if row["arm"] == "withheld"}


def refs_in_lists(work: Workspace) -> set[str]:
    folder = work.home.lists / f"month={MONTH}"
    return {ref for file in folder.rglob("*.csv") if file.name != "gone.csv" for ref in refs_in(file)}


def test_a_list_that_was_written_before_the_draw_is_written_again_without_the_withheld(
    work: Workspace, told: list[str]
):
    list_steps.write_list(work, MONTH)
    before = refs_in_lists(work)
    campaign_steps.draw(work, MONTH, "spring")
    assert withheld_refs(work) & before
    assert not withheld_refs(work) & refs_in_lists(work)
    assert "2025-07: its list named customers withheld now and is written again without them" in told
    again = bytes_of(work.home.lists)
    list_steps.write_list(work, MONTH)
    assert bytes_of(work.home.lists) == again


def test_a_resolver_file_that_was_written_before_the_draw_is_removed(work: Workspace, told: list[str]):
    list_steps.write_list(work, MONTH)
    file = list_steps.resolve(work, MONTH, "test").file
    campaign_steps.draw(work, MONTH, "spring")
    assert not file.exists()
    assert [line for line in told if "its resolver file named" in line]
    assert not withheld_refs(work) & refs_in(list_steps.resolve(work, MONTH, "test").file)


def test_so_is_that_of_an_earlier_month(work: Workspace):
    list_steps.write_list(work, MONTH - 1)
    file = list_steps.resolve(work, MONTH - 1, "test").file
    campaign_steps.draw(work, MONTH, "spring")
    assert not file.exists()


def test_drawn_again_list_and_resolver_stay_as_they_are(work: Workspace):
    campaign_steps.draw(work, MONTH, "spring")
    list_steps.write_list(work, MONTH)
    list_steps.resolve(work, MONTH, "test")
    before = bytes_of(work.home.lists) | bytes_of(work.home.root / "resolver")
    campaign_steps.draw(work, MONTH, "spring")
    assert bytes_of(work.home.lists) | bytes_of(work.home.root / "resolver") == before


def test_a_list_that_cannot_be_written_again_is_removed(work: Workspace, monkeypatch: pytest.MonkeyPatch):
    list_steps.write_list(work, MONTH)

    def failing(*_given: object) -> None:
        raise HoldfastError("no champion")

    monkeypatch.setattr(list_steps, "write_list_in_turn", failing)
    with pytest.raises(WorkspaceError, match=r"^the list of 2025-07 named .* and is removed: no champion$"):
        campaign_steps.draw(work, MONTH, "spring")
    assert refs_in_lists(work) == set()


def test_a_draw_keeps_lists_of_the_month_and_resolvers_waiting(work: Workspace, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    locked = type(work.home).locked
    monkeypatch.setattr(
        type(work.home), "locked", lambda home, name, waiting=None: asked.append(name) or locked(home, name, waiting)
    )
    campaign_steps.draw(work, MONTH, "spring")
    assert asked == [month_lock(MONTH), "campaigns", "resolver"]
