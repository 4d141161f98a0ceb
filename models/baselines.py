"""Baselines: what simpler means would have found in the same rows, so that the model's worth is a difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.calibration import fit_margin
from models.scorecard import points

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]
Outcomes = npt.NDArray[np.bool_]

Predictor = Callable[[Matrix], Floats]
"""From a matrix with the training columns to the probability of churn of each row, shape (n,)."""

USUAL = "bill_amount_ratio_3"

# Chosen on the tariff panel's scoring months up to 2017-06 by five folds of customers. Of C = 0.0001 to 1, 0.03 was
# best or next to best at both horizons (AUC 0.893 and 0.818, calibration slope 1.08 and 1.01). Without the bound of
# five deviations average precision at horizon 1 fell from 0.22 to 0.15, as rare huge ratios carried whole scores.
_C = 0.03
_FARTHEST = 5.0

_ROWS_PER_LEVEL = 20  # with fewer rows a category has no rate of its own, and an L2 penalty would shrink it to nothing
_LEVELS = 30  # per column: plans and dealers go into the hundreds, and a tree model can use them where this one cannot


@dataclass(frozen=True)
class BaselineSettings:
    seed: int = 1
    threads: int = 1


def logistic_regression(
    matrix: Matrix, _names: list[str], churned: Outcomes, categorical: Sequence[int], _settings: BaselineSettings
) -> Predictor:
    """L2 logistic regression on standardised indicators, unknown ones at the median with a flag.

    One BLAS thread whatever the settings say: with two, 100 columns gave probabilities that differed by 1e-7.
    """
    design = _design(matrix, categorical)
    if not design.width or not _both_outcomes(churned):
        return _same_for_everybody(churned)
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=_C, solver="newton-cholesky", max_iter=100)
    with threadpool_limits(1):
        model.fit(design.of(matrix), churned)

    def predict(rows: Matrix) -> Floats:
        with threadpool_limits(1):
            return np.asarray(model.predict_proba(design.of(rows))[:, 1], dtype=np.float64)

    return predict


def lightgbm_defaults(
    matrix: Matrix, _names: list[str], churned: Outcomes, categorical: Sequence[int], settings: BaselineSettings
) -> Predictor:
    """LightGBM as it comes, a hundred rounds with the library's defaults; only what makes it repeatable is set."""
    if not _both_outcomes(churned):
        return _same_for_everybody(churned)
    import lightgbm

    parameters = {
        "objective": "binary",
        "seed": settings.seed,
        "num_threads": settings.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(matrix, churned.astype(np.float32), categorical_feature=list(categorical))
    booster = lightgbm.train(parameters, rows)
    return lambda unseen: np.asarray(booster.predict(unseen, num_threads=settings.threads), dtype=np.float64)


def scorecard(
    matrix: Matrix, names: list[str], churned: Outcomes, _categorical: Sequence[int], _settings: BaselineSettings
) -> Predictor:
    """The points of the warning signals, turned into probabilities on the training rows."""
    calibrator = fit_margin(points(matrix, names), churned)
    return lambda rows: calibrator.apply_margin(points(rows, names))


def last_bill_vs_usual(
    matrix: Matrix, names: list[str], churned: Outcomes, _categorical: Sequence[int], _settings: BaselineSettings
) -> Predictor:
    """The latest bill against the mean of the two months before it: the lower, the more at risk.

    The mean is the catalogue's window of three months, the latest included. A customer whose usual is unknown counts
    as one whose bill is as usual. From twice the usual on, and below nothing (a refund), a bill says no more about
    leaving, so the ratio is kept between 0 and 2.
    """

    def fall(rows: Matrix) -> Floats:
        if USUAL not in names:
            return np.zeros(len(rows))
        ratio = rows[:, names.index(USUAL)].astype(np.float64)
        return -np.clip(np.where(np.isnan(ratio), 1, ratio), 0, 2)

    calibrator = fit_margin(fall(matrix), churned)
    return lambda rows: calibrator.apply_margin(fall(rows))


# All are called alike; a parameter that a baseline has no use for begins with an underscore.
BASELINES: dict[str, Callable[[Matrix, list[str], Outcomes, Sequence[int], BaselineSettings], Predictor]] = {
    fit.__name__: fit for fit in (logistic_regression, lightgbm_defaults, scorecard, last_bill_vs_usual)
}


def _both_outcomes(churned: Outcomes) -> bool:
    return bool(churned.any() and not churned.all())


def _same_for_everybody(churned: Outcomes) -> Predictor:
    """The smoothed share of leavers: all that rows without a leaver, or without an indicator, can say."""
    calibrator = fit_margin(np.zeros(len(churned)), churned)
    return lambda rows: calibrator.apply_margin(np.zeros(len(rows)))


@dataclass(frozen=True)
class _Number:
    """A numeric column that varies: where unknown the median, then less the mean and by the deviation."""

    column: int
    median: float
    mean: float
    deviation: float


@dataclass(frozen=True)
class _Design:
    """The regression's own columns: numbers, one flag per pattern of unknown values, one flag per frequent category."""

    numbers: tuple[_Number, ...]
    unknown: tuple[int, ...]
    levels: tuple[tuple[int, float], ...]

    @property
    def width(self) -> int:
        return len(self.numbers) + len(self.unknown) + len(self.levels)

    def of(self, matrix: Matrix) -> Matrix:
        """The rows in the regression's own columns, shape (n, width).

        Numbers are held within `_FARTHEST` deviations, so that a bill that no training month saw cannot decide a
        customer's score on its own.
        """
        design = np.empty((len(matrix), self.width), dtype=np.float32)
        for place, number in enumerate(self.numbers):
            known = _known(matrix[:, number.column], number.median)
            design[:, place] = np.clip((known - number.mean) / number.deviation, -_FARTHEST, _FARTHEST)
        for place, column in enumerate(self.unknown, len(self.numbers)):
            design[:, place] = ~np.isfinite(matrix[:, column])
        for place, (column, level) in enumerate(self.levels, len(self.numbers) + len(self.unknown)):
            design[:, place] = matrix[:, column] == level
        return design


def _design(matrix: Matrix, categorical: Sequence[int]) -> _Design:
    """Constant and wholly unknown columns are left out; columns unknown in the same rows share one flag."""
    numeric = [column for column in range(matrix.shape[1]) if column not in set(categorical)]
    numbers = [_number(matrix[:, column], column) for column in numeric]
    patterns: dict[bytes, int] = {}
    for column in numeric:
        unknown = ~np.isfinite(matrix[:, column])
        if unknown.any() and not unknown.all():
            patterns.setdefault(np.packbits(unknown).tobytes(), column)
    levels = [(column, level) for column in categorical for level in _frequent(matrix[:, column])]
    return _Design(tuple(n for n in numbers if n is not None), tuple(patterns.values()), tuple(levels))


def _known(values: Matrix, otherwise: float) -> Floats:
    return np.where(np.isfinite(values), values, otherwise).astype(np.float64)


def _number(values: Matrix, column: int) -> _Number | None:
    finite = values[np.isfinite(values)]
    if not len(finite) or finite.min() == finite.max():
        return None
    median = float(np.median(finite))
    known = _known(values, median)
    return _Number(column, median, float(known.mean()), float(known.std()))


def _frequent(values: Matrix) -> list[float]:
    """The categories with rows enough for a rate of their own, the most frequent first, at most `_LEVELS`."""
    levels, rows = np.unique(values[np.isfinite(values)], return_counts=True)
    frequent = [(-int(count), float(level)) for level, count in zip(levels, rows, strict=True)]
    return [level for count, level in sorted(frequent) if -count >= _ROWS_PER_LEVEL][:_LEVELS]
