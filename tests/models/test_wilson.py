from __future__ import annotations

import numpy as np
import pytest

from models.wilson import wilson


def test_the_interval_is_the_published_one():
    """Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3."""
    for left, customers, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718)):
        assert wilson(left / customers, customers) == pytest.approx((low, high), abs=5e-5)


def test_the_shares_of_several_groups_have_an_interval_each():
    low, high = wilson(np.array([0.0, 0.5]), np.array([10, 100]))
    assert low.tolist() == pytest.approx([0.0, 0.4038], abs=1e-4)
    assert high.tolist() == pytest.approx([0.2775, 0.5962], abs=1e-4)


def test_it_stays_between_zero_and_one():
    customers = np.arange(1, 1_000)
    assert not wilson(np.zeros(999), customers)[0].any()
    assert wilson(np.ones(999), customers)[1].tolist() == pytest.approx([1.0] * 999, abs=1e-12)
    assert wilson(np.ones(999), customers)[1].max() <= 1
