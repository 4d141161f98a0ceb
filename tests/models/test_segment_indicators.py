from __future__ import annotations

import numpy as np
import pytest

from features import feature_table
from models.segment_indicators import CANDIDATES, PROOFS, labels_of, learn_axes, proof_columns
from models.segments import Axis
from tests.models.made_segments import BILL, DATA, THREE, VOICE, customers, with_column

ROWS = customers(THREE)
SIX_HUNDRED = np.random.default_rng(3).lognormal(0, 1, 600)


def columns(rows: object) -> list[str]:
    return [axis.column for axis in learn_axes(rows)]  # type: ignore[arg-type]


def test_every_candidate_and_proof_is_in_the_catalogue():
    known = {indicator.name for indicator in feature_table.catalogue(())}
    assert {candidate.column for candidate in CANDIDATES} <= known
    assert {column for proof in PROOFS for column in proof} <= known


def test_what_is_known_and_varies_tells_customers_apart():
    assert columns(ROWS) == [BILL, VOICE, DATA]


def test_what_is_unknown_for_more_than_half_of_the_brand_is_left_out():
    half, more = ([value if at >= gap else None for at, value in enumerate(SIX_HUNDRED.tolist())] for gap in (300, 301))
    assert "usage_sms_mean_3" in columns(with_column(ROWS, "usage_sms_mean_3", half))
    assert "usage_sms_mean_3" not in columns(with_column(ROWS, "usage_sms_mean_3", more))


def test_what_hardly_varies_is_left_out():
    few = [5.0 + place if place < 29 else 0.0 for place in range(600)]
    more = [5.0 + place if place < 31 else 0.0 for place in range(600)]
    assert "usage_roaming_share_3" not in columns(with_column(ROWS, "usage_roaming_share_3", few))
    assert "usage_roaming_share_3" in columns(with_column(ROWS, "usage_roaming_share_3", more))


def test_of_two_that_say_the_same_the_earlier_listed_one_stays():
    twice = [2 * value.as_py() for value in ROWS.column(VOICE)]
    assert "usage_voice_in_mean_3" not in columns(with_column(ROWS, "usage_voice_in_mean_3", twice))


def test_a_charge_stands_in_only_where_the_minutes_are_not_delivered():
    charged = with_column(ROWS, "bill_roaming_share_3", SIX_HUNDRED.tolist())
    both = with_column(charged, "usage_roaming_share_3", SIX_HUNDRED[::-1].tolist())
    assert "bill_roaming_share_3" in columns(charged)
    assert "bill_roaming_share_3" not in columns(both)


def test_the_three_months_are_proved_by_the_first_measure_that_is_delivered():
    assert proof_columns(ROWS) == ("bill_amount_change_1", "bill_amount_slope_3")
    no_bills = ROWS
    for column in proof_columns(ROWS):
        no_bills = with_column(no_bills, column, [None] * 600)
    assert proof_columns(no_bills) == ()
    for column in ("usage_data_change_1", "usage_data_slope_3"):
        no_bills = with_column(no_bills, column, [1.0] * 600)
    assert proof_columns(no_bills) == ("usage_data_change_1", "usage_data_slope_3")


def axes(*columns: str) -> list[Axis]:
    return [Axis(column, False, 0.0, 1.0, 0.0, 1.0) for column in columns]


@pytest.mark.parametrize(
    ("contrast", "labels"),
    [
        ([[0.1, 2.0, -1.0], [0.0, -0.6, 0.2]], ("high voice, low data", "low voice")),
        ([[0.1, 0.2, 0.3], [2.0, 0.0, 0.0]], ("average", "high bill")),
        ([[0.0, 0.0, 0.0]], ("the whole brand",)),
        ([[2.0, 1.0, 0.9], [2.0, 1.0, -0.9]], ("high bill, high voice, high data", "high bill, high voice, low data")),
    ],
)
def test_a_label_says_what_sets_a_segment_apart(contrast: list[list[float]], labels: tuple[str, ...]):
    assert labels_of(axes(BILL, VOICE, DATA), np.array(contrast)) == labels
