"""Allocation: which candidates get one of a hall's slots, decided by what is at stake and blind to the arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw

from serving import ServingError

PARTS = 10_000
"""Shares are counted in ten-thousandths, in whole numbers, so that no rounding error moves a customer."""
Rows = nw.DataFrame[Any]


@dataclass(frozen=True)
class CampaignSettings:
    """How large a campaign is, how much of it is withheld, and over which window it is read.

    `hall_capacity`: tasks that a hall works in a campaign. `holdout_share`: how much of
    the allocated is withheld. `horizon`: one of the source's churn horizons, in months; 0 takes its longest.
    `plans_file`: the care plans that are offered; empty for the shipped ones.
    """

    hall_capacity: int = 40
    holdout_share: float = 0.2
    horizon: int = 0
    seed: int = 11
    plans_file: str = ""

    @property
    def withheld_parts(self) -> int:
        """The holdout's share in ten-thousandths."""
        return round(self.holdout_share * PARTS)

    @property
    def slots(self) -> int:
        """Slots of a hall: its capacity, and room for those who will be withheld, who cost no capacity."""
        return self.hall_capacity * PARTS // (PARTS - self.withheld_parts)

    def check(self) -> None:
        """Refuse a campaign that could prove nothing or reach nobody."""
        if not 0 < self.withheld_parts < PARTS:
            raise ServingError(
                f"holdout share {self.holdout_share} leaves nobody to compare with; set [campaign] holdout_share "
                f"between 0 and 1, for example 0.2"
            )
        if self.hall_capacity < 1:
            raise ServingError(f"hall capacity {self.hall_capacity} is not positive; set [campaign] hall_capacity")


def allocated(candidates: Rows, slots: int) -> Rows:
    """The `slots` candidates of each hall with most at stake, and their `rank` in it, from 1.

    Ranked by value at risk, unknown ones last; then by probability and, so that it is never open, by id. Giving
    the best of some customers together with the rest gives the same as giving all at once, so a population can
    be gone through part by part.
    """
    ranked = candidates.sort(
        "hall", "value_at_risk", "probability", "customer_id", descending=[False, True, True, False], nulls_last=True
    )
    return ranked.with_columns(rank=nw.col("customer_id").cum_count().over("hall").cast(nw.Int64)).filter(
        nw.col("rank") <= slots
    )
