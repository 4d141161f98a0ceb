"""The holdout is drawn by chance alone, once per person, inside the slots, and its share and capacity fit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from features.month_ledger import MonthLedger
from features.months import Month
from serving.allocation import CampaignSettings, allocated
from serving.campaign_ledger import record
from serving.holdout import still_withheld, with_arms, withheld
from tests.made_operator import deliver, ledger_in, made_months
from tests.serving.made_campaign import member

SETTINGS = CampaignSettings(hall_capacity=40, holdout_share=0.2)


def slots(halls: dict[str, int], seed: int = 1) -> pl.DataFrame:
    """So many candidates of each hall, with something at stake that is known of each."""
    rng = np.random.default_rng(seed)
    names = [hall for hall, size in halls.items() for _ in range(size)]
    return pl.DataFrame(
        {
            "customer_id": [f"customer-{number:05}" for number in range(len(names))],
            "hall": names,
            "value_at_risk": rng.lognormal(3, 1, len(names)),
            "probability": rng.uniform(0, 0.3, len(names)),
        }
    )


def arms(
    rows: pl.DataFrame, campaign: str = "spring", key: bytes | None = b"key", settings: CampaignSettings = SETTINGS
) -> pl.DataFrame:
    return with_arms(nw.from_native(rows, eager_only=True), campaign, key, settings).to_native()  # type: ignore[no-any-return]


def withheld_of(drawn: pl.DataFrame) -> set[str]:
    return set(drawn.filter(pl.col("arm") == "withheld")["customer_id"])


def test_the_same_draw_comes_out_again_whatever_order_the_customers_come_in():
    rows = slots({"North": 30, "South": 31})
    assert withheld_of(arms(rows)) == withheld_of(arms(rows.reverse()))


def test_another_campaign_seed_or_key_withholds_others():
    rows = slots({"North": 200})
    drawn = [
        withheld_of(arms(rows)),
        withheld_of(arms(rows, campaign="autumn")),
        withheld_of(arms(rows, key=None)),
        withheld_of(arms(rows, settings=CampaignSettings(holdout_share=0.2, seed=12))),
    ]
    assert len({frozenset(found) for found in drawn}) == 4


@pytest.mark.parametrize("share", [0.1, 0.2, 0.29, 1 / 3, 0.5])
def test_every_halls_share_is_off_by_less_than_one_person_and_so_is_that_of_all(share: float):
    sizes = {f"hall {number}": 1 + 7 * number % 23 for number in range(40)}
    drawn = arms(slots(sizes), settings=CampaignSettings(holdout_share=share))
    found = Counter(drawn.filter(pl.col("arm") == "withheld")["hall"])
    share = round(share, 4)
    assert all(abs(found[hall] - share * size) < 1 for hall, size in sizes.items())
    assert abs(sum(found.values()) - share * drawn.height) < 1


@pytest.mark.parametrize(("capacity", "share"), [(40, 0.2), (41, 0.2), (71, 0.29), (1, 0.5), (13, 0.07)])
def test_who_is_treated_fits_the_capacity_of_every_hall(capacity: int, share: float):
    settings = CampaignSettings(hall_capacity=capacity, holdout_share=share)
    candidates = nw.from_native(slots({f"hall {number}": 150 for number in range(7)}), eager_only=True)
    chosen = allocated(candidates, settings.slots).to_native()
    treated = Counter(arms(chosen, settings=settings).filter(pl.col("arm") == "treated")["hall"])
    assert max(treated.values()) <= capacity
    assert min(treated.values()) >= capacity - 1


def test_everybody_is_withheld_with_the_same_chance_however_small_the_hall():
    rows = slots({"one": 1, "three": 3, "ten": 10})
    times = Counter[str]()
    for number in range(2_000):
        times.update(withheld_of(arms(rows, campaign=f"campaign-{number}")))
    chances = np.array([times[customer] / 2_000 for customer in rows["customer_id"]])
    assert chances == pytest.approx([0.2] * 14, abs=4 * np.sqrt(0.2 * 0.8 / 2_000))


def test_the_arms_are_alike_before_anybody_is_treated():
    """Over many draws the standardised difference of what was known has the mean and spread of a fair draw."""
    rows = slots({f"hall {number}": 50 for number in range(8)})
    value = np.log(rows["value_at_risk"].to_numpy())
    found = []
    for number in range(300):
        drawn = arms(rows, campaign=f"campaign-{number}").join(rows.select("customer_id"), on="customer_id")
        at = drawn["customer_id"].str.slice(9).cast(pl.Int64).to_numpy()
        is_treated = (drawn["arm"] == "treated").to_numpy()
        found.append((value[at[is_treated]].mean() - value[at[~is_treated]].mean()) / value.std())
    fair = np.sqrt(1 / 320 + 1 / 80)
    assert abs(np.mean(found)) < 3.5 * fair / np.sqrt(300)
    assert np.std(found) == pytest.approx(fair, rel=0.15)


def test_the_withheld_were_as_good_a_choice_as_the_treated():
    """The holdout comes after the same ranking and cut: both arms together are the slots, and nobody else is in one."""
    candidates = slots({"North": 200, "South": 45})
    chosen = allocated(nw.from_native(candidates, eager_only=True), SETTINGS.slots).to_native()
    drawn = arms(chosen)
    best = candidates.sort("value_at_risk", descending=True).group_by("hall").head(SETTINGS.slots)
    assert set(drawn["customer_id"]) == set(best["customer_id"])
    ranks = drawn.filter((pl.col("arm") == "withheld") & (pl.col("hall") == "North"))["rank"]
    assert ranks.len() == 10
    assert 15 < ranks.mean() < 36  # type: ignore[operator]


def test_a_campaign_withholds_from_its_month_until_the_month_that_completes_its_outcome(tmp_path: Path):
    ledger: MonthLedger = ledger_in(tmp_path)
    record(
        ledger.warehouse,
        [
            member("ann", arm="withheld", month="2025-03", readout_month="2025-06"),
            member("bob", arm="treated", month="2025-03", readout_month="2025-06"),
        ],
    )
    found = {str(month): withheld(ledger, month).to_pydict() for month in (Month(2025, m) for m in range(2, 8))}
    assert found == {
        "2025-02": {"customer_id": []},
        "2025-03": {"customer_id": ["ann"]},
        "2025-04": {"customer_id": ["ann"]},
        "2025-05": {"customer_id": ["ann"]},
        "2025-06": {"customer_id": []},
        "2025-07": {"customer_id": []},
    }


def test_somebody_stays_withheld_until_the_data_complete_the_outcome_whatever_month_the_campaign_is_of(tmp_path: Path):
    ledger = ledger_in(tmp_path)
    months = {"month": "2025-03", "readout_month": "2025-06"}
    record(ledger.warehouse, [member("ann", arm="withheld", **months), member("bob", arm="treated", **months)])
    found = [still_withheld(ledger).to_pydict()["customer_id"]]
    for month in range(5, 7):
        deliver(ledger, made_months(customers=4, months=6), months=[f"2025-0{month}"])
        found.append(still_withheld(ledger).to_pydict()["customer_id"])
    assert found == [["ann"], ["ann"], []]


def test_without_a_campaign_nobody_is_withheld(tmp_path: Path):
    assert withheld(ledger_in(tmp_path), Month(2025, 3)).num_rows == 0
