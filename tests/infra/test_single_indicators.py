"""Single indicators: what tells leavers apart is found, whether by numbers, by what is unknown or by categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from infra.benchmarks.single_indicators import alone, area, by_category, by_number, main

CUSTOMERS = 4_000
LEFT = np.arange(CUSTOMERS) % 10 < 3
RNG = np.random.default_rng(1)


def test_an_area_is_that_of_scikit_learn_ties_included() -> None:
    values = pl.Series(RNG.integers(0, 20, CUSTOMERS) + LEFT)
    assert area(values, LEFT) == pytest.approx(roc_auc_score(LEFT, values.to_numpy()), abs=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_counts_whichever_way_it_tells(sign: int) -> None:
    assert by_number(pl.Series(sign * LEFT.astype(float)), LEFT) == 1


@pytest.mark.parametrize("unknown", [True, False], ids=["leavers are unknown", "stayers are unknown"])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_unknown_tell_though_the_known_do_not(sign: int, unknown: bool) -> None:
    known = sign * RNG.random(CUSTOMERS)
    values = pl.Series([None if left == unknown else value for left, value in zip(LEFT, known, strict=True)])
    assert by_number(values, LEFT) == 1


@pytest.mark.parametrize("sign", [1, -1])
def test_the_unknown_lie_at_the_end_where_they_tell_most(sign: int) -> None:
    """Every second leaver is unknown, and the others lie above all stayers, or below."""
    hidden = np.arange(CUSTOMERS) % 10 == 0
    assert by_number(pl.Series(sign * LEFT.astype(float)).set(pl.Series(hidden), None), LEFT) == 1


def test_unknown_is_a_category_with_a_share_of_its_own() -> None:
    """100 unknown who left, 200 of whom half did, 700 who stayed, of 1,000."""
    names = pl.Series([None] * 100 + ["half"] * 200 + ["none"] * 700)
    left = np.array([True] * 200 + [False] * 800)
    assert by_category(names, left) == pytest.approx((1 + (700 + 50) / 800) / 2)


def test_a_category_tells_by_its_share_of_leavers() -> None:
    assert by_category(pl.Series(["went" if left else "stays" for left in LEFT]), LEFT) == 1
    assert by_category(pl.Series([None if left else "known" for left in LEFT]), LEFT) == 1


def test_a_category_of_a_few_customers_each_tells_nothing_of_others() -> None:
    """In the sample, two customers a category would seem to tell nearly all."""
    names = pl.Series([f"dealer {number}" for number in RNG.permutation(CUSTOMERS) // 2])
    assert by_category(names, LEFT) == pytest.approx(0.5, abs=0.03)


def test_the_most_telling_indicator_comes_first() -> None:
    columns = {"noise": RNG.random(CUSTOMERS), "sign": LEFT * 1.0, "dealer": [str(left) for left in LEFT]}
    ranked = alone(pl.DataFrame({"customer_id": [str(number) for number in range(CUSTOMERS)], **columns}), LEFT)
    assert [one.name for one in ranked] == ["dealer", "sign", "noise"]


def test_the_program_fails_where_an_indicator_gives_leavers_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All decide four months before they go, and suspend their number to keep it meanwhile."""
    world = tmp_path / "given_away.toml"
    world.write_text(
        """
        base = "usual"
        [signals]
        keep_number = { value = 1.0, reason = "all" }
        [leaving]
        lead_shares = { value = [0.0, 0.0, 0.0, 0.0, 1.0], reason = "long before" }
        """
    )
    assert main([str(world), "--customers", "2000"]) == 1
    told = capsys.readouterr().out
    assert "NOT PLAUSIBLE" in told
    assert "suspen" in told


def test_the_program_is_content_with_the_usual_world(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usual", "--customers", "6000"]) == 0
    assert "no single indicator reaches 0.75" in capsys.readouterr().out
