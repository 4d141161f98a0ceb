from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.months import Month
from models import churn
from models.calibration import Calibrator
from models.churn import ChurnModel, TooFewLeavers, booster_parameters, fit, out_of_fold_margins
from models.training_table import TrainingTable
from tests.models.made_tables import ENCODING, QUICK, made_table

TABLE = made_table()
IN_TIME = fit(TABLE, 1, QUICK, 1)
FALLBACK = dataclasses.replace(QUICK, min_events=10_000)


def leaving(table: TrainingTable, *places: int) -> TrainingTable:
    """The same rows, but only those at `places` leave."""
    churned = np.zeros(len(table.churned), dtype=bool)
    churned[list(places)] = True
    return dataclasses.replace(table, churned=churned)


def test_the_same_rows_give_the_same_booster_and_calibrator():
    again = fit(made_table(), 1, QUICK, 1)
    assert again.booster_text == IN_TIME.booster_text
    assert again.calibrator == IN_TIME.calibrator


def test_the_number_of_threads_changes_nothing():
    with_two = fit(TABLE, 1, QUICK, 2)
    assert with_two.booster_text == IN_TIME.booster_text
    assert with_two.calibrator == IN_TIME.calibrator
    assert (with_two.predict(TABLE.matrix, 2) == IN_TIME.predict(TABLE.matrix, 1)).all()


def test_another_seed_gives_another_booster():
    assert fit(TABLE, 1, dataclasses.replace(QUICK, seed=8), 1).booster_text != IN_TIME.booster_text


def test_with_enough_leavers_training_stops_early_and_takes_no_note():
    assert IN_TIME.note == ""
    assert 1 <= IN_TIME.rounds < QUICK.max_rounds
    assert IN_TIME.booster.num_trees() == IN_TIME.rounds


def test_months_that_calibrate_are_no_part_of_training():
    """Other outcomes in the latest month change the line alone; the trees never saw them."""
    splits = churn.split_months(TABLE.leavers(), QUICK.min_events)
    assert [str(month) for month in splits.stopping + splits.calibration] == ["2025-05", "2025-06"]
    changed = fit(with_other_outcomes(splits.calibration), 1, QUICK, 1)
    assert changed.booster_text == IN_TIME.booster_text
    assert changed.calibrator != IN_TIME.calibrator


def test_the_months_that_stop_the_training_calibrate_too():
    splits, fitted = churn.split_months(TABLE.leavers(), QUICK.min_events), churn.fitted(TABLE, 1, QUICK, 1)
    unseen = TABLE.of(splits.stopping + splits.calibration)
    assert (np.isnan(fitted.unseen) == ~unseen).all()
    assert fitted.unseen[unseen].tolist() == IN_TIME.predict(TABLE.matrix[unseen], 1).tolist()
    assert fitted.unseen[unseen].sum() == pytest.approx(TABLE.churned[unseen].sum(), rel=1e-3)


def with_other_outcomes(months: tuple[Month, ...]) -> TrainingTable:
    """As many leavers in these months, but others."""
    other, there = TABLE.churned.copy(), np.flatnonzero(TABLE.of(months))[:100]
    other[there] = other[there][::-1]
    return dataclasses.replace(TABLE, churned=other)


def test_below_the_events_of_the_settings_rounds_are_fixed_and_a_note_says_so():
    model = fit(TABLE, 1, FALLBACK, 1)
    assert model.rounds == model.booster.num_trees() == QUICK.fallback_rounds
    assert "do not give three parts of 10000" in model.note


def test_the_parts_of_a_long_window_are_that_many_months_apart():
    assert fit(TABLE, 2, QUICK, 1).note == ""
    assert "three parts of 20, 3 months apart" in fit(TABLE, 3, QUICK, 1).note


def test_the_fallback_calibrates_on_scores_of_unseen_customers_only():
    """Outcomes drawn by lot cannot be foretold for an unseen customer, though training rows fit them well."""
    rng = np.random.default_rng(3)
    leaves = rng.random(400) < 0.2
    table = dataclasses.replace(made_table(), churned=np.tile(leaves, 6))
    recognisable = np.tile(np.arange(400, dtype=np.float32)[:, None], (6, 1))
    table = dataclasses.replace(table, matrix=np.hstack([table.matrix[:, :5], recognisable]))
    settings = dataclasses.replace(
        FALLBACK, min_data_in_leaf=1, fallback_leaves=63, fallback_rounds=40, fallback_feature_fraction=0.5
    )
    model = fit(table, 1, settings, 1)
    seen = model.booster.predict(table.matrix)
    assert roc_auc_score(table.churned, seen) > 0.9
    assert roc_auc_score(table.churned, out_of_fold_margins(table, settings, 1)) < 0.6
    assert model.calibrator.slope < 0.2


