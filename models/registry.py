"""Registry: the door to MLflow, where runs, model versions and their aliases are kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from models import ModelsError
from models.churn import ChurnModel

CHURN = "churn-propensity"
CHAMPION = "champion"
MODEL_CODE = Path(__file__).with_name("churn_model.py")


@dataclass(frozen=True)
class Champion:
    """The model version that was `@champion` when it was resolved, with what its training recorded."""

    name: str
    version: int
    model: ChurnModel
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class TrainingRecord:
    """What is logged of a training: the model and what a reviewer needs to judge it. No customer rows."""

    model: ChurnModel
    fingerprint: str
    facts: Mapping[str, Any]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tables: Mapping[str, Any]


class Registry:
    """MLflow on a SQLite file (or another database URI) with its artifacts in the same folder."""

    def __init__(self, folder: Path, uri: str = "") -> None:
        self.folder = folder
        self.uri = uri or f"sqlite:///{folder.resolve() / 'mlflow.db'}"

    def register(self, record: TrainingRecord) -> int:
        """Log the training as a run, register its model and point `@champion` at it; the version.

        A training with the same fingerprint (inputs, settings, code) is not logged twice: its version is
        given back, so that a rerun leaves one version.
        """
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            version = self._version_with(client, record.fingerprint)
            if version is None:
                version = self._log(mlflow, record)
            client.set_registered_model_alias(CHURN, CHAMPION, str(version))
            return version

    def champion(self) -> Champion:
        """The version behind `@champion`, resolved once; an error that says how to train when there is none."""
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            try:
                found = client.get_model_version_by_alias(CHURN, CHAMPION)
            except mlflow.exceptions.MlflowException as unknown:
                raise ModelsError(
                    f"no version of {CHURN} is @{CHAMPION} yet; run holdfast train --as-of YYYY-MM"
                ) from unknown
            folder = Path(mlflow.artifacts.download_artifacts(f"models:/{CHURN}/{found.version}")) / "artifacts/model"
            files = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
            return Champion(CHURN, int(found.version), ChurnModel.from_files(files), json.loads(files["facts.json"]))

    def log_report(self, name: str, metrics: Mapping[str, float], report: Mapping[str, Any]) -> None:
        """Log a backtest as a run of its own experiment: its figures as metrics, the whole report as JSON."""
        with self._mlflow() as mlflow:
            mlflow.set_experiment(f"{CHURN}-backtest")
            with mlflow.start_run(run_name=name):
                mlflow.log_metrics(dict(metrics))
                mlflow.log_dict(dict(report), "backtest.json")

    @contextlib.contextmanager
    def _mlflow(self) -> Iterator[ModuleType]:
        """MLflow, quiet and pointed at this registry."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("alembic", "mlflow"):
            logging.getLogger(name).setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow

            mlflow.set_tracking_uri(self.uri)
            mlflow.set_registry_uri(self.uri)
            for experiment in (CHURN, f"{CHURN}-backtest"):
                if mlflow.get_experiment_by_name(experiment) is None:
                    mlflow.create_experiment(experiment, (self.folder / "artifacts" / experiment).resolve().as_uri())
            yield mlflow

    def _version_with(self, client: Any, fingerprint: str) -> int | None:
        found = client.search_model_versions(f"name = '{CHURN}' and tags.fingerprint = '{fingerprint}'")
        return int(found[0].version) if found else None

    def _log(self, mlflow: ModuleType, record: TrainingRecord) -> int:
        mlflow.set_experiment(CHURN)
        name = f"as-of {record.facts['as_of']}, horizon {record.model.horizon}"
        with mlflow.start_run(run_name=name, tags={"fingerprint": record.fingerprint}), _model_folder(record) as folder:
            mlflow.log_params(dict(record.parameters))
            mlflow.log_metrics(dict(record.metrics))
            for table, content in record.tables.items():
                mlflow.log_dict(content, table)
            logged = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(MODEL_CODE),
                artifacts={"model": str(folder)},
                signature=_signature(record.model),
                pip_requirements=["mlflow", "lightgbm", "numpy", "pandas"],
                registered_model_name=CHURN,
                tags={"fingerprint": record.fingerprint},
            )
            version = int(logged.registered_model_version)
            mlflow.MlflowClient().set_model_version_tag(CHURN, str(version), "fingerprint", record.fingerprint)
            return version


@contextlib.contextmanager
def _model_folder(record: TrainingRecord) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "model"
        folder.mkdir()
        for name, text in {**record.model.files(), "facts.json": json.dumps(dict(record.facts), indent=1)}.items():
            (folder / name).write_text(text, encoding="utf-8")
        yield folder


def _signature(model: ChurnModel) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    kinds = {column: "string" if column in model.encoding.categories else "float" for column in model.encoding.columns}
    inputs = Schema([ColSpec(kind, column, required=False) for column, kind in kinds.items()])
    return ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double", "probability")]))


def fingerprint(facts: Mapping[str, Any]) -> str:
    """SHA-256 of all that decides a training."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
