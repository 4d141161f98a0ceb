"""A made operator with a champion of its own, trained without MLflow."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from features.feature_months import FeatureSet
from features.month_ledger import MonthLedger
from features.months import Month
from models import churn
from models.registry import Champion
from models.training_table import Labelling, labelled_month, stack, usable_months
from serving.customer_scores import Scoring
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months
from tests.models.made_tables import QUICK

TRAINED_AS_OF = Month(2025, 3)


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    """Four months of a made operator with the features of the first three; only to be copied."""
    ledger = ledger_in(tmp_path_factory.mktemp("operator"))
    deliver(ledger, made_months(customers=120, months=4))
    return ledger


@pytest.fixture(scope="session")
def champion(operator: MonthLedger) -> Champion:
    wanted = FeatureSet(CHURN, (), "test")
    labelling = Labelling(operator, wanted, 1, TRAINED_AS_OF, 1_000, NOW)
    table = stack([labelled_month(labelling, month) for month in usable_months(labelling)], wanted)
    settings = dataclasses.replace(QUICK, min_events=1_000, min_data_in_leaf=5)
    facts = {"as_of": str(TRAINED_AS_OF), "gap": 0, "feature_set": wanted.id, "custom": [], **churn.trained_on(table)}
    return Champion("churn-propensity", 3, churn.fit(table, 1, settings, 1), facts)


@pytest.fixture
def scoring(operator: MonthLedger, champion: Champion, tmp_path: Path) -> Scoring:
    """Scoring in a copy of the operator's tables."""
    ledger = ledger_in(shutil.copytree(operator.warehouse.tables, tmp_path / "tables"))
    return Scoring(ledger, champion, CHURN, "test", 1, NOW)