def test_no_customer_is_both_trained_on_and_held_out(monkeypatch: pytest.MonkeyPatch):
    folds: list[tuple[set[str], int]] = []
    grown = churn._fixed_rounds

    def watched(table: TrainingTable, rows: np.ndarray, *more: object) -> object:
        folds.append((set(table.customers[rows]) & set(table.customers[~rows]), int((~rows).sum())))
        return grown(table, rows, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(churn, "_fixed_rounds", watched)
    out_of_fold_margins(TABLE, FALLBACK, 1)
    assert [both for both, _ in folds] == [set()] * QUICK.folds
    assert sum(held_out for _, held_out in folds) == len(TABLE.churned)


@pytest.mark.parametrize("settings", [QUICK, FALLBACK], ids=["in time", "fallback"])
def test_probabilities_add_up_to_the_leavers_because_no_class_is_weighted(settings: churn.ChurnSettings):
    model = fit(TABLE, 1, settings, 1)
    fresh = made_table(seed=2)
    assert model.predict(fresh.matrix).sum() == pytest.approx(fresh.churned.sum(), rel=0.1)
    parameters = booster_parameters(settings, 1)
    assert not {"scale_pos_weight", "is_unbalance", "pos_bagging_fraction"} & parameters.keys()


def test_even_the_uncalibrated_booster_expects_as_many_leavers_as_there_are():
    """A class weight would be hidden by the calibration line, and bend everything but the mean."""
    model = dataclasses.replace(IN_TIME, calibrator=Calibrator(0.0, 1.0))
    fresh = made_table(seed=2)
    assert model.predict(fresh.matrix).mean() == pytest.approx(fresh.churned.mean(), rel=0.15)


def test_a_customer_with_falling_bills_is_more_at_risk():
    falling, steady = np.zeros((2, 1, 6), dtype=np.float32)
    falling[:, 0], steady[:, 0] = 2.0, -2.0
    assert IN_TIME.predict(falling)[0] > 3 * IN_TIME.predict(steady)[0]


def test_a_model_read_back_from_its_files_predicts_the_same_bits():
    files = {name: text.encode().decode() for name, text in IN_TIME.files().items()}
    back = ChurnModel.from_files(files)
    assert back == IN_TIME
    assert back.predict(TABLE.matrix).tobytes() == IN_TIME.predict(TABLE.matrix).tobytes()
    assert back.encoding == ENCODING


def test_a_model_is_text_and_json_and_nothing_else():
    files = IN_TIME.files()
    assert sorted(files) == ["about.json", "booster.txt", "calibrator.json", "encoding.json"]
    assert files["booster.txt"].startswith("tree\n")
    assert all(json.loads(text) for name, text in files.items() if name.endswith(".json"))


def test_rows_are_scored_alike_alone_in_batches_and_together():
    together = IN_TIME.predict(TABLE.matrix)
    batches = [IN_TIME.predict(TABLE.matrix[start : start + 7]) for start in range(0, len(TABLE.matrix), 7)]
    assert np.concatenate(batches).tobytes() == together.tobytes()
    assert all(IN_TIME.predict(TABLE.matrix[place : place + 1])[0] == together[place] for place in range(20))


def test_too_few_leavers_are_an_error_that_says_how_many():
    with pytest.raises(
        TooFewLeavers, match=r"churn at horizon 3: 2 customers who left in 6 scoring months are too few.*ingest more"
    ):
        fit(leaving(TABLE, 5, 6), 3, QUICK, 1)


def test_the_rows_of_one_leaver_month_after_month_are_one_leaver():
    same_customer = leaving(TABLE, *range(5, 2400, 400))
    assert same_customer.churned.sum() == 6
    with pytest.raises(TooFewLeavers, match=r"1 customers who left"):
        fit(same_customer, 1, QUICK, 1)


def test_what_a_model_learned_from_is_told_in_counts():
    table = leaving(made_table(customers=3, months=2), 0, 3, 4)
    assert churn.trained_on(table) == {
        "scoring_months": ["2025-01", "2025-02"],
        "rows": 6,
        "customers": 3,
        "leavers": 3,
        "leavers_by_month": {"2025-01": 1, "2025-02": 2},
    }
