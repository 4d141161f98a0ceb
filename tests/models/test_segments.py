from __future__ import annotations

import json
import time

import numpy as np
import pyarrow as pa
import pytest

from models import ModelsError
from models.segment_training import READ, fit
from models.segments import Axis, BrandSegments, SegmentModel, SegmentSettings
from tests.models.made_segments import BILL, DATA, THREE, VOICE, customers

BILLS = Axis(BILL, log=False, low=0.0, high=100.0, centre=50.0, spread=10.0)
CALLS = Axis(VOICE, log=False, low=0.0, high=100.0, centre=50.0, spread=10.0)
RED = BrandSegments("Red", (BILLS, CALLS), ((2.0, 2.0), (-2.0, -2.0)), ("high bill", "low bill"))
BLUE = BrandSegments("Blue", (CALLS,), ((0.0,),), ("the whole brand",))
PROOF = ("bill_amount_change_1", "bill_amount_slope_3")
MODEL = SegmentModel(PROOF, (BLUE, RED))
USUAL = {"brand": "Red", "tenure_months": 40, "months_known_6": 6, PROOF[0]: 0, PROOF[1]: 0, BILL: 70, VOICE: 70}


def batch(*rows: dict[str, float | str | None]) -> pa.Table:
    types = [(name, pa.string() if name == "brand" else pa.float32()) for name in USUAL]
    return pa.Table.from_pylist([USUAL | row for row in rows], schema=pa.schema(types))


def assigned(**changed: float | str | None) -> str | None:
    return MODEL.assign(batch(changed)).to_pylist()[0]  # type: ignore[no-any-return]


def test_a_customer_belongs_to_the_nearest_segment_of_the_own_brand():
    assert assigned() == "Red 1"
    assert assigned(**{BILL: 30, VOICE: 30}) == "Red 2"
    assert assigned(brand="Blue") == "Blue 1"


def test_of_two_segments_as_near_it_is_the_first():
    assert assigned(**{BILL: 50, VOICE: 50}) == "Red 1"


@pytest.mark.parametrize("brand", [None, "Green"])
def test_an_unknown_brand_is_in_no_segment(brand: str | None):
    assert assigned(brand=brand) is None


@pytest.mark.parametrize(
    "newcomer",
    [{"tenure_months": 2}, {"months_known_6": 2}, {"months_known_6": None}, {PROOF[0]: None}, {PROOF[1]: None}],
)
def test_without_three_consecutive_months_on_net_there_is_no_segment(newcomer: dict[str, float | None]):
    assert assigned(**newcomer) is None


def test_three_months_are_enough_and_an_unknown_activation_proves_nothing():
    assert assigned(tenure_months=3, months_known_6=3) == "Red 1"
    assert assigned(tenure_months=None) == "Red 1"


def test_unknown_is_not_zero_but_moves_a_customer_nowhere():
    """With bill 60 and calls unknown the first centroid is nearer; calls of zero would make it the second."""
    assert assigned(**{BILL: 60, VOICE: None}) == "Red 1"
    assert assigned(**{BILL: 60, VOICE: 0}) == "Red 2"


def test_who_is_mostly_unknown_is_in_no_segment():
    assert assigned(**{BILL: None, VOICE: None}) is None
    assert assigned(brand="Blue", **{VOICE: None}) is None


def test_one_absurd_bill_is_as_far_as_the_largest_usual_one():
    assert BILLS.of(np.array([1e9, 100.0, -5.0])).tolist() == [5.0, 5.0, -5.0]


def test_a_credit_note_counts_as_nothing_billed_on_a_logarithmic_axis():
    axis = Axis(BILL, log=True, low=-10.0, high=100.0, centre=0.0, spread=1.0)
    assert axis.of(np.array([-10.0, 0.0])).tolist() == [0.0, 0.0]


def test_a_missing_column_is_an_error_that_names_it():
    with pytest.raises(ModelsError, match=rf"the segments need column {VOICE}, which is missing"):
        MODEL.assign(batch({}).drop([VOICE]))


def test_columns_are_those_that_assigning_reads():
    assert MODEL.columns == ("brand", "tenure_months", "months_known_6", *PROOF, VOICE, BILL)
    rows = batch({})
    assert MODEL.assign(rows.select(MODEL.columns)).equals(MODEL.assign(rows))


def test_files_are_text_and_give_the_same_model_back():
    files = MODEL.files()
    assert SegmentModel.from_files(files) == MODEL
    assert json.loads(files["segments.json"])["brands"][1]["names"] == ["Red 1", "Red 2"]
    assert SegmentModel.from_files(files).labels == {
        "Blue 1": "the whole brand",
        "Red 1": "high bill",
        "Red 2": "low bill",
    }


def test_without_brands_everybody_is_clustered_together():
    model = SegmentModel(PROOF, (BrandSegments(None, RED.axes, RED.centroids, RED.labels),))
    assert "brand" not in model.columns
    assert model.assign(batch({"brand": None}, {"brand": "Green"})).to_pylist() == ["Segment 1", "Segment 1"]


def test_a_customer_gets_the_same_segment_in_a_batch_of_any_size():
    rows = customers(THREE)
    model = fit(rows, SegmentSettings(min_customers=50, max_k=3)).model
    whole = model.assign(rows).to_pylist()
    assert [model.assign(rows.slice(at, 7)).to_pylist() for at in range(0, 70, 7)] == [
        whole[at : at + 7] for at in range(0, 70, 7)
    ]


def test_no_row_gives_no_segment():
    assert MODEL.assign(batch({}).slice(0, 0)).to_pylist() == []


def test_chunked_batches_are_read_as_one():
    rows = pa.concat_tables([batch({}), batch({BILL: 30, VOICE: 30})])
    assert MODEL.assign(rows).to_pylist() == ["Red 1", "Red 2"]


def test_half_a_million_customers_take_seconds():
    rows = pa.concat_tables([customers(THREE, each=50_000)] * 3)
    model = fit(customers(THREE), SegmentSettings(min_customers=50, max_k=3)).model
    began = time.process_time()
    assert len(model.assign(rows)) == 450_000
    assert time.process_time() - began < 5


def test_everything_that_training_reads_is_an_indicator_and_no_id():
    from features import feature_table

    assert set(READ) <= {indicator.name for indicator in feature_table.catalogue(())}
    assert DATA in READ
    assert "customer_id" not in READ
