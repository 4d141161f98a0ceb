from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import ModelsError, churn
from models.churn import ChurnModel
from models.model_record import ModelRecord, fingerprint
from models.registry import CHAMPION, CHURN, Champion, Registry
from models.training import MODEL_CODE
from tests.models.made_tables import ENCODING, QUICK, made_table

TABLE = made_table()
MODEL = churn.fit(TABLE, 1, QUICK, 1)
FACTS = {"as_of": "2025-06", "gap": 1, "feature_set": "abc", "custom": [], **churn.trained_on(TABLE)}
RECORD = ModelRecord(
    name=CHURN,
    run_name="as-of 2025-06, horizon 1",
    fingerprint="one",
    files=MODEL.files(),
    code=MODEL_CODE,
    signature=MODEL.encoding.kinds(),
    output={"probability": "double"},
    facts=FACTS,
    parameters={"seed": 7},
    metrics={"horizon_1.model.auc": 0.8},
    tables={"test.json": {"notes": []}},
    requirements=("mlflow", "lightgbm", "numpy", "pandas"),
)
OTHER = dataclasses.replace(
    RECORD,
    files=dataclasses.replace(MODEL, note="other").files(),
    fingerprint="two",
    facts=FACTS | {"as_of": "2025-07"},
)

LOADED_ELSEWHERE = """
import importlib.util, json, sys
from pathlib import Path

uri, rows = sys.argv[1:]
sys.path = [path for path in sys.path if not (Path(path or ".") / "models" / "churn.py").exists()]
assert not any(importlib.util.find_spec(name) for name in ("features", "models", "serving", "flows"))

import mlflow
import pandas as pd

mlflow.set_tracking_uri(uri)
mlflow.set_registry_uri(uri)
loaded = mlflow.pyfunc.load_model("models:/churn-propensity@champion")
frame = pd.read_parquet(rows)
print(json.dumps(loaded.predict(frame).tolist()))
"""


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, str]:
    """An empty registry and what it says when it is asked for its champion; MLflow takes seconds to make one."""
    registry = Registry(tmp_path_factory.mktemp("mlflow"))
    with pytest.raises(ModelsError) as problem:
        registry.champion()
    return registry, str(problem.value)


@pytest.fixture(scope="module")
def registry(untrained: tuple[Registry, str]) -> Registry:
    """The same with one version."""
    registry = untrained[0]
    assert promoted(registry, RECORD) == 1
    return registry


@pytest.fixture
def champion(registry: Registry) -> Champion:
    return registry.champion()


def promoted(registry: Registry, record: ModelRecord) -> int:
    """The version of a training that was registered and made champion."""
    version = registry.register(record)
    registry.point(CHURN, CHAMPION, version)
    return version


def artifacts(registry: Registry) -> Iterator[Path]:
    return (file for file in registry.folder.rglob("*") if file.is_file())


def test_the_champion_is_the_model_that_was_registered(champion: Champion):
    assert (champion.name, champion.version) == ("churn-propensity", 1)
    assert champion.model == MODEL
    assert champion.facts == json.loads(json.dumps(FACTS))
    assert champion.model.predict(TABLE.matrix).tobytes() == MODEL.predict(TABLE.matrix).tobytes()


def test_the_same_training_is_registered_once(registry: Registry):
    assert promoted(registry, RECORD) == 1
    assert registry.champion().version == 1


def test_another_training_becomes_the_next_version_and_the_champion(registry: Registry):
    assert promoted(registry, OTHER) == 2
    assert registry.champion().version == 2
    assert registry.champion().facts["as_of"] == "2025-07"
    assert promoted(registry, RECORD) == 1
    assert registry.champion().version == 1


def test_no_artifact_is_a_pickle(registry: Registry):
    files = list(artifacts(registry))
    assert {"booster.txt", "calibrator.json", "encoding.json", "facts.json", "churn_model.py"} <= {
        f.name for f in files
    }
    assert [file.name for file in files if file.suffix in {".pkl", ".pickle", ".joblib", ".cloudpickle"}] == []
    # Every pickle protocol since 2 begins with this byte, and no text file does.
    assert [file.name for file in files if file.read_bytes()[:1] == b"\x80"] == []


