from __future__ import annotations

import csv
import dataclasses
import json
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from features import HoldfastError
from features.feature_months import FeatureSet
from features.home import month_lock
from features.months import Month
from flows import list_steps, steps
from flows.key import VARIABLE, new_key
from flows.workspace import Workspace, WorkspaceError, open_workspace
from models import churn
from models.registry import Champion, ModelVersion
from models.segments import SegmentModel
from models.training_table import Labelling, labelled_month, stack, usable_months
from tests.flows.conftest import BILLS, CUSTOMERS, SOURCE, Operator, bytes_of, made_once, silent
from tests.models.made_tables import QUICK

MONTH, TRAINED_AS_OF = Month(2025, 7), Month(2025, 6)
MASKED = CUSTOMERS.replace(
    "activated_on", "activated_on, left(customer_id, 3) || '****' || right(customer_id, 4) AS masked_number"
)


@dataclass(frozen=True)
class OneChampion:
    """A registry that holds one churn model and no segments."""

    only: Champion

    def champion(self, _version: int | None = None) -> Champion:
        return self.only

    def number(self, _name: str) -> int:
        return self.only.version

    def held(self, _name: str) -> None:
        return None


def opened(home: Path, operator: Operator, champion: Champion | None = None) -> Workspace:
    work = open_workspace(home, operator.settings, silent)
    if champion is not None:
        work.__dict__["registry"] = OneChampion(champion)
    return work


