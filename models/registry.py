"""Registry: the door to MLflow, where runs, model versions and their aliases are kept."""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from features.durable_files import sync
from features.home import kernel_lock
from models import ModelsError
from models.churn import ChurnModel
from models.model_record import DatasetInput, ModelRecord

CHURN, SEGMENTS, SCREENING = "churn-propensity", "segments", "indicator-screening"
CHAMPION, CHALLENGER = "champion", "challenger"
FACTS = "facts.json"
DIGEST_DIGITS = 36
"""MLflow keeps no more of a data set's digest; 144 bits are enough to tell two contents apart."""


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


class Registry:
    """MLflow on a SQLite file (or another database URI) with its artifacts in the same folder."""

    def __init__(self, folder: Path, uri: str = "") -> None:
        self.folder = folder
        self.uri = uri or f"sqlite:///{folder.resolve() / 'mlflow.db'}"

    def register(self, record: ModelRecord) -> int:
        """Log the training as a run and register its model as `@challenger`; the version.

        A training with the same fingerprint (inputs, settings, code) is not logged twice: its version is
        given back with the aliases as they are by now, so that a rerun leaves one version. What a killed training
        left half logged is marked as killed.
        """
        with self._mlflow() as mlflow:
            client = mlflow.MlflowClient()
            return self._version_with(client, record) or self._log(mlflow, record)

    def point(self, name: str, alias: str, version: int) -> None:
        """Let `@alias` mean this version from now on."""
        with self._mlflow() as mlflow:
            mlflow.MlflowClient().set_registered_model_alias(name, alias, str(version))

    def number(self, name: str, alias: str = CHAMPION) -> int | None:
        """The number of the version behind an alias; None when there is none."""
        if self._is_unused():
            return None
        with self._mlflow() as mlflow:
            return _behind(mlflow, name, alias)

    def run_of(self, name: str, version: int) -> str:
        """The MLflow run that made a version."""
        with self._mlflow() as mlflow:
            return str(mlflow.MlflowClient().get_model_version(name, str(version)).run_id)

    def tag(self, name: str, version: int, key: str) -> str:
        """A tag of a version; empty when it has none."""
        with self._mlflow() as mlflow:
            return str(mlflow.MlflowClient().get_model_version(name, str(version)).tags.get(key, ""))

    def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        with self._mlflow() as mlflow:
            mlflow.MlflowClient().set_model_version_tag(name, str(version), key, value)

    def held(self, name: str, alias: str = CHAMPION) -> ModelVersion | None:
        """The version behind an alias; None when there is none."""
        if self._is_unused():
            return None
        with self._mlflow() as mlflow:
            version = _behind(mlflow, name, alias)
            return None if version is None else _fetched(mlflow, name, version)

    def version(self, name: str, version: int) -> ModelVersion:
        """One version by its number; an unknown one is an error that lists the known ones."""
        with self._mlflow() as mlflow:
            found = mlflow.MlflowClient().search_model_versions(f"name = '{name}'")
            known = sorted(int(one.version) for one in found)
            if version not in known:
                listed = ", ".join(map(str, known)) or "none"
                raise ModelsError(f"{name} has no version {version}; the versions are {listed}")
            return _fetched(mlflow, name, version)

    def champion(self, version: int | None = None) -> Champion:
        """The churn model behind `@champion`, resolved once, or an earlier `version` of it.

        Where there is none, the error says how to train.
        """
        found = self.held(CHURN) if version is None else self.version(CHURN, version)
        if found is None:
            raise self._no_champion()
        return churn_champion(found)

    def _no_champion(self) -> ModelsError:
        challenger = self.number(CHURN, CHALLENGER)
        if challenger is None:
            return ModelsError(f"no version of {CHURN} is @{CHAMPION} yet; run holdfast train --as-of YYYY-MM")
        return ModelsError(
            f"no version of {CHURN} is @{CHAMPION}, and holdfast promotions tells why version {challenger} is not; "
            f"train again, or run holdfast promote --model {CHURN} --version {challenger}"
        )

    def _is_unused(self) -> bool:
        """Whether nothing was ever registered: a new database would take seconds to say the same."""
        return self.uri.startswith("sqlite:///") and not Path(self.uri.removeprefix("sqlite:///")).is_file()

    def make_database(self) -> None:
        """Have MLflow make the SQLite file, where there is none, beside its place, and put it there whole.

        MLflow makes it in some three hundred commits, and ever after refuses one whose making was killed ("table
        datasets already exists").
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._is_unused():
            return
        file = Path(self.uri.removeprefix("sqlite:///"))
        staged = file.with_name(f".{file.name}.staged")
        with kernel_lock(file.with_suffix(".lock")), _quiet():
            if file.is_file():  # another run was first
                return
            from mlflow.db import upgrade

            for left in (staged, staged.with_name(f"{staged.name}-journal")):
                left.unlink(missing_ok=True)
            upgrade.main([f"sqlite:///{staged}"], standalone_mode=False)
            sync(staged)
            staged.replace(file)
            sync(file.parent)

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
        with _quiet():
            self.make_database()
            import mlflow

            mlflow.set_tracking_uri(self.uri)
            mlflow.set_registry_uri(self.uri)
            for experiment in (CHURN, f"{CHURN}-backtest", SEGMENTS, SCREENING):
                if mlflow.get_experiment_by_name(experiment) is None:
                    mlflow.create_experiment(experiment, (self.folder / "artifacts" / experiment).resolve().as_uri())
            yield mlflow

    def _version_with(self, client: Any, record: ModelRecord) -> int | None:
        found = client.search_model_versions(f"name = '{record.name}' and tags.fingerprint = '{record.fingerprint}'")
        return int(found[0].version) if found else None

    def _log(self, mlflow: ModuleType, record: ModelRecord) -> int:
        experiment = mlflow.set_experiment(record.name)
        client = mlflow.MlflowClient()
        _end_killed_runs(client, experiment.experiment_id, record.fingerprint)
        tags = {"fingerprint": record.fingerprint, **record.tags}
        if "commit" in tags:
            tags["mlflow.source.git.commit"] = tags["commit"]  # the name under which MLflow's pages show it
        with mlflow.start_run(run_name=record.run_name, tags=tags, description=record.description) as run:
            _log_evidence(mlflow, record)
            with _model_folder(record) as folder:
                logged = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(record.code),
                    artifacts={"model": str(folder)},
                    signature=_signature(record),
                    input_example=_example(record),
                    pip_requirements=list(record.requirements),
                    tags=tags,
                )
        return _new_version(mlflow, record, logged, run.info.run_id)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what MLflow and its migrations log and warn of."""
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _new_version(mlflow: ModuleType, record: ModelRecord, logged: Any, run_id: str) -> int:
    """Register what was logged; the fingerprint comes last, so that a version that has it is whole.

    By the client and not by log_model, which prints to stderr past every logging level.
    """
    client = mlflow.MlflowClient()
    with contextlib.suppress(mlflow.exceptions.MlflowException):
        client.create_registered_model(record.name)
    made = client.create_model_version(
        record.name, logged.model_uri, run_id, dict(record.tags), description=record.description,
        model_id=logged.model_id,
    )  # fmt: skip
    client.set_registered_model_alias(record.name, CHALLENGER, made.version)
    client.set_model_version_tag(record.name, made.version, "fingerprint", record.fingerprint)
    return int(made.version)


