"""Churn propensity: a calibrated LightGBM that says how likely a customer is to leave by choice in the window."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models import ModelsError, calibration
from models.calibration import Calibrator
from models.encoding import Encoding, Matrix
from models.time_splits import TimeSplits, split_months
from models.training_table import TrainingTable

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]


class TooFewLeavers(ModelsError):
    """There are not enough leavers to learn from."""


@dataclass(frozen=True)
class ChurnSettings:
    """How the booster is grown; the defaults were chosen on months before the ones it is judged on (decisions.md).

    No class weights: they would bend the probabilities, and ranking does not need them. `min_events` is the
    number of leavers that training, early stopping and calibration each need; below it `fallback_rounds` trees are
    grown by the other three `fallback` settings. `max_rows` bounds each scoring month's sample.
    """

    learning_rate: float = 0.03
    num_leaves: int = 15
    min_data_in_leaf: int = 50
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.8
    lambda_l2: float = 10.0
    max_rounds: int = 800
    patience: int = 50
    fallback_rounds: int = 200
    fallback_leaves: int = 4
    fallback_learning_rate: float = 0.05
    fallback_feature_fraction: float = 0.2
    min_events: int = 200
    folds: int = 5
    max_rows: int = 200_000
    seed: int = 7


@dataclass(frozen=True)
class ChurnModel:
    """A booster in LightGBM's own text form, its calibration line and the encoding its columns need."""

    booster_text: str
    calibrator: Calibrator
    encoding: Encoding
    horizon: int
    rounds: int
    note: str = ""

    @functools.cached_property
    def booster(self) -> lgb.Booster:
        import lightgbm as lgb

        return lgb.Booster(model_str=self.booster_text)

    def predict(self, matrix: Matrix, threads: int = 0) -> Floats:
        """Probability of leaving in the window, shape (n,), for a matrix in the encoding's columns."""
        margins = self.booster.predict(matrix, raw_score=True, num_threads=threads)
        return self.calibrator.apply_margin(np.asarray(margins, dtype=np.float64))

    def files(self) -> dict[str, str]:
        """The model as text files by name: nothing of it is a pickle."""
        encoding = {"columns": self.encoding.columns, "categories": self.encoding.categories}
        about = {"horizon": self.horizon, "rounds": self.rounds, "note": self.note}
        return {
            "booster.txt": self.booster_text,
            "calibrator.json": self.calibrator.to_json(),
            "encoding.json": json.dumps(encoding, indent=1),
            "about.json": json.dumps(about, indent=1),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> ChurnModel:
        encoding, about = json.loads(files["encoding.json"]), json.loads(files["about.json"])
        categories = {column: tuple(values) for column, values in encoding["categories"].items()}
        return cls(
            files["booster.txt"],
            Calibrator.from_json(files["calibrator.json"]),
            Encoding(tuple(encoding["columns"]), categories),
            **about,
        )


def fit(table: TrainingTable, horizon: int, settings: ChurnSettings, threads: int) -> ChurnModel:
    """Fit and calibrate on a stacked table whose labels were mature when the model could first be used.

    With enough leavers the latest months are held out, the ones before stop the training early, and the rest train;
    both parts that the trees did not grow on calibrate. With fewer, or a single snapshot, all rows train for a fixed
    number of rounds and the calibration line is fitted on out-of-fold scores with whole customers left out. Raises
    TooFewLeavers.
    """
    return fitted(table, horizon, settings, threads).model


@dataclass(frozen=True)
class Fitted:
    """A model, and the probabilities that its calibration rests on, of rows that the trees had not seen.

    `unseen` has shape (n,) and is NaN for the other rows. Where leavers are few they are out of fold, of boosters that
    are not quite the model's own, which has seen every row.
    """

    model: ChurnModel
    unseen: Floats


def fitted(table: TrainingTable, horizon: int, settings: ChurnSettings, threads: int) -> Fitted:
    """What `fit` gives, with the scores that it was calibrated on."""
    persons = len(np.unique(table.customers[table.churned]))
    if persons < settings.folds:
        raise TooFewLeavers(
            f"churn at horizon {horizon}: {persons} customers who left in {len(table.scored)} scoring months are too "
            f"few to fit; ingest more months or train with a later --as-of"
        )
    splits = split_months(table.leavers(), settings.min_events, horizon)
    if splits.fallback:
        booster = _fixed_rounds(table, np.ones(len(table.churned), dtype=bool), settings, threads)
        margins = out_of_fold_margins(table, settings, threads)
    else:
        booster, margins = _fit_in_time(table, splits, settings, threads)
    held_out = ~np.isnan(margins)
    calibrator = calibration.fit_margin(margins[held_out], table.churned[held_out])
    rounds = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
    model = ChurnModel(_text(booster, threads), calibrator, table.encoding, horizon, rounds, splits.note)
    return Fitted(model, calibrator.apply_margin(margins))


def booster_parameters(settings: ChurnSettings, threads: int) -> dict[str, Any]:
    """LightGBM's parameters; deterministic, so that the same rows give the same booster text."""
    grown = ("learning_rate", "num_leaves", "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l2")
    chosen = {name: value for name, value in asdict(settings).items() if name in grown}
    return chosen | {
        "objective": "binary",
        "bagging_freq": 1,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


def _text(booster: lgb.Booster, threads: int) -> str:
    """The booster without the number of threads, on which its trees do not depend: the same text on any machine."""
    text: str = booster.model_to_string(num_iteration=booster.best_iteration)
    return text.replace(f"\n[num_threads: {threads}]\n", "\n[num_threads: 0]\n")


def _fit_in_time(
    table: TrainingTable, splits: TimeSplits, settings: ChurnSettings, threads: int
) -> tuple[lgb.Booster, Floats]:
    """A booster, and its raw scores of the months on which its trees did not grow, NaN for the others.

    Of the months that stop it it knows one number, the rounds: so they calibrate too, and the line rests on twice as
    many leavers.
    """
    import lightgbm as lgb

    booster = lgb.train(
        booster_parameters(settings, threads),
        _dataset(table, table.of(splits.train)),
        settings.max_rounds,
        valid_sets=[_dataset(table, table.of(splits.stopping))],
        callbacks=[lgb.early_stopping(settings.patience, verbose=False)],
    )
    held_out, margins = table.of(splits.stopping + splits.calibration), np.full(len(table.churned), np.nan)
    margins[held_out] = _margins(booster, table.matrix[held_out], threads)
    return booster, margins


def out_of_fold_margins(table: TrainingTable, settings: ChurnSettings, threads: int) -> Floats:
    """Raw scores of every row from boosters that never saw its customer, shape (n,)."""
    from sklearn.model_selection import StratifiedGroupKFold

    margins = np.empty(len(table.churned))
    folds = StratifiedGroupKFold(settings.folds, shuffle=True, random_state=settings.seed)
    for train, held_out in folds.split(table.matrix, table.churned, table.customers):
        mask = np.zeros(len(table.churned), dtype=bool)
        mask[train] = True
        booster = _fixed_rounds(table, mask, settings, threads)
        margins[held_out] = _margins(booster, table.matrix[held_out], threads)
    return margins


def _fixed_rounds(table: TrainingTable, rows: NDArray[np.bool_], settings: ChurnSettings, threads: int) -> lgb.Booster:
    import lightgbm as lgb

    small = replace(
        settings,
        num_leaves=settings.fallback_leaves,
        learning_rate=settings.fallback_learning_rate,
        feature_fraction=settings.fallback_feature_fraction,
    )
    return lgb.train(booster_parameters(small, threads), _dataset(table, rows), settings.fallback_rounds)


def _dataset(table: TrainingTable, rows: NDArray[np.bool_]) -> lgb.Dataset:
    import lightgbm as lgb

    return lgb.Dataset(
        table.matrix[rows],
        table.churned[rows].astype(np.float32),
        feature_name=list(table.encoding.columns),
        categorical_feature=table.encoding.categorical,
        free_raw_data=True,
        params={"verbosity": -1},
    )


def _margins(booster: lgb.Booster, matrix: Matrix, threads: int) -> Floats:
    return np.asarray(booster.predict(matrix, raw_score=True, num_threads=threads), dtype=np.float64)


def trained_on(table: TrainingTable) -> dict[str, Any]:
    """What a reviewer wants to know of the training rows: months, rows, customers and leavers."""
    return {
        "scoring_months": [str(month) for month in table.scored],
        "rows": len(table.churned),
        "customers": len(np.unique(table.customers)),
        "leavers": int(table.churned.sum()),
        "leavers_by_month": {str(month): count for month, count in table.leavers().items()},
    }
