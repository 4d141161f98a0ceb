"""Segment model for MLflow: the file that MLflow runs to load a version, so that no pickle is ever executed.

It stands alone: a loader elsewhere needs mlflow, numpy and pandas, but not Holdfast.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel
from numpy.typing import NDArray


class Segments(PythonModel):
    """Name of the segment for a frame of indicators; None for who is in none, see models.segments."""

    def load_context(self, context: Any) -> None:
        file = Path(context.artifacts["model"]) / "segments.json"
        self.held = json.loads(file.read_text(encoding="utf-8"))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.Series:
        segments = np.full(len(model_input), None, dtype=object)
        stayed = self._stayed(model_input)
        for group in self.held["brands"]:
            everybody = group["brand"] is None
            here = stayed if everybody else stayed & (model_input["brand"] == group["brand"]).to_numpy(dtype=bool)
            segments[here] = self._nearest(group, model_input[here])
        return pd.Series(segments, index=model_input.index, name="segment")

    def _stayed(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        months = self.held["months_on_net"]
        tenure = _numbers(rows, "tenure_months")
        stayed: NDArray[np.bool_] = (np.isnan(tenure) | (tenure >= months)) & (
            _numbers(rows, "months_known_6") >= months
        )
        for column in self.held["proof"]:
            stayed &= ~np.isnan(_numbers(rows, column))
        return stayed

    def _nearest(self, group: dict[str, Any], rows: pd.DataFrame) -> NDArray[Any]:
        columns = [_coordinates(axis, rows) for axis in group["axes"]]
        best, place = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=int)
        for number, centroid in enumerate(group["centroids"]):
            distance = np.zeros(len(rows))
            for column, value in zip(columns, centroid, strict=True):
                distance += (column - value) ** 2
            nearer = distance < best
            best[nearer], place[nearer] = distance[nearer], number
        unknown = sum(np.isnan(_numbers(rows, axis["column"])).astype(int) for axis in group["axes"])
        names = np.array(group["names"], dtype=object)[place]
        names[unknown > self.held["largest_unknown_share"] * len(group["axes"])] = None
        return names


def _numbers(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = rows[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def _coordinates(axis: dict[str, Any], rows: pd.DataFrame) -> NDArray[np.float64]:
    values = np.clip(_numbers(rows, axis["column"]), axis["low"], axis["high"])
    transformed = np.log1p(np.maximum(values, 0.0)) if axis["log"] else values
    coordinates: NDArray[np.float64] = np.nan_to_num((transformed - axis["centre"]) / axis["spread"], nan=0.0)
    return coordinates


set_model(Segments())