@pytest.fixture(scope="session")
def keyed(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home whose ids are keyed, and its key beside it; not to be changed."""

    def fill(folder: Path) -> None:
        mapping = folder / "mapping"
        mapping.mkdir()
        (mapping / "source.toml").write_text(SOURCE.replace("\n[churn]", '\nkeyed = ["customer_id"]\n[churn]'))
        (mapping / "customers.sql").write_text(MASKED)
        (mapping / "bills.sql").write_text(BILLS)
        new_key(folder / "key")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLE, str(folder / "key"))
            steps.ingest(
                opened(folder / "home", operator), steps.Arrival(str(mapping), operator.extract, backload=True)
            )

    return made_once(tmp_path_factory, "keyed", fill)


@pytest.fixture(scope="session")
def champion(keyed: Path, operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Champion:
    work = opened(Path(shutil.copytree(keyed / "home", tmp_path_factory.mktemp("champion") / "home")), operator)
    wanted = FeatureSet(work.source().churn, (), work.code)
    labelling = Labelling(work.ledger, wanted, 1, TRAINED_AS_OF, 1_000, work.now)
    table = stack([labelled_month(labelling, month) for month in usable_months(labelling)], wanted)
    facts = {"as_of": str(TRAINED_AS_OF), "gap": 0, "feature_set": wanted.id, "custom": []}
    settings = dataclasses.replace(QUICK, min_events=1_000, min_data_in_leaf=5)
    return Champion("churn-propensity", 3, churn.fit(table, 1, settings, 1), facts | churn.trained_on(table))


@pytest.fixture
def work(
    keyed: Path, operator: Operator, champion: Champion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """The keyed home, to be changed, with its key named."""
    monkeypatch.setenv(VARIABLE, str(keyed / "key"))
    return opened(Path(shutil.copytree(keyed / "home", tmp_path / "home")), operator, champion)


def again(work: Workspace, operator: Operator) -> Workspace:
    return opened(work.home.root, operator, work.registry.champion())


def rows_of(file: Path) -> list[dict[str, Any]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))


def test_scored_and_listed_again_the_bytes_are_the_same(work: Workspace, operator: Operator):
    scored = list_steps.score(work, MONTH)
    written = list_steps.write_list(work, MONTH)
    assert (written.listed, written.scored) == (25, scored.rows)
    before = bytes_of(work.home.tables) | bytes_of(work.home.lists)
    assert list_steps.score(again(work, operator), MONTH) == scored
    assert list_steps.write_list(again(work, operator), MONTH) == written
    assert bytes_of(work.home.tables) | bytes_of(work.home.lists) == before


def test_the_next_month_is_compared_with_this_one(work: Workspace):
    list_steps.write_list(work, MONTH - 1)
    written = list_steps.write_list(work, MONTH)
    changes = {row["change"] for row in rows_of(written.folder / "province.csv")}
    assert changes <= {"new", "up", "down", "same"}
    gone = rows_of(written.folder / "gone.csv")
    listed = [row for row in rows_of(written.folder / "province.csv") if row["rank_before"]]
    assert len(gone) + len(listed) == 25
    assert all(row["why"] for row in gone)


def test_the_month_waits_for_whoever_works_on_it(work: Workspace, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    locked = type(work.home).locked
    monkeypatch.setattr(
        type(work.home), "locked", lambda home, name, waiting=None: asked.append(name) or locked(home, name, waiting)
    )
    list_steps.score(work, MONTH)
    list_steps.write_list(work, MONTH)
    list_steps.resolve(work, MONTH, "test")
    assert asked == [month_lock(MONTH), month_lock(MONTH), month_lock(MONTH), "resolver"]


def test_the_resolver_finds_the_numbers_that_the_masked_ones_show(work: Workspace):
    written = list_steps.write_list(work, MONTH)
    resolved = list_steps.resolve(work, MONTH, "calls of August")
    numbers = {row["task_ref"]: row["number"] for row in rows_of(resolved.file)}
    listed = {row["task_ref"]: row["masked_number"] for row in rows_of(written.folder / "province.csv")}
    assert (resolved.rows, resolved.missing) == (25, 0)
    assert {ref: f"{number[:3]}****{number[-4:]}" for ref, number in numbers.items()} == listed
    assert not (work.home.root / "resolver" / ".reading").exists()


def test_numbers_lie_nowhere_in_the_home_but_in_the_resolver(work: Workspace):
    list_steps.write_list(work, MONTH)
    list_steps.resolve(work, MONTH, "calls of August")
    files = [file for file in work.home.root.rglob("*") if file.is_file()]
    assert {file.name for file in files if b"customer-0" in file.read_bytes()} == {"resolver.csv"}


def test_who_used_the_resolver_is_the_person_of_the_process(work: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("USER", "somebody else")
    list_steps.write_list(work, MONTH)
    list_steps.resolve(work, MONTH, "calls of August")
    (logged,) = work.ledger.warehouse.rows("resolver_log")
    assert (logged["who"], logged["reason"]) == (pwd.getpwuid(os.getuid()).pw_name, "calls of August")


def test_without_the_key_no_number_is_told(work: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    list_steps.write_list(work, MONTH)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(
        WorkspaceError, match=r"no key is given, and home .* name the file of that key in HOLDFAST_KEY_FILE"
    ):
        list_steps.resolve(work, MONTH, "test")
    new_key(tmp_path / "another")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "another"))
    with pytest.raises(WorkspaceError, match=r"the key given is not the one that made the ids, and home"):
        list_steps.resolve(work, MONTH, "test")


def test_an_extract_that_is_gone_is_named(work: Workspace, tmp_path: Path):
    list_steps.write_list(work, MONTH)
    with pytest.raises(WorkspaceError, match=r"extract folder .*gone does not exist; give the right one with --from"):
        list_steps.resolve(work, MONTH, "test", tmp_path / "gone")


def test_a_home_whose_ids_are_the_operators_own_has_nothing_to_resolve(home: Path, operator: Operator):
    with pytest.raises(HoldfastError, match=r"customer_id is not keyed in its source.toml"):
        list_steps.resolve(opened(home, operator), Month(2025, 6), "test")


@dataclass(frozen=True)
class WithSegments(OneChampion):
    """The same with segments that were found as of a month."""

    as_of: str

    def held(self, name: str) -> ModelVersion:  # type: ignore[override]
        facts = json.dumps({"as_of": self.as_of})
        return ModelVersion(name, 4, {"facts.json": facts, **SegmentModel((), ()).files()})


@pytest.mark.parametrize(("as_of", "used"), [("2025-06", 4), ("2025-07", 4), ("2025-08", None)])
def test_segments_that_have_seen_later_months_are_not_used(
    trained: Path, operator: Operator, champion: Champion, as_of: str, used: int | None
):
    work = opened(trained, operator)
    work.__dict__["registry"] = WithSegments(champion, as_of)
    segments = list_steps.scoring_of(work, MONTH).segments
    assert (segments and segments.version) == used


def test_a_month_stays_with_the_version_that_scored_it_unless_it_is_scored_anew(
    keyed: Path, operator: Operator, champion: Champion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Or a rerun would replace, without a word, the list that halls work from."""

    class TwoVersions(OneChampion):
        def champion(self, version: int | None = None) -> Champion:
            return dataclasses.replace(champion, version=version or 9)

        def number(self, _name: str) -> int:
            return 9

    monkeypatch.setenv(VARIABLE, str(keyed / "key"))
    work = opened(Path(shutil.copytree(keyed / "home", tmp_path / "home")), operator, champion)
    first = list_steps.score(work, MONTH)
    work.__dict__["registry"] = TwoVersions(champion)
    assert list_steps.score(work, MONTH) == first
    anew = list_steps.score(work, MONTH, anew=True)
    assert (first.source, anew.source) == (f"churn-propensity/{champion.version}", "churn-propensity/9")
    assert list_steps.score(work, MONTH) == anew
