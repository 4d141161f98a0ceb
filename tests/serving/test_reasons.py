from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pytest

from models.encoding import Encoding, Matrix
from serving import reasons as subject
from serving.reason_words import Wording
from serving.reasons import reasons

COLUMNS = ("bill_now", "bill_trend", "calls", "plan", "age")
WORDS = {
    "bill_now": Wording("bill", lambda value: f"bill {value}"),
    "bill_trend": Wording("bill", lambda value: f"bill trend {value}"),
    "calls": Wording("calls", lambda value: f"calls {value}"),
    "plan": Wording("plan", lambda value: f"on plan {value}"),
    "age": Wording("age", lambda value: f"aged {value}"),
}


@dataclass(frozen=True)
class Fixed:
    """A model whose contributions are given."""

    added: Sequence[Sequence[float]]
    encoding: Encoding = field(default_factory=lambda: Encoding(COLUMNS, {"plan": ("blue", "red")}))


@pytest.fixture(autouse=True)
def given_contributions(monkeypatch: pytest.MonkeyPatch) -> None:
    def given(model: Fixed, matrix: Matrix, threads: int) -> object:
        return subject.Contributions(COLUMNS, np.array(model.added, dtype=float), np.zeros(len(matrix)))

    monkeypatch.setattr(subject, "contributions", given)


def said(*added: Sequence[float], **instead: None) -> list[list[str | None]]:
    rows = pl.DataFrame(
        {
            "customer_id": [f"customer {row}" for row in range(len(added))],
            **{column: pl.Series([row + 0.5 for row in range(len(added))], dtype=pl.Float32) for column in COLUMNS},
        }
    ).with_columns(plan=pl.lit("red"))
    rows = rows.with_columns(pl.lit(value, pl.Float32).alias(column) for column, value in instead.items())
    table = reasons(Fixed(added), rows.to_arrow(), WORDS, 1)  # type: ignore[arg-type]
    return [[row[f"reason_{place}"] for place in (1, 2, 3)] for row in table.to_pylist()]


def test_the_three_strongest_are_said_strongest_first():
    assert said([0.1, 0.0, 0.4, 0.2, 0.3]) == [["calls 0.5", "aged 0.5", "on plan red"]]


def test_indicators_of_one_topic_count_together_and_the_strongest_speaks():
    assert said([0.2, 0.3, 0.4, 0.0, 0.0]) == [["bill trend 0.5", "calls 0.5", None]]


def test_what_is_unknown_is_said_only_where_nothing_known_is_left_to_say():
    """That a manager is told "age unknown" helps nobody, though to the model it may say most."""
    unknown = {"age": None, "bill_trend": None}
    assert said([0.1, 0.5, 0.2, 0.3, 0.9], **unknown) == [["on plan red", "calls 0.5", "bill 0.5"]]
    assert said([0.0, 0.5, 0.2, 0.0, 0.9], **unknown) == [["calls 0.5", "aged None", "bill trend None"]]


def test_what_is_unknown_lends_its_topic_no_weight():
    """Else a bill of no weight would be the first reason, since its trend is unknown."""
    assert said([0.1, 0.9, 0.5, 0.4, 0.3], bill_trend=None) == [["calls 0.5", "on plan red", "aged 0.5"]]
    assert said([-0.2, 0.9, 0.5, 0.0, 0.0], bill_trend=None) == [["calls 0.5", "bill trend None", None]]


def test_what_lowers_the_risk_is_no_reason():
    assert said([-0.5, 0.4, 0.1, -0.2, 0.0]) == [["calls 0.5", None, None]]
    assert said([-1, -1, -1, -1, -1]) == [[None, None, None]]


def test_each_customer_has_reasons_of_their_own():
    assert said([1, 0, 0, 0, 0], [0, 0, 0, 1, 0]) == [["bill 0.5", None, None], ["on plan red", None, None]]


def test_equal_weights_keep_the_catalogues_order():
    assert said([0.2, 0, 0.2, 0.2, 0.2]) == [["bill 0.5", "calls 0.5", "on plan red"]]
