"""Screening model for MLflow: the file that MLflow runs to load a version, so that no pickle is ever executed.

It stands alone: a loader elsewhere needs mlflow and pandas, but not Holdfast.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel


class IndicatorScreening(PythonModel):
    """The kept indicators of a frame of indicators, in their order."""

    def load_context(self, context: Any) -> None:
        file = Path(context.artifacts["model"]) / "screening.json"
        self.kept = json.loads(file.read_text(encoding="utf-8"))["kept"]

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        kept: pd.DataFrame = model_input[self.kept]
        return kept


set_model(IndicatorScreening())
