"""Made training tables: stacked scoring months in which a fall of the bill announces leaving, and noise does not."""

from __future__ import annotations

import numpy as np

from features.months import Month
from models.churn import ChurnSettings
from models.encoding import Encoding
from models.training_table import TrainingTable

NOISE = 4
ENCODING = Encoding(("fall", "plan", *(f"noise_{place}" for place in range(NOISE))), {"plan": ("blue", "red")})
QUICK = ChurnSettings(
    learning_rate=0.2,
    feature_fraction=0.5,
    max_rounds=60,
    patience=5,
    fallback_rounds=15,
    fallback_learning_rate=0.2,
    min_events=20,
    folds=3,
    min_data_in_leaf=20,
)


def made_table(*, customers: int = 400, months: int = 6, seed: int = 1, base: float = -2.5) -> TrainingTable:
    """Every customer in every month; margin of leaving = `base` + fall + 1 on the red plan."""
    rng = np.random.default_rng(seed)
    rows = customers * months
    matrix = rng.standard_normal((rows, 2 + NOISE)).astype(np.float32)
    matrix[:, 1] = rng.integers(0, 2, rows)
    matrix[rng.random(rows) < 0.1, 2] = np.nan
    margin = base + matrix[:, 0] + matrix[:, 1]
    return TrainingTable(
        ENCODING,
        matrix,
        rng.random(rows) < 1 / (1 + np.exp(-margin)),
        np.tile(np.array([f"customer {number:04}" for number in range(customers)]), months),
        np.repeat(np.arange(months), customers),
        tuple(Month(2025, 1) + step for step in range(months)),
    )
