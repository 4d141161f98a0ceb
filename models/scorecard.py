"""Scorecard: the warning signals of decline as a points table, the way a retention team would list them by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Sign:
    """One line of the points table: `points` where the indicator lies from `low` to `high`, both included."""

    indicator: str
    points: int
    meaning: str
    low: float = -math.inf
    high: float = math.inf


# Domain section 3 lists eight warning signals, section 4 adds the collapse of traffic and section 3 the bill of more
# than twice what was expected. Points are set by hand, not fitted: 3 for a step towards leaving that the customer
# takes, 2 for a strong sign, 1 for a weak one. Lines about the same indicator add up.
SIGNS = (
    Sign("event_competitor_begun_3", 3, "called or forwarded calls to a competitor, or uses a second SIM", low=1),
    Sign("event_own_suspension_begun_3", 3, "suspended the number at the customer's own wish", low=1),
    Sign("contact_portability_query_last", 3, "asked how to take the number to another operator", low=1),
    Sign("event_stop_open", 2, "the number is cut off", low=1),
    Sign("suspended", 2, "the number is suspended by the customer record", low=1),
    Sign("event_stop_begun_3", 1, "the number was cut off lately", low=1),
    Sign("bill_amount_ratio_3", 2, "the bill fell to half of the usual", high=0.5),
    Sign("bill_amount_ratio_3", 2, "the bill fell to next to nothing", high=0.1),
    Sign("usage_voice_out_ratio_3", 1, "calls fell to half of the usual", high=0.5),
    Sign("usage_data_ratio_3", 1, "data use fell to half of the usual", high=0.5),
    Sign("days_to_contract_end", 2, "the contract ends within 60 days or ended in the last 30", low=-30, high=60),
    Sign("bill_arrears_last", 1, "a bill is overdue", low=0.01),
    Sign("event_arrears_stop_begun_3", 2, "cut off for an overdue bill", low=1),
    Sign("event_complaint_begun_3", 2, "complained severely", low=1),
    Sign("bill_amount_ratio_6", 1, "the bill is more than twice the usual", low=2),
    Sign("contract_bill_vs_expected", 2, "the bill is more than twice the expected", low=2),
    Sign("tenure_months", 1, "not yet half a year on net", high=5),
)


def points(matrix: npt.NDArray[np.float32], names: list[str]) -> npt.NDArray[np.float64]:
    """Points per row (n,) of a matrix whose columns are `names`; an unknown or missing indicator gives none."""
    total = np.zeros(len(matrix))
    for sign in SIGNS:
        if sign.indicator in names:
            value = matrix[:, names.index(sign.indicator)]
            total += sign.points * ((value >= sign.low) & (value <= sign.high))
    return total
