from __future__ import annotations

import numpy as np
import pytest

from infra.simulator.chance import Dice, chance_of

IDS = np.arange(100_000)


def test_luck_rests_on_who_when_and_what_for_alone() -> None:
    all_of_them = Dice(IDS, 7, "2025-03").uniform("fault")
    some = np.array([5, 99_999, 17])
    assert Dice(IDS[some], 7, "2025-03").uniform("fault").tolist() == all_of_them[some].tolist()
    assert Dice(IDS, 7, "2025-03").of(some).uniform("fault").tolist() == all_of_them[some].tolist()
    assert Dice(IDS, 7, "2025-03").of(IDS % 2 == 1).uniform("fault")[0] == all_of_them[1]


@pytest.mark.parametrize(
    "other", [Dice(IDS, 8, "2025-03"), Dice(IDS, 7, "2025-04")], ids=["another seed", "another month"]
)
def test_luck_of_another_time_or_seed_tells_nothing(other: Dice) -> None:
    told = np.corrcoef(Dice(IDS, 7, "2025-03").uniform("fault"), other.uniform("fault"))[0, 1]
    assert abs(told) < 0.015


def test_uniform_numbers_are_uniform_and_never_at_an_end() -> None:
    drawn = Dice(IDS, 7, "2025-03").uniform("fault")
    counts = np.histogram(drawn, 20, (0, 1))[0]
    # Chi-square with 19 degrees of freedom is above 45 once in a thousand times.
    assert float(((counts - 5_000) ** 2 / 5_000).sum()) < 45
    assert 0 < drawn.min() < drawn.max() < 1


def test_counts_have_mean_and_spread_of_their_rate() -> None:
    counts = Dice(IDS, 7, "2025-03").count("calls", np.full(len(IDS), 1.5))
    assert abs(counts.mean() - 1.5) < 0.02
    assert abs(counts.var() - 1.5) < 0.04


def test_choices_follow_their_shares() -> None:
    chosen = np.bincount(Dice(IDS, 7, "2025-03").choice("channel", (1, 2, 1)))
    assert np.abs(chosen / len(IDS) - [0.25, 0.5, 0.25]).max() < 0.01


def test_one_chance_of_what_is_no_person() -> None:
    assert chance_of(1, "offer", 3) == chance_of(1, "offer", 3) != chance_of(1, "offer", 4)
