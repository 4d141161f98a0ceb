"""A made operator's files behind a mapping of its own, and a home that was filled and trained from them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.home import kernel_lock

SOURCE = """
operator = "Made operator"
timezone = "Asia/Shanghai"
currency = "CNY"

[churn]
silent_months = 1
gap = 0
horizons = [1]
activity = ["bills.amount"]
"""
CUSTOMERS = """
SELECT customer_id, month, status, brand, activated_on FROM read_csv('customers.csv', all_varchar = true)
"""
BILLS = "SELECT customer_id, month, amount FROM read_csv('bills.csv', all_varchar = true)"
QUICK = """
[engine]
threads = 1
buckets = 2

[churn]
fallback_rounds = 10
folds = 2

[evaluation]
replicates = 20

[lists]
size = 25
lowest_band = "healthy"
"""
LAST, BEFORE = "2025-07", "2025-06"


@dataclass(frozen=True)
class Operator:
    """Where a made operator's mapping, extract and settings lie: seven months of three hundred customers."""

    mapping: Path
    extract: Path
    settings: Path


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def holdfast(*words: str | Path) -> Answer:
    """What the command line answers, in this process."""
    from flows.cli import app

    ended = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200", "TERM": "dumb"})
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Answer(ended.exit_code, ended.stdout, ended.stderr)


def silent(_message: str) -> None:
    """Hear progress and say nothing."""


@pytest.fixture(autouse=True)
def kept_environment() -> Iterator[None]:
    """The command line sets variables for its process; the next test starts without them."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def operator_in(folder: Path) -> Operator:
    return Operator(folder / "mapping", folder / "extract", folder / "quick.toml")


def write_operator(folder: Path) -> None:
    from tests.made_operator import made_months

    made = operator_in(folder)
    made.mapping.mkdir()
    made.extract.mkdir()
    (made.mapping / "source.toml").write_text(SOURCE)
    (made.mapping / "customers.sql").write_text(CUSTOMERS)
    (made.mapping / "bills.sql").write_text(BILLS)
    made.settings.write_text(QUICK)
    for name, rows in made_months().items():
        held = [column for column in rows.columns if column != "hall" and not rows[column].is_null().all()]
        rows.select(held).write_csv(made.extract / f"{name}.csv")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, once for all processes of a test run: the second one waits and reads."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with kernel_lock(folder.with_name(f"{name}.lock")):
        if not (folder / "made").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return operator_in(made_once(tmp_path_factory, "operator", write_operator))


@pytest.fixture(scope="session")
def filled(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with all months but the last; not to be changed, see `home`."""

    def fill(folder: Path) -> None:
        for number in range(1, 7):
            given = ("--source", operator.mapping, "--from", operator.extract, "--month", f"2025-0{number}")
            answer = holdfast("ingest", *given, "--home", folder / "home", "--settings", operator.settings)
            assert answer.code == 0, answer.err

    return made_once(tmp_path_factory, "filled", fill) / "home"


@pytest.fixture(scope="session")
def trained(filled: Path, operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a home after training as of its last month; not to be changed, see `trained_home`."""

    def train(folder: Path) -> None:
        home = shutil.copytree(filled, folder / "home")
        answer = holdfast("train", "--as-of", BEFORE, "--home", home, "--settings", operator.settings)
        assert answer.code == 0, answer.err

    return made_once(tmp_path_factory, "trained", train) / "home"


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of the filled home, for a test to change."""
    return Path(shutil.copytree(filled, tmp_path / "home"))


@pytest.fixture
def trained_home(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained home, for a test to change; the model's files stay where they were logged."""
    return Path(shutil.copytree(trained, tmp_path / "home"))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file under a folder that holds tables or lists, without the locks."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.*") if file.suffix != ".lock"}
