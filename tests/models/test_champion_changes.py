from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from features.feature_months import FeatureSet
from features.month_ledger import MonthLedger
from features.months import Month
from models import champion_changes, churn
from models.backtest import training_table
from models.champion_changes import data_changes, feature_changes, in_markdown, list_changes
from models.churn import ChurnModel
from tests.made_operator import CHURN, deliver, ledger_in, made_months
from tests.models.made_tables import QUICK, made_table
from tests.models.test_backtest import backtest_on

TABLE = made_table(customers=300, months=4)
MODEL = churn.fit(TABLE, 1, QUICK, 1)
FACTS = {"as_of": "2025-05", "scoring_months": ["2025-01", "2025-02"], "rows": 200, "customers": 100, "leavers": 30}


WANTED, AS_OF = FeatureSet(CHURN, (), "test"), Month(2025, 3)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("operator"))
    deliver(ledger, made_months(customers=120, months=3))
    return ledger


@pytest.fixture(scope="module")
def champion(operator: MonthLedger) -> ChurnModel:
    test = backtest_on(operator)
    return churn.fit(training_table(test, AS_OF, 1, WANTED), 1, test.settings, 1)


def changes_of_lists(operator: MonthLedger, champion: ChurnModel, challenger: ChurnModel, size: int) -> dict[str, Any]:
    models = {"challenger": challenger, "champion": champion}
    return list_changes(backtest_on(operator), WANTED, models, AS_OF, size)


def upside_down(model: ChurnModel, monkeypatch: pytest.MonkeyPatch) -> ChurnModel:
    """The same model, for which the least at risk are the most."""
    turned = dataclasses.replace(model, note="turned")
    monkeypatch.setattr(ChurnModel, "predict", _predict_turned(ChurnModel.predict))
    return turned


def _predict_turned(predict: Any) -> Any:
    def turned(self: ChurnModel, *given: Any) -> Any:
        return 1 - predict(self, *given) if self.note == "turned" else predict(self, *given)

    return turned


def test_the_same_model_moves_nobody(operator: MonthLedger, champion: ChurnModel):
    lists = changes_of_lists(operator, champion, champion, 30)
    assert (lists["size"], lists["on both"], lists["only challenger's"]) == (30, 30, 0)


def test_another_model_moves_customers_who_are_counted(
    operator: MonthLedger, champion: ChurnModel, monkeypatch: pytest.MonkeyPatch
):
    turned = upside_down(champion, monkeypatch)
    lists = changes_of_lists(operator, champion, turned, 80)
    assert lists["scored"] > 100
    assert lists["only challenger's"] == lists["only champion's"] == 80 - lists["on both"]
    assert lists["on both"] >= 10
    assert "customer-" not in str(lists)


def test_fewer_than_ten_who_move_are_not_counted(
    operator: MonthLedger, champion: ChurnModel, monkeypatch: pytest.MonkeyPatch
):
    turned = upside_down(champion, monkeypatch)
    lists = changes_of_lists(operator, champion, turned, 9)
    assert (lists["on both"], lists["only challenger's"], lists["only champion's"]) == (None, None, None)
    assert lists["note"] == "fewer than 10 customers are in one of the cells"


def test_columns_that_came_and_went_and_places_by_gain():
    narrower = dataclasses.replace(
        TABLE,
        encoding=dataclasses.replace(TABLE.encoding, columns=TABLE.encoding.columns[:-1]),
        matrix=TABLE.matrix[:, :-1],
    )
    found = feature_changes(churn.fit(narrower, 1, QUICK, 1), MODEL)
    assert (found["added"], found["dropped"]) == (["noise_3"], [])
    assert found["ranks"][0]["indicator"] == "fall"
    assert (found["ranks"][0]["champion place"], found["ranks"][0]["challenger place"]) == (1, 1)


def test_months_and_leavers_that_each_learned_from():
    changes = data_changes(FACTS, {**FACTS, "leavers": 40})
    assert changes["champion"]["months"] == "2025-01 to 2025-02 (2)"
    assert [changes[name]["leaver share"] for name in ("champion", "challenger")] == [0.15, 0.2]


def test_in_markdown_each_part_is_told_or_why_it_is_not():
    changes = {
        "version": 3,
        "data": data_changes(FACTS, FACTS),
        "features": feature_changes(MODEL, MODEL),
        "paired": {"note": "nothing to compare on"},
        "lists": {"note": "it has seen what came after"},
    }
    text = in_markdown(changes)
    assert text.startswith("# What changed since champion version 3\n")
    assert "Added: none. Dropped: none." in text
    assert "| fall | 1 | 1 |" in text
    assert "nothing to compare on" in text
    assert "it has seen what came after" in text
    assert in_markdown({"note": "There is no champion yet."}).endswith("There is no champion yet.\n")
    assert champion_changes.SHOWN == 20
