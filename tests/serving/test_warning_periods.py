from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from features.feature_table import catalogue
from serving.warning_periods import COLUMNS, WarningSettings, periods
from tests.drawn import table

USUAL = 0.1
NOTHING = dict.fromkeys(COLUMNS)


def period(probability: float, settings: WarningSettings | None = None, **signs: float | None) -> str:
    """The period of one customer with these indicators, all others unknown."""
    rows = pl.DataFrame([NOTHING | signs], schema=dict.fromkeys(COLUMNS, pl.Float32)).to_arrow()
    (found,) = periods(rows, np.array([probability]), USUAL, settings or WarningSettings()).to_pylist()
    return str(found)


def test_without_a_sign_the_probability_decides():
    assert period(0.05) == "healthy"
    assert period(0.199) == "healthy"
    assert period(0.2) == "pre-warning"
    assert period(0.9) == "pre-warning"


@pytest.mark.parametrize(
    "sign",
    [
        {"event_competitor_begun_3": 1},
        {"event_own_suspension_begun_3": 2},
        {"event_own_suspension_open": 1},
        {"bill_amount_ratio_3": 0.3},
        {"usage_voice_out_ratio_3": 0.3, "usage_data_ratio_3": 0.1},
        {"usage_voice_out_ratio_3": 0.0},
        {"usage_data_ratio_3": 0.2},
    ],
    ids=str,
)
def test_each_sign_makes_an_alert(sign: dict[str, float]):
    assert period(0.1, **sign) == "alert"


@pytest.mark.parametrize(
    "no_sign",
    [
        {"event_competitor_begun_3": 0},
        {"bill_amount_ratio_3": 0.31},
        {"usage_voice_out_ratio_3": 0.1, "usage_data_ratio_3": 0.9},
        {"usage_voice_out_ratio_3": 0.9, "usage_data_ratio_3": 0.1},
    ],
    ids=str,
)
def test_nothing_happened_a_mild_fall_or_a_move_from_calls_to_data_is_no_sign(no_sign: dict[str, float]):
    assert period(0.1, **no_sign) == "healthy"


def test_a_sign_on_somebody_less_likely_to_leave_than_usual_is_no_alert():
    assert period(0.099, event_competitor_begun_3=1) == "healthy"
    assert period(0.1, event_competitor_begun_3=1) == "alert"


def test_the_settings_move_the_bounds():
    strict = WarningSettings(pre_warning_lift=5.0, collapse=0.1)
    assert period(0.4, strict) == "healthy"
    assert period(0.5, strict) == "pre-warning"
    assert period(0.4, strict, bill_amount_ratio_3=0.2) == "healthy"
    assert period(0.4, strict, bill_amount_ratio_3=0.1) == "alert"


def test_every_row_has_its_own_period():
    drawn = table(
        """
        event_competitor_begun_3  event_own_suspension_begun_3  event_own_suspension_open  bill_amount_ratio_3
        0                         0                             0                          1.0
        1                         0                             0                          1.0
        0                         0                             0                          0.9
        """
    ).with_columns(usage_voice_out_ratio_3=pl.lit(None, pl.Float32), usage_data_ratio_3=pl.lit(None, pl.Float32))
    found = periods(drawn.to_arrow(), np.array([0.01, 0.3, 0.3]), USUAL, WarningSettings())
    assert found.to_pylist() == ["healthy", "alert", "pre-warning"]


def test_the_signs_are_indicators_of_the_catalogue():
    assert set(COLUMNS) <= {indicator.name for indicator in catalogue(())}