def test_no_customer_is_named_in_the_database_or_in_any_artifact(registry: Registry):
    assert TABLE.customers[0] == "customer 0000"
    assert [file.name for file in artifacts(registry) if b"customer 0" in file.read_bytes()] == []


def test_runs_hold_parameters_metrics_and_what_was_learned_from(registry: Registry):
    database = sqlite3.connect(registry.folder / "mlflow.db")
    assert database.execute("SELECT DISTINCT key, value FROM params").fetchall() == [("seed", "7")]
    assert ("horizon_1.model.auc", 0.8) in database.execute("SELECT key, value FROM metrics").fetchall()
    assert any(file.name == "test.json" for file in artifacts(registry))


def test_it_stays_in_its_folder(registry: Registry):
    assert registry.uri == f"sqlite:///{registry.folder / 'mlflow.db'}"
    assert not Path("mlruns").exists()
    assert not Path("mlflow.db").exists()


def test_a_backtest_is_logged_apart_from_trainings(registry: Registry):
    registry.log_report("2025-03 to 2025-04", {"horizon_1.model.auc": 0.7}, {"pooled": {}, "notes": ["one"]})
    database = sqlite3.connect(registry.folder / "mlflow.db")
    runs = "SELECT e.name, r.name FROM runs r JOIN experiments e USING (experiment_id)"
    assert ("churn-propensity-backtest", "2025-03 to 2025-04") in database.execute(runs).fetchall()
    (logged,) = (file for file in artifacts(registry) if file.name == "backtest.json")
    assert json.loads(logged.read_text()) == {"pooled": {}, "notes": ["one"]}


def test_mlflow_loads_the_champion_without_holdfast_and_gives_the_same_probabilities(
    registry: Registry, tmp_path: Path
):
    frame = pd.DataFrame({name: TABLE.matrix[:50, place] for place, name in enumerate(ENCODING.columns)})
    names = pd.Series(ENCODING.categories["plan"]).astype(object)
    frame["plan"] = frame["plan"].map(names).where(frame.index != 3, None)
    frame.loc[4, "plan"] = "never seen in training"
    frame[["plan", *frame.columns.drop("plan")]].to_parquet(tmp_path / "rows.parquet")
    expected = TABLE.matrix[:50].copy()
    expected[3:5, ENCODING.columns.index("plan")] = np.nan
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED_ELSEWHERE, registry.uri, str(tmp_path / "rows.parquet")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == registry.champion().model.predict(expected).tolist()


def test_with_a_challenger_alone_the_error_says_where_the_reason_stands(tmp_path: Path):
    registry = Registry(tmp_path)
    registry.register(RECORD)
    with pytest.raises(ModelsError, match=r"holdfast promotions tells why version 1 is not; train again, or run"):
        registry.champion()


def test_without_a_champion_the_error_says_how_to_get_one(untrained: tuple[Registry, str]):
    assert untrained[1] == "no version of churn-propensity is @champion yet; run holdfast train --as-of YYYY-MM"


def test_a_fingerprint_does_not_depend_on_the_order_of_facts():
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1, "b": [2]}) != fingerprint({"a": 1, "b": [3]})


def test_models_of_unicode_categories_survive_the_registry(registry: Registry):
    named = dataclasses.replace(ENCODING, categories={"plan": ("动感地带", "全球通")})
    model: ChurnModel = dataclasses.replace(MODEL, encoding=named)
    promoted(registry, dataclasses.replace(RECORD, files=model.files(), fingerprint="three"))
    assert registry.champion().model == model
    promoted(registry, RECORD)


def test_a_database_whose_making_was_killed_is_made_anew(tmp_path: Path):
    half = tmp_path / ".mlflow.db.staged"
    with contextlib.closing(sqlite3.connect(half)) as database:
        database.execute("CREATE TABLE datasets (dataset_uuid TEXT)")
    assert Registry(tmp_path).number(CHURN) is None
    Registry(tmp_path).make_database()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mlflow.db", "mlflow.lock"]
    assert Registry(tmp_path).number(CHURN) is None
