from __future__ import annotations

import pytest

from features.feature_months import FeatureSet
from features.months import Month
from models import churn
from models.champion_comparison import incomparable, unseen_by
from models.registry import Champion
from tests.made_operator import CHURN
from tests.models.made_tables import QUICK, made_table

WANTED = FeatureSet(CHURN, (), "test")
TABLE = made_table(customers=200, months=3)


def champion(horizon: int = 1, **facts: object) -> Champion:
    known = {"feature_set": WANTED.id, "gap": 0, "scoring_months": ["2025-01", "2025-02"], **facts}
    return Champion("churn-propensity", 1, churn.fit(TABLE, horizon, QUICK, 1), known)


def test_a_champion_of_the_same_kind_can_be_compared():
    assert incomparable(champion(), WANTED, 1) == ""


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (champion(feature_set="other"), f"it was trained on feature set other and not {WANTED.id}"),
        (champion(horizon=3), "it was trained on horizon 3 and not 1"),
        (champion(gap=1), "it was trained on gap 1 and not 0"),
    ],
)
def test_a_champion_of_another_kind_cannot(held: Champion, says: str):
    assert incomparable(held, WANTED, 1) == says


@pytest.mark.parametrize(("horizon", "unseen"), [(1, ["2025-03", "2025-04", "2025-05"]), (3, ["2025-05"])])
def test_a_month_is_unseen_when_its_window_begins_after_the_last_one_learned_from_has_ended(
    horizon: int, unseen: list[str]
):
    """With three months to leave in, the leavers of March and April had been leaving in February's window too."""
    months = [Month(2025, number) for number in range(1, 6)]
    assert [str(month) for month in unseen_by(champion(horizon), months)] == unseen
