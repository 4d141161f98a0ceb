from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from features.feature_months import feature_set_at
from features.labels import ImmatureLabels
from features.month_ledger import MonthLedger
from features.months import Month
from models.business_list import BusinessList
from models.model_record import ModelRecord
from models.registry import CHALLENGER, CHAMPION, SCREENING, Registry
from models.screener import Screener, current_screening
from models.screening import Screening, ScreeningSettings
from models.screening_training import ScreeningTraining, TrainedScreening, train
from models.training_table import Labelling
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months
from tests.models.remembered_registry import Remembered

APRIL, AUGUST = Month(2025, 4), Month(2025, 8)
LOADED_ELSEWHERE = """
import sys
import mlflow
import pandas as pd

mlflow.set_registry_uri(sys.argv[1])
mlflow.set_tracking_uri(sys.argv[1])
held = mlflow.pyfunc.load_model("models:/indicator-screening@challenger")
columns = [one.name for one in held.metadata.get_input_schema().inputs]
frame = pd.DataFrame({name: pd.Series([None], dtype="object") for name in columns})
print(list(held._model_impl.python_model.predict(None, frame).columns))
"""


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered") / "tables")
    deliver(ledger, made_months(customers=300, months=9))
    return ledger


def work_on(ledger: MonthLedger, as_of: Month = AUGUST, **changed: Any) -> ScreeningTraining:
    wanted = feature_set_at(ledger, as_of, CHURN, "test")
    business = BusinessList(("bill_amount_mean_3", "unheard_of"), ("bill_amount_silent_3",))
    screener = Screener(ledger, ScreeningSettings(**{"max_correlation": 0.8, **changed}), business, NOW)
    return ScreeningTraining(
        Labelling(ledger, wanted, 1, as_of, 0, NOW), screener, lambda _: None, {"lock": "a test's"}
    )


def trained(ledger: MonthLedger, as_of: Month = AUGUST, **changed: Any) -> tuple[TrainedScreening, ModelRecord]:
    registry = Remembered()
    result = train(work_on(ledger, as_of, **changed), registry)  # type: ignore[arg-type]
    return result, registry.records[0]


@pytest.fixture(scope="module")
def first(delivered: MonthLedger) -> tuple[TrainedScreening, ModelRecord]:
    return trained(delivered)


def test_the_record_holds_the_result_its_evidence_and_its_inputs(first: tuple[TrainedScreening, ModelRecord]):
    result, record = first
    screening = result.evidence.screening
    assert (record.name, record.run_name) == ("indicator-screening", "as-of 2025-08")
    assert Screening.from_json(record.files["screening.json"]) == screening
    assert record.facts["scoring_months"] == [f"2025-0{month}" for month in range(1, 8)]
    assert list(record.output) == list(screening.kept)
    assert record.output["brand"] == "string"
    assert len(record.signature) == len(screening.kept) + len(screening.dropped)
    assert [dataset.name.split(" ")[1] for dataset in record.datasets] == record.facts["scoring_months"]
    assert record.metrics["kept"] == len(screening.kept)
    assert record.metrics["not_judged"] == len(screening.not_judged) == record.facts["not_judged"]
    assert sum(record.metrics[reason] for reason in ("unknown", "nearly_constant", "redundant")) == len(
        screening.dropped
    )
    assert 0 < record.metrics["mean_likeness_of_neighbouring_months"] < 1
    assert {"stability.json", "factors.json"} == record.tables.keys()
    assert {"screening.md", "indicators.csv"} == record.texts.keys()
    assert {"correlation_of_groups.png", "factor_loadings.png"} == record.pictures.keys()
    assert all(picture.startswith(b"\x89PNG") for picture in record.pictures.values())
    assert record.tags == {"lock": "a test's"}


def test_the_report_says_what_was_dropped_and_why(first: tuple[TrainedScreening, ModelRecord]):
    report = first[1].texts["screening.md"]
    assert report.startswith("# Indicators screened as of 2025-08\n")
    assert "Looked at were the scoring months 2025-01 to 2025-07" in report
    assert "| bill_amount_mean_3 | bill_amount_last (+0.812), bill_amount_mean_6 (+0.952) |" in report
    assert "## Known of nobody\n\n" in report
    assert "no month can tell of them yet" in report
    assert "Of 3 months: " in report.partition("## Not judged yet")[2]
    assert " are ratios or shares, or changes of a share." in report
    assert re.search(r"The first month that can tell of all \d+ that any can tell of is 2025-06\.", report)
    assert "Kept in some only of the months that can tell, and in how many: " in report
    assert "trend: bill_amount_ratio_6 | " in report
    assert "| bill_amount_ratio_3 | The billed amount of the latest month against the usual of" in report
    assert "| 2025-01 | " in report
    assert "No indicator has the name: unheard_of." in report
    rows = {line.split(",")[0]: line for line in first[1].texts["indicators.csv"].splitlines()}
    assert ",redundant,bill_amount_mean_3," in rows["bill_amount_mean_6"]
    assert rows["bill_amount_mean_3"].endswith(",preferred")
    assert rows["bill_amount_silent_3"].endswith(",kept though rare")


def test_the_report_of_one_month_speaks_of_one_month_and_of_no_other(delivered: MonthLedger):
    report = trained(delivered, Month(2025, 2))[1].texts["screening.md"]
    assert "Looked at was the scoring month 2025-01, 300 customers of it, and no later month." in report
    assert "Kept in some" not in report
    assert "bill_amount_mean_3" in report.partition("## Not judged yet")[2].partition("##")[0]


def test_screening_again_gives_the_same_record_pictures_included(
    delivered: MonthLedger, first: tuple[TrainedScreening, ModelRecord]
):
    assert trained(delivered)[1] == first[1]


def test_other_thresholds_are_another_screening_and_whether_training_uses_it_is_not(
    delivered: MonthLedger, first: tuple[TrainedScreening, ModelRecord]
):
    assert trained(delivered, max_correlation=0.9)[1].fingerprint != first[1].fingerprint
    assert trained(delivered, train_on="all")[1].fingerprint == first[1].fingerprint


def test_without_a_mature_month_there_is_nothing_to_screen(delivered: MonthLedger):
    with pytest.raises(ImmatureLabels, match=r"as of 2025-01 there is nothing to learn from"):
        trained(delivered, Month(2025, 1))


def test_nothing_that_is_logged_names_a_customer(first: tuple[TrainedScreening, ModelRecord]):
    logged: list[Any] = [getattr(first[1], field.name) for field in dataclasses.fields(ModelRecord)]
    assert "customer-0" not in str(logged)


def test_mlflow_loads_it_without_holdfast_and_gives_the_kept_columns(tmp_path: Path, delivered: MonthLedger):
    registry = Registry(tmp_path / "mlflow")
    result = train(work_on(delivered), registry)
    assert (result.version, train(work_on(delivered), registry).version) == (1, 1)
    assert registry.number(SCREENING, CHALLENGER) == 1
    assert current_screening(registry) is None
    registry.point(SCREENING, CHAMPION, 1)
    current = current_screening(registry)
    assert current is not None
    assert (current.version, current.screening) == (1, result.evidence.screening)
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED_ELSEWHERE, registry.uri],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1].replace("'", '"')) == list(current.screening.kept)
