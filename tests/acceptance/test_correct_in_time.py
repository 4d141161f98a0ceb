"""Correct in time: whatever comes after a month, the features and the model as of that month stay what they were.

Two homes hold the same months up to AS_OF. In one of them everything after it is noise: other customers' lives, other
ends of what was in force, and later revisions of the months before. Each leak that is planted makes them differ.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import pytest
from typer.testing import CliRunner

from features import custom_indicators, mapped_table, plan_periods, usage
from features.custom_indicators import CustomName
from features.feature_months import build_feature_month, feature_set_at
from features.known_months import Frame, KnownMonths
from features.month_ledger import Entry, MonthLedger
from features.months import Month, months_between
from flows import model_steps, steps
from flows.cli import app
from flows.steps import Arrival
from flows.workspace import Workspace, open_workspace
from models import churn
from models.backtest import training_table
from models.model_record import ModelRecord
from tests.acceptance.two_futures import AS_OF, FIRST, write_extract, write_lives, write_mapping
from tests.models.remembered_registry import Remembered

REVISED = [Month(2025, 2), Month(2025, 3), AS_OF]
SETTINGS = """
[engine]
threads = 1
buckets = 1

[churn]
learning_rate = 0.2
min_data_in_leaf = 20
max_rounds = 30
patience = 5
min_events = 10
fallback_rounds = 10
folds = 2

[evaluation]
replicates = 10

[privacy]
key_file = "{key}"
"""


@dataclass(frozen=True)
class Operator:
    """Where an operator's mapping, settings and extracts lie: the true one, one with a noisy future, one all noise."""

    folder: Path
    mapping: Path
    true: Path
    noisy: Path
    revised: Path

    @property
    def settings(self) -> Path:
        return self.folder / "settings.toml"

    def home(self, name: str) -> Workspace:
        return open_workspace(self.folder / name, self.settings, lambda _: None)

    def delivered(self, name: str, extract: Path, months: list[Month] | None = None) -> Workspace:
        work = self.home(name)
        steps.ingest(work, Arrival(str(self.mapping), extract, months))
        return work


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    folder = tmp_path_factory.mktemp("operator")
    lives, others = write_lives(folder)
    (folder / "key").write_text("k" * 64)
    (folder / "settings.toml").write_text(SETTINGS.format(key=folder / "key"))
    return Operator(
        folder,
        write_mapping(folder / "with_histories"),
        write_extract(folder / "true", lives, lives),
        write_extract(folder / "noisy", lives, others),
        write_extract(folder / "revised", others, others),
    )


@pytest.fixture(scope="module")
def true(operator: Operator) -> Workspace:
    return operator.delivered("what_came", operator.true)


@pytest.fixture(scope="module")
def noisy(operator: Operator) -> Workspace:
    """Noise after AS_OF first, then the months before it once more, as noise too."""
    work = operator.delivered("noise", operator.noisy)
    return operator.delivered("noise", operator.revised, REVISED) and work


def known_at_close(work: Workspace) -> dict[tuple[str, str], str]:
    """Content of every contract table month up to AS_OF as known at its close."""
    return {
        (table, str(month)): entry.content_hash
        for table in work.source().tables
        for month in months_between(FIRST, AS_OF)
        if (entry := work.ledger.known(table, month, AS_OF)) is not None
    }


def features(work: Workspace, code: str, as_of: Month = AS_OF) -> Entry:
    """The feature month, built by (planted) code that has a version of its own."""
    wanted = feature_set_at(work.ledger, as_of, work.source().churn, code)
    return build_feature_month(work.ledger, as_of, wanted, now=work.now)


def parquet_bytes(work: Workspace, entry: Entry) -> list[bytes]:
    return [file.read_bytes() for file in work.ledger.warehouse.files(entry.table, entry.month, entry.version)]


def trained(work: Workspace) -> ModelRecord:
    """What `holdfast train` registers, without starting MLflow."""
    work.__dict__["registry"] = registry = Remembered()
    model_steps.train(work, AS_OF)
    return registry.records[0]


def booster(work: Workspace, code: str) -> str:
    test = model_steps.backtest_setup(work)
    wanted = feature_set_at(work.ledger, AS_OF, work.source().churn, code)
    return churn.fit(training_table(test, AS_OF, 1, wanted), 1, test.settings, 1).booster_text


def test_the_noise_is_really_there(true: Workspace, noisy: Workspace):
    for table in true.source().tables:
        for month in [*REVISED, AS_OF + 1, AS_OF + 2]:
            was, now = (work.ledger.known(table, month) for work in (true, noisy))
            assert was is not None
            assert now is not None
            assert was.content_hash != now.content_hash, f"{table} {month} was to be noise"


def test_tables_up_to_then_are_the_same_ends_of_what_lasted_included(true: Workspace, noisy: Workspace):
    assert len(known_at_close(true)) == 20 * 6
    assert known_at_close(true) == known_at_close(noisy)


def test_the_feature_partition_is_the_same(true: Workspace, noisy: Workspace):
    was, now = steps.build_features(true, AS_OF), steps.build_features(noisy, AS_OF)
    assert was.rows > 1_000
    assert now.content_hash == was.content_hash
    assert parquet_bytes(noisy, now) == parquet_bytes(true, was)


