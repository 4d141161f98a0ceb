"""Direction is a test: every import contract holds and is broken by what it forbids, and importing stays light."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGES = ("features", "models", "serving", "flows", "infra")

# One forbidden import per contract: where it is planted, and what it says.
PLANTED = {
    "one-way": ("features/months.py", "import serving"),
    "simulator-outside": ("flows/steps.py", "from infra.simulator import operator"),
    "simulator-knows-contracts": ("infra/simulator/life.py", "from features import labels"),
    "simulator-truth": ("flows/simulate_commands.py", "from infra.simulator import truth"),
    "door-prefect": ("models/churn.py", "import prefect"),
    "door-command-line": ("serving/warning_lists.py", "from rich import table"),
    "door-mlflow": ("flows/steps.py", "from mlflow import pyfunc"),
    "door-evidently": ("serving/customer_scores.py", "import evidently"),
    "door-duckdb": ("features/warehouse.py", "import duckdb"),
    "door-fastexcel": ("features/sources.py", "import fastexcel"),
    "door-tables": ("features/delivery.py", "from deltalake import DeltaTable"),
    "door-spark": ("features/warehouse.py", "from pyspark import sql"),
    "door-polars": ("features/usage.py", "import polars as pl"),
    "door-dataframely": ("features/warehouse.py", "import dataframely"),
    "door-pictures": ("models/training.py", "import matplotlib"),
    "door-learning": ("serving/customer_scores.py", "from lightgbm import Booster"),
}

# A contract is a dataframely schema and brings Polars, half a second: whatever names a contract may bring these.
CONTRACTS = ("polars", "dataframely")
HEAVY = (
    *("deltalake", "duckdb", "evidently", "fastexcel", "lightgbm", "mlflow", "pandas", "prefect", "pyarrow"),
    *("pyspark", "scipy", "sklearn"),
)
# Imported once rather than in every child, to save a minute.
EVERYWHERE = (*CONTRACTS, "narwhals", "numpy", "rich", "typer")
# What cannot be itself without more; its callers import it where they use it.
HEAVY_BY_NATURE = {
    # Their decorators are Prefect's.
    **{
        f"flows.{name}": {"prefect"}
        for name in ("artifacts", "deployments", "flow_run", "model_flows", "monthly_flows")
    },
    # What an operator hands out are Arrow tables.
    **{
        f"infra.simulator.{name}": {"pyarrow"}
        for name in (
            *("data_errors", "dirt", "month_of_block", "operator", "operator_tables", "people_tables", "sending"),
            "tables",
        )
    },
    # Its metrics are Evidently's, which brings the rest.
    "serving.monitoring.drift": {"evidently", "pandas", "pyarrow", "scipy", "sklearn"},
}
# Programs: MLflow loads the models, a person starts the others, and no module of ours imports them.
PROGRAMS = (
    *("models.churn_model", "models.screening_model", "models.segment_model"),
    *("infra.benchmarks", "infra.simulator.plausible", "flows.__main__"),
)
# What a person waits for at every command, even at --help.
LIGHT = ("features", "features.months", "features.catalogue", "models", "serving", "flows", "flows.cli", "infra")

IMPORTED = """
import importlib, json, os, sys
asked = json.load(sys.stdin)
for package in asked["beforehand"]:
    importlib.import_module(package)
for modules in asked["groups"]:
    if os.fork() == 0:  # a child per group, so that none inherits what another one imported
        for module in modules:
            before = set(sys.modules)
            importlib.import_module(module)
            found = [name for name in asked["heavy"] if name in sys.modules and name not in before]
            os.write(1, (json.dumps([module, found]) + "\\n").encode())
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"importing one of {modules} failed")
"""


def modules() -> list[str]:
    files = (file for package in PACKAGES for file in (CHECKOUT / package).rglob("*.py"))
    named = (".".join(file.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__") for file in files)
    return sorted(name for name in named if not name.startswith(PROGRAMS))


def brought(
    groups: Iterable[Iterable[str]], heavy: Iterable[str], beforehand: Iterable[str] = ()
) -> dict[str, set[str]]:
    """Which heavy packages importing each module brings along; modules that bring none are left out.

    The modules of a group are imported one after the other in one process: of those that bring the same package, the
    first is blamed. That suffices for modules that may bring none, and saves a process each.
    """
    asked = json.dumps({"groups": [list(group) for group in groups], "heavy": [*heavy], "beforehand": [*beforehand]})
    command = [sys.executable, "-c", IMPORTED]
    answer = subprocess.run(command, cwd=CHECKOUT, input=asked, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return {module: set(found) for module, found in map(json.loads, answer.stdout.splitlines()) if found}


def lint_imports(folder: Path) -> str:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def contracts() -> dict[str, str]:
    """Name of every import contract by its id."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    return {contract["id"]: contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}


@pytest.fixture(scope="module")
def verdict_on_violations(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy in which every contract is broken once, inside a function where imports hide."""
    copy = tmp_path_factory.mktemp("violations")
    shutil.copy(CHECKOUT / "pyproject.toml", copy)
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, imports in PLANTED.values():
        with (copy / file).open("a") as module:
            module.write(f"\n\ndef planted() -> None:\n    {imports}\n")
    return lint_imports(copy)


def test_every_import_contract_is_kept():
    said = lint_imports(CHECKOUT)
    assert f"Contracts: {len(contracts())} kept, 0 broken." in said, said


@pytest.mark.parametrize("contract", contracts())
def test_an_import_that_a_contract_forbids_breaks_it(contract: str, verdict_on_violations: str):
    assert re.search(rf"^{re.escape(contracts()[contract])} BROKEN", verdict_on_violations, re.MULTILINE)


def test_importing_a_module_brings_no_heavy_package_along():
    light = [module for module in modules() if module not in HEAVY_BY_NATURE]
    found = brought([light, *([module] for module in HEAVY_BY_NATURE)], HEAVY, beforehand=EVERYWHERE)
    beyond = {module: sorted(heavy - HEAVY_BY_NATURE.get(module, set())) for module, heavy in found.items()}
    assert {module: heavy for module, heavy in beyond.items() if heavy} == {}


def test_the_command_line_starts_without_any_heavy_package():
    assert brought([LIGHT], (*HEAVY, *CONTRACTS)) == {}
