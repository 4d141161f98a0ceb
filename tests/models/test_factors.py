from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.factors import find_factors
from tests.models.made_indicators import month_of

CUSTOMERS = 600
BILLS, CALLS = [f"bill_{n}" for n in range(4)], [f"call_{n}" for n in range(3)]
ANGLES = {**dict.fromkeys(BILLS, "bill structure"), **dict.fromkeys(CALLS, "usage"), "odd": "device"}


def two_factors(seed: int) -> dict[str, list[float]]:
    """Four indicators of what a customer pays, three of how much is called, and one of neither."""
    rng = np.random.default_rng(seed)
    pays, calls = rng.standard_normal((2, CUSTOMERS))
    columns = {f"bill_{n}": pays + (0.3 + 0.1 * n) * rng.standard_normal(CUSTOMERS) for n in range(4)}
    columns |= {f"call_{n}": -calls + (0.4 + 0.1 * n) * rng.standard_normal(CUSTOMERS) for n in range(3)}
    columns["odd"] = rng.standard_normal(CUSTOMERS)
    return {name: values.tolist() for name, values in columns.items()}


MONTHS = [month_of(**two_factors(seed)) for seed in (1, 2)]


def test_factors_are_found_and_named_by_what_loads_most():
    factors = find_factors(MONTHS, list(ANGLES), ANGLES, 12)
    assert [factor.name for factor in factors] == ["bill structure: bill_0", "usage: call_0"]
    assert list(factors[0].loads(0.5)) == ["bill_0", "bill_1", "bill_2", "bill_3"]
    assert list(factors[1].loads(0.5)) == ["call_0", "call_1", "call_2"]
    assert factors[0].share == pytest.approx(0.43, abs=0.03)


def test_the_strongest_loading_is_positive():
    """A factor has no direction of its own, and one would change with the last bit of a sum."""
    assert all(max(factor.loadings.values(), key=abs) > 0 for factor in find_factors(MONTHS, list(ANGLES), ANGLES, 12))


def test_only_what_was_asked_for_is_looked_at_and_no_more_factors_than_allowed():
    asked = ["bill_0", "bill_1", "call_0", "call_1", "brand"]
    assert len(find_factors(MONTHS, asked, ANGLES, 1)) == 1
    assert set(find_factors(MONTHS, asked, ANGLES, 2)[0].loadings) == {"bill_0", "bill_1", "call_0", "call_1"}


def test_there_is_no_factor_behind_one_indicator_or_behind_noise():
    assert find_factors(MONTHS, ["bill_0"], ANGLES, 12) == ()
    rng = np.random.default_rng(1)
    ladder = rng.permutation(CUSTOMERS).astype(float)
    unrelated = month_of(one=ladder.tolist(), other=((ladder - ladder.mean()) ** 2).tolist())
    assert find_factors([unrelated], ["one", "other"], {"one": "usage", "other": "usage"}, 12) == ()


def test_no_loading_is_above_one_where_the_correlations_do_not_fit_together():
    """Known of different customers, two may go with a third and yet against each other."""
    month = month_of(**two_factors(1))
    apart = month.correlation.copy()
    apart[0, 1:4] = apart[1:4, 0] = 0.99
    apart[1, 2] = apart[2, 1] = 0.2
    assert np.linalg.eigvalsh(apart)[0] < 0
    factors = find_factors([dataclasses.replace(month, correlation=apart)], BILLS, ANGLES, 2)
    assert max(abs(loading) for factor in factors for loading in factor.loadings.values()) <= 1


def test_seeing_the_same_customers_again_makes_noise_no_factor():
    rng = np.random.default_rng(3)
    noise = {f"bill_{n}": rng.standard_normal(60).tolist() for n in range(8)}
    names, month = list(noise), month_of(**noise)
    angles = dict.fromkeys(names, "usage")
    assert find_factors([month], names, angles, 12) == ()
    assert find_factors([month] * 12, names, angles, 12) == ()
