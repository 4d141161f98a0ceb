"""Explanations: how much each indicator moved a customer's score, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.churn import ChurnModel
from models.encoding import Matrix

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contributions:
    """What each indicator added to a row's margin, shape (rows, columns), and where every row starts, shape (rows,).

    Both are on the scale of the booster's raw score (log-odds before calibration). The calibration line never
    falls, so what raises the margin raises the probability.
    """

    columns: tuple[str, ...]
    added: Floats
    start: Floats

    def margins(self) -> Floats:
        """The raw scores that start and additions sum up to, shape (rows,)."""
        return np.asarray(self.start + self.added.sum(axis=1), dtype=np.float64)


def contributions(model: ChurnModel, matrix: Matrix, threads: int = 0) -> Contributions:
    """The exact SHAP values of the booster's trees, as LightGBM works them out.

    Lundberg et al., "Consistent individualized feature attribution for tree ensembles" (2018). They cost some
    hundred times a prediction, so they are for the listed customers only.
    """
    if not len(matrix):  # which LightGBM divides by
        return Contributions(model.encoding.columns, np.empty(matrix.shape), np.empty(0))
    found = np.asarray(model.booster.predict(matrix, pred_contrib=True, num_threads=threads), dtype=np.float64)
    shaped = found.reshape(len(matrix), len(model.encoding.columns) + 1)
    return Contributions(model.encoding.columns, shaped[:, :-1], shaped[:, -1])
