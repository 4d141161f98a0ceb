"""The made operator's champion with a reference of its own, and a month that it has scored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from features.feature_months import FeatureSet
from features.month_ledger import MonthLedger
from models import churn, drift_reference
from models.look_back import whole_months
from models.registry import Champion
from models.training_table import Labelling, labelled_month, stack, usable_months
from serving.customer_scores import Scoring, score_month
from serving.monitoring.monitored_month import Monitoring
from serving.monitoring.verdict import MonitoringSettings
from tests.made_operator import CHURN, NOW
from tests.models.made_tables import QUICK
from tests.serving.conftest import TRAINED_AS_OF

SCORED = TRAINED_AS_OF + 1


@pytest.fixture(scope="session")
def referenced(operator: MonthLedger, champion: Champion) -> Champion:
    """The champion with `reference.json` among its files, as training keeps it."""
    wanted = FeatureSet(CHURN, (), "test")
    labelling = Labelling(operator, wanted, 1, TRAINED_AS_OF, 1_000, NOW)
    table = stack([labelled_month(labelling, month) for month in usable_months(labelling)], wanted)
    settings = dataclasses.replace(QUICK, min_events=1_000, min_data_in_leaf=5)
    unseen = churn.fitted(table, 1, settings, 1).unseen
    months = drift_reference.compared_months(table.scored, whole_months(operator, TRAINED_AS_OF))
    reference = drift_reference.learn(table, unseen, drift_reference.gain_shares(champion.model), months)
    return dataclasses.replace(champion, files={drift_reference.FILE: reference.to_json()})


@pytest.fixture
def monitoring(scoring: Scoring, referenced: Champion, tmp_path: Path) -> Monitoring:
    """Monitoring of a month that the champion has scored."""
    scoring = dataclasses.replace(scoring, champion=referenced)
    score_month(scoring, SCORED)
    return Monitoring(
        scoring.ledger,
        referenced,
        scoring.feature_set(),
        "Made operator",
        tmp_path / "monitoring",
        tmp_path / "evidently",
        MonitoringSettings(),
        NOW,
    )
