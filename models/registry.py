"""Registry: the door to MLflow, where runs, model versions and their aliases are kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from models import ModelsError
from models.churn import ChurnModel

CHURN, SEGMENTS = "churn-propensity", "segments"
CHAMPION, CHALLENGER = "champion", "challenger"
FACTS = "facts.json"


@dataclass(frozen=True)
class ModelVersion:
    """One registered version: its text files by name, and what its training recorded."""

    name: str
    version: int
    files: Mapping[str, str]

    @property
    def facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = json.loads(self.files[FACTS])
        return facts


@dataclass(frozen=True)
class Champion:
    """The churn model that was `@champion` when it was resolved, with what its training recorded."""

    name: str
    version: int
    model: ChurnModel
    facts: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetInput:
    """A table month that a training read: its name, the hash of its rows, and where it lies."""

    name: str
    digest: str
    uri: str


@dataclass(frozen=True)
class ModelRecord:
    """What is logged of a training: the model and what a reviewer needs to judge it. No customer rows.

    `files` are the model's text files, `code` the file that MLflow runs to load them, `signature` the kind
    (`number` or `category`) of each input column, `output` the name and MLflow type of what it gives.
    `tables`, `texts` and `pictures` become the run's artifacts: JSON, text and PNG by path.
    """

    name: str
    run_name: str
    fingerprint: str
    files: Mapping[str, str]
    code: Path
    signature: Mapping[str, str]
    output: tuple[str, str]
    facts: Mapping[str, Any]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tables: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    datasets: Sequence[DatasetInput] = ()
    description: str = ""
    requirements: Sequence[str] = ("mlflow", "numpy", "pandas")


class Registry:
    """MLflow on a SQLite file (or another database URI) with its artifacts in the same folder."""

    def __init__(self, folder: Path, uri: str = "") -> None:
        self.folder = folder
        self.uri = uri or f"sqlite:///{folder.resolve() / 'mlflow.db'}"

    def register(self, record: ModelRecord) -> int:
        """Log the training as a run and register its model as `@challenger`; the version.

        A training with the same fingerprint (inputs, settings, code) is not logged twice: its version is
        given back, so that a rerun leaves one version.
        """
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            version = self._version_with(client, record)
            if version is None:
                version = self._log(mlflow, record)
            client.set_registered_model_alias(record.name, CHALLENGER, str(version))
            return version

    def point(self, name: str, alias: str, version: int) -> None:
        """Let `@alias` mean this version from now on."""
        with self._mlflow() as mlflow:
            mlflow.MlflowClient().set_registered_model_alias(name, alias, str(version))

    def held(self, name: str, alias: str = CHAMPION) -> ModelVersion | None:
        """The version behind an alias; None when there is none."""
        if self._is_unused():
            return None
        with self._mlflow() as mlflow:
            try:
                found = mlflow.MlflowClient().get_model_version_by_alias(name, alias)
            except mlflow.exceptions.MlflowException:
                return None
            return _fetched(mlflow, name, int(found.version))

    def version(self, name: str, version: int) -> ModelVersion:
        """One version by its number; an unknown one is an error that lists the known ones."""
        with self._mlflow() as mlflow:
            found = mlflow.MlflowClient().search_model_versions(f"name = '{name}'")
            known = sorted(int(one.version) for one in found)
            if version not in known:
                listed = ", ".join(map(str, known)) or "none"
                raise ModelsError(f"{name} has no version {version}; the versions are {listed}")
            return _fetched(mlflow, name, version)

    def champion(self) -> Champion:
        """The churn model behind `@champion`, resolved once; an error that says how to train when there is none."""
        found = self.held(CHURN)
        if found is None:
            raise ModelsError(f"no version of {CHURN} is @{CHAMPION} yet; run holdfast train --as-of YYYY-MM")
        return churn_champion(found)

    def _is_unused(self) -> bool:
        """Whether nothing was ever registered: a new database would take seconds to say the same."""
        return self.uri.startswith("sqlite:///") and not Path(self.uri.removeprefix("sqlite:///")).is_file()

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
            for experiment in (CHURN, f"{CHURN}-backtest", SEGMENTS):
                if mlflow.get_experiment_by_name(experiment) is None:
                    mlflow.create_experiment(experiment, (self.folder / "artifacts" / experiment).resolve().as_uri())
            yield mlflow

    def _version_with(self, client: Any, record: ModelRecord) -> int | None:
        found = client.search_model_versions(f"name = '{record.name}' and tags.fingerprint = '{record.fingerprint}'")
        return int(found[0].version) if found else None

    def _log(self, mlflow: ModuleType, record: ModelRecord) -> int:
        mlflow.set_experiment(record.name)
        tags = {"fingerprint": record.fingerprint}
        with mlflow.start_run(run_name=record.run_name, tags=tags, description=record.description):
            _log_evidence(mlflow, record)
            with _model_folder(record) as folder:
                logged = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(record.code),
                    artifacts={"model": str(folder)},
                    signature=_signature(record),
                    pip_requirements=list(record.requirements),
                    registered_model_name=record.name,
                    tags=tags,
                )
            version = int(logged.registered_model_version)
            client = mlflow.MlflowClient()
            client.set_model_version_tag(record.name, str(version), "fingerprint", record.fingerprint)
            client.update_model_version(record.name, str(version), record.description)
            return version


def churn_champion(found: ModelVersion) -> Champion:
    return Champion(found.name, found.version, ChurnModel.from_files(found.files), found.facts, found.files)


def _fetched(mlflow: ModuleType, name: str, version: int) -> ModelVersion:
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version}")) / "artifacts/model"
    return ModelVersion(name, version, {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()})


def _log_evidence(mlflow: ModuleType, record: ModelRecord) -> None:
    mlflow.log_params(dict(record.parameters))
    mlflow.log_metrics(dict(record.metrics))
    for path, content in record.tables.items():
        mlflow.log_dict(content, path)
    for path, text in record.texts.items():
        mlflow.log_text(text, path)
    with tempfile.TemporaryDirectory() as made:
        for path, picture in record.pictures.items():
            file = Path(made) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture)
        mlflow.log_artifacts(made)
    for dataset in record.datasets:
        source = mlflow.data.dataset_source_registry.resolve_dataset_source(dataset.uri)
        mlflow.log_input(mlflow.data.meta_dataset.MetaDataset(source, dataset.name, dataset.digest))


@contextlib.contextmanager
def _model_folder(record: ModelRecord) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "model"
        folder.mkdir()
        for name, text in {**record.files, FACTS: json.dumps(dict(record.facts), indent=1)}.items():
            (folder / name).write_text(text, encoding="utf-8")
        yield folder


def _signature(record: ModelRecord) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    types = {"category": "string", "number": "float"}
    inputs = Schema([ColSpec(types[kind], column, required=False) for column, kind in record.signature.items()])
    name, kind = record.output
    return ModelSignature(inputs=inputs, outputs=Schema([ColSpec(kind, name)]))


def fingerprint(facts: Mapping[str, Any]) -> str:
    """SHA-256 of all that decides a training."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
