"""Churn model for MLflow: the file that MLflow runs to load a version, so that no pickle is ever executed.

It stands alone: a loader elsewhere needs lightgbm and mlflow, but not Holdfast.
"""

import json
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel
from numpy.typing import NDArray


class ChurnPropensity(PythonModel):
    """Probability of leaving in the window for a frame of indicators, categories as text, null as unknown."""

    def load_context(self, context: Any) -> None:
        folder = Path(context.artifacts["model"])
        self.booster = lgb.Booster(model_file=str(folder / "booster.txt"))
        self.line = json.loads((folder / "calibrator.json").read_text(encoding="utf-8"))
        self.encoding = json.loads((folder / "encoding.json").read_text(encoding="utf-8"))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.Series:
        matrix = np.column_stack([self._numbers(model_input, column) for column in self.encoding["columns"]])
        line = self.line["intercept"] + self.line["slope"] * np.asarray(self.booster.predict(matrix, raw_score=True))
        return pd.Series(1 / (1 + np.exp(-line)), index=model_input.index, name="probability")

    def _numbers(self, rows: pd.DataFrame, column: str) -> NDArray[np.float32]:
        values = rows[column]
        if column in self.encoding["categories"]:
            codes = {value: code for code, value in enumerate(self.encoding["categories"][column])}
            values = values.map(codes)
        return values.to_numpy(dtype=np.float32)


set_model(ChurnPropensity())