def _end_killed_runs(client: Any, experiment: str, fingerprint: str) -> None:
    """Whatever run of this training seems to go on was killed: the caller holds the lock of the training."""
    for run in client.search_runs([experiment], f"tags.fingerprint = '{fingerprint}' and status = 'RUNNING'"):
        client.set_terminated(run.info.run_id, "KILLED")


def _behind(mlflow: ModuleType, name: str, alias: str) -> int | None:
    try:
        return int(mlflow.MlflowClient().get_model_version_by_alias(name, alias).version)
    except mlflow.exceptions.MlflowException:
        return None


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
    _log_datasets(mlflow, record.datasets)


def _log_datasets(mlflow: ModuleType, datasets: Sequence[DatasetInput]) -> None:
    """All inputs at once: one at a time they cost a transaction each, and a training reads some fifty table months."""
    from mlflow import entities

    inputs = [
        entities.DatasetInput(
            entities.Dataset(
                dataset.name, dataset.digest[:DIGEST_DIGITS], "delta_table", json.dumps({"path": dataset.uri})
            )
        )
        for dataset in datasets
    ]
    if inputs:
        mlflow.MlflowClient().log_inputs(mlflow.active_run().info.run_id, inputs)


@contextlib.contextmanager
def _model_folder(record: ModelRecord) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "model"
        folder.mkdir()
        for name, text in {**record.files, FACTS: json.dumps(dict(record.facts), indent=1)}.items():
            (folder / name).write_text(text, encoding="utf-8")
        yield folder


def _example(record: ModelRecord) -> Any:
    import pandas as pd

    if not record.example:
        return None
    types = {"category": "object", "number": "float32"}
    return pd.DataFrame(
        {column: pd.Series(values, dtype=types[record.signature[column]]) for column, values in record.example.items()}
    )


def _signature(record: ModelRecord) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    types = {"category": "string", "number": "float"}
    inputs = Schema([ColSpec(types[kind], column, required=False) for column, kind in record.signature.items()])
    outputs = Schema([ColSpec(kind, name) for name, kind in record.output.items()])
    return ModelSignature(inputs=inputs, outputs=outputs)
