"""One campaign, proven: what contacts do is found where they do something, and nothing where they do nothing."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow.parquet as pq
import pytest

from features.engine import EngineSettings
from features.feature_months import feature_set_at
from features.months import Month, months_between
from flows import campaign_steps, key, steps
from flows.settings import Settings
from flows.workspace import Workspace
from infra.simulator.contact_book import note, read
from infra.simulator.operator import Beginning, advance, start
from infra.simulator.sending import Sending
from infra.simulator.worlds import read_world
from models import churn
from models.registry import Champion
from models.training_table import Labelling, labelled_month, stack, usable_months
from serving.allocation import CampaignSettings
from serving.campaign_ledger import members
from serving.campaign_readout import Reading, outcomes
from serving.customer_scores import Scoring, score_month
from serving.eligibility import EligibilityRules
from serving.holdout import with_arms
from serving.monitoring.uplift_readout import ReadoutSettings, effect
from serving.resolver import keyed
from serving.task_refs import task_refs
from tests.made_operator import NOW

pytestmark = pytest.mark.slow

FIRST, SCORED, LAST = Month(2025, 1), Month(2025, 7), Month(2025, 12)
CUSTOMERS, SEED, NAME = 8_000, 1, "summer"
WORLD = """
base = "usual"

[effects]
strength = {{ value = {strength}, reason = "so strong that few customers prove it, or none" }}
drives = {{ value = 0.0, reason = "nobody is driven away" }}
drives_by_fatigue = {{ value = 0.0, reason = "nobody is driven away" }}
"""
STRONG, NONE = 5.0, 0.0
SETTINGS = Settings(
    engine=EngineSettings(threads=1, buckets=2),
    eligibility=EligibilityRules(min_arpu=0, min_tenure_months=0, lowest_band="healthy"),
    campaign=CampaignSettings(hall_capacity=60, holdout_share=0.5),
)
"""Everybody may be part, and half are withheld: the most that 8,000 customers can prove."""
SECRET = b"k" * 40


@dataclass(frozen=True)
class Drawn:
    """A campaign that was drawn and dialled, before anything came of it."""

    work: Workspace
    extract: Path
    contacts: Path


def silent(_message: str) -> None:
    """Hear progress and say nothing."""


def workspace(home: Path) -> Workspace:
    from features.home import open_home

    return Workspace(open_home(home), SETTINGS, NOW, silent)


def score(work: Workspace) -> None:
    """Score the month with a small model, without MLflow."""
    definition = work.source().churn
    wanted = feature_set_at(work.ledger, SCORED, definition, "test")
    labelling = Labelling(work.ledger, wanted, 1, SCORED, 200_000, NOW)
    learned = stack([labelled_month(labelling, month) for month in usable_months(labelling)[-2:]], wanted)
    quick = dataclasses.replace(SETTINGS.churn, min_events=10**6, fallback_rounds=30)
    facts = {"as_of": str(SCORED), "gap": 1, "feature_set": wanted.id, "custom": [], **churn.trained_on(learned)}
    champion = Champion("churn-propensity", 1, churn.fit(learned, 1, quick, 1), facts)
    score_month(Scoring(work.ledger, champion, definition, "test", 1, NOW), SCORED)


def live(folder: Path, strength: float) -> Path:
    """The months up to SCORED in a world where contacts are as strong as that; the extracts."""
    (folder / "world.toml").write_text(WORLD.format(strength=strength))
    beginning = Beginning(read_world(folder / "world.toml"), CUSTOMERS, SEED, FIRST)
    start(folder / "life", beginning, months=FIRST.until(SCORED) + 1, write=Sending(folder / "extract"))
    return folder / "extract"


def ingest(work: Workspace, extract: Path, first: Month, last: Month) -> None:
    steps.ingest(work, steps.Arrival("simulated_operator", extract, list(months_between(first, last))))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    folder = tmp_path_factory.mktemp("campaign")
    (folder / "key").write_bytes(SECRET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(key.VARIABLE, str(folder / "key"))
        work, extract = workspace(folder / "home"), live(folder, NONE)
        ingest(work, extract, FIRST, SCORED)
        score(work)
        found = campaign_steps.draw(work, SCORED, NAME)
        numbers = pq.read_table(extract / f"subscribers_{SCORED}_0.parquet").column("msisdn").to_pylist()
        references = task_refs(SECRET, SCORED, [keyed(SECRET, number) for number in numbers])
        dial(found.folder / "tasks.csv", dict(zip(references, numbers, strict=True)), folder / "contacts.csv")
        yield Drawn(work, extract, folder / "contacts.csv")


def dial(tasks: Path, numbers: dict[str, str], book: Path) -> None:
    """Call whom the tasks name in the month after, as the operator's halls and hotline do."""
    with tasks.open(encoding="utf-8-sig", newline="") as opened:
        named = list(csv.DictReader(opened))
    note(book, [(numbers[task["task_ref"]], SCORED + 1, NAME, task["channel"], task["plan"]) for task in named])


def lived_on(drawn: Drawn, strength: float, folder: Path) -> tuple[Workspace, dict[str, Any]]:
    """The operator lives on with the contacts; a copy of the home learns what came of it and reads it out."""
    import shutil

    extract = live(folder, strength)
    for file in drawn.extract.iterdir():
        assert (extract / file.name).read_bytes() == file.read_bytes(), f"{file.name} is of the past"
    contacts, months = read(drawn.contacts), SCORED.until(LAST)
    advance(folder / "life", write=Sending(extract), contacts=contacts, months=months)
    work = workspace(Path(shutil.copytree(drawn.work.home.root, folder / "home")))
    early = campaign_steps.read_out(work, NAME).report
    assert early["note"] == f"not enough data yet: matures with {LAST}"
    ingest(work, extract, SCORED + 1, LAST)
    return work, campaign_steps.read_out(work, NAME).report


def test_contacts_that_keep_people_are_seen_to_keep_them(drawn: Drawn, tmp_path: Path):
    _, report = lived_on(drawn, STRONG, tmp_path)
    assert report["difference"]["low"] > 0.01
    assert 0.85 < report["reach"]["reached"]["value"] < 0.97
    assert report["reach"]["withheld_but_contacted"] == 0
    assert report["reach"]["contacted_without_a_task"] == 0


def test_contacts_that_do_nothing_come_out_as_nought_however_the_arms_are_drawn(drawn: Drawn, tmp_path: Path):
    """The readout's interval holds nought, and so do 95 of 100 intervals when the same people are drawn again."""
    work, report = lived_on(drawn, NONE, tmp_path)
    assert report["difference"]["low"] <= 0 <= report["difference"]["high"]
    reading = Reading(work.ledger, campaign_steps.campaigns_of(work), work.source().churn, ReadoutSettings(), NOW)
    people = outcomes(reading, members(work.ledger.warehouse, NAME), LAST)
    slots = nw.from_native(people, eager_only=True).drop("arm")
    holds = 0
    for seed in range(200):
        settings = dataclasses.replace(SETTINGS.campaign, seed=seed)
        again = effect(with_arms(slots, NAME, SECRET, settings).to_native(), ReadoutSettings())["difference"]
        holds += again["low"] <= 0 <= again["high"]
    assert 0.90 < holds / 200 <= 1