def test_the_model_is_the_same(true: Workspace, noisy: Workspace):
    was, now = trained(true), trained(noisy)
    assert was.facts["scoring_months"] == ["2025-01", "2025-02", "2025-03"]
    assert json.loads(was.files["about.json"])["note"] == "", "training, stopping and calibration are all to be proven"
    assert now.files["booster.txt"] == was.files["booster.txt"]
    assert now.files["calibrator.json"] == was.files["calibrator.json"]
    assert now.files == was.files
    assert now == was


def test_as_of_a_later_month_the_noise_is_seen(true: Workspace, noisy: Workspace):
    """Or the homes would agree for a bad reason."""
    later = AS_OF + 1
    assert features(true, "same", later).content_hash != features(noisy, "same", later).content_hash


def test_revisions_that_come_with_the_next_month_are_not_known_before_it(operator: Operator):
    """One extract often brings the next month and corrections of the ones before it."""
    work = operator.delivered("one_month", operator.true, [AS_OF])
    before = features(work, "same")
    operator.delivered("one_month", operator.revised, [AS_OF, AS_OF + 1])
    assert features(work, "same") == before
    assert work.ledger.known("bills", AS_OF) != work.ledger.known("bills", AS_OF, AS_OF)


def test_planted_a_feature_that_looks_a_month_ahead_is_found(
    true: Workspace, noisy: Workspace, monkeypatch: pytest.MonkeyPatch
):
    """Three doors have to be opened for it: the feature, the months it may ask for, and the ledger behind them."""
    build = usage.build

    def ahead(months: KnownMonths, population: Frame) -> Frame | None:
        return build(dataclasses.replace(months, as_of=months.as_of + 1), population)

    monkeypatch.setattr(usage, "build", ahead)
    assert features(true, "ahead").content_hash == features(noisy, "ahead").content_hash, "the ledger holds"
    monkeypatch.setattr(MonthLedger, "known", _known_until(MonthLedger.known, max))
    assert features(true, "ahead, open").content_hash != features(noisy, "ahead, open").content_hash


def test_planted_an_own_indicator_of_the_month_after_is_found(
    true: Workspace, noisy: Workspace, monkeypatch: pytest.MonkeyPatch
):
    """The operator's own columns come as rows with names, on a way of their own into the feature table."""
    build = custom_indicators.build

    def ahead(months: KnownMonths, population: Frame, names: tuple[CustomName, ...]) -> Frame | None:
        return build(dataclasses.replace(months, as_of=months.as_of + 1), population, names)

    monkeypatch.setattr(custom_indicators, "build", ahead)
    assert features(true, "own ahead").content_hash == features(noisy, "own ahead").content_hash, "the ledger holds"
    monkeypatch.setattr(MonthLedger, "known", _known_until(MonthLedger.known, max))
    assert features(true, "own, open").content_hash != features(noisy, "own, open").content_hash


def test_planted_a_ledger_that_shows_later_revisions_is_found(
    true: Workspace, noisy: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(MonthLedger, "known", _known_until(MonthLedger.known, lambda *_: Month(2100, 1)))
    assert features(true, "hindsight").content_hash != features(noisy, "hindsight").content_hash
    assert booster(true, "hindsight") != booster(noisy, "hindsight")


def _known_until(known: Callable[..., Entry | None], until: Callable[[Month, Month], Month]) -> Any:
    """A ledger that answers as of another month than it was asked for."""

    def planted(ledger: MonthLedger, table: str, month: Month, as_of: Month | None = None) -> Entry | None:
        return known(ledger, table, month, until(month, as_of) if as_of else None)

    return planted


def test_planted_an_end_date_from_the_future_is_found(operator: Operator, monkeypatch: pytest.MonkeyPatch):
    """A feature may take an unknown end for an open one only because ends after the month are hidden."""

    def still_open(ended_on: nw.Expr, _: Month) -> nw.Expr:
        return ended_on.is_null()

    def both(name: str) -> list[Workspace]:
        extracts = {"true": operator.true, "noisy": operator.noisy}
        return [operator.delivered(f"{name}_{of}", extract, [AS_OF]) for of, extract in extracts.items()]

    monkeypatch.setattr(plan_periods, "in_force_at_end", still_open)
    hidden = both("hidden")
    assert features(hidden[0], "open").content_hash == features(hidden[1], "open").content_hash
    monkeypatch.setattr(mapped_table, "_hidden", lambda table: [mapped_table.quoted(name) for name in table.present()])
    shown = both("shown")
    assert known_at_close(shown[0])["plan_periods", str(AS_OF)] != known_at_close(shown[1])["plan_periods", str(AS_OF)]
    assert features(shown[0], "open").content_hash != features(shown[1], "open").content_hash


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["train", "--as-of", "2025-03"], "labels of 2025-01 at horizon 1 mature with 2025-04, after 2025-03"),
        (["backtest", "--from", "2025-07", "--to", "2025-08", "--horizon", "1"], "mature with 2025-10, after 2025-08"),
    ],
)
def test_immature_labels_are_refused_in_one_line(true: Workspace, operator: Operator, command: list[str], told: str):
    ran = CliRunner().invoke(app, [*command, "--home", str(true.home.root), "--settings", str(operator.settings)])
    assert ran.exit_code == 1
    assert ran.stdout == ""
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("holdfast: ")]
    assert told in line
    assert "Traceback" not in ran.output
