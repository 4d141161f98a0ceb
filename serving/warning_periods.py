"""Warning periods: whether a customer is healthy, resembles later leavers, or already shows the signs of leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

HEALTHY, PRE_WARNING, ALERT = "healthy", "pre-warning", "alert"
PERIODS = (HEALTHY, PRE_WARNING, ALERT)
HAPPENED = ("event_competitor_begun_3", "event_own_suspension_begun_3", "event_own_suspension_open")
"""A sign when above zero: a competitor's line called, calls forwarded to it or a second SIM; a stop at own wish."""
BILL = "bill_amount_ratio_3"
TRAFFIC = ("usage_voice_out_ratio_3", "usage_data_ratio_3")
COLUMNS = (*HAPPENED, BILL, *TRAFFIC)

Floats = NDArray[np.float64]
Numbers = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class WarningSettings:
    """Where the warning periods begin.

    `pre_warning_lift`: how many times the usual share of leavers the probability has to reach. `collapse`: bill or
    traffic of the latest month, as a share of the two months before, at which it counts as collapsed.
    """

    pre_warning_lift: float = 2.0
    collapse: float = 0.3


def periods(rows: pa.Table, probability: Floats, leavers: float, settings: WarningSettings) -> pa.Array:
    """The period of each row: `healthy`, `pre-warning` or `alert`.

    Four warning periods of the trade (健康期、预警期、告警期、流失期; the fourth, churned, is not scored): alert = the
    signs are already there, pre-warning = none yet, but the behaviour of later leavers. `leavers` is the usual share
    of leavers. Signs alone would alarm about healthy customers too, since who calls a competitor once is common, so
    an alert also takes a probability of at least that share. What is unknown is no sign.
    """
    import pyarrow as pa

    signs = _signs(rows, settings.collapse) & (probability >= leavers)
    resembling = probability >= settings.pre_warning_lift * leavers
    codes = np.where(signs, 2, resembling.astype(np.int8))
    return pa.array(PERIODS, pa.large_string()).take(pa.array(codes))


def _signs(rows: pa.Table, collapse: float) -> Flags:
    happened = [_numbers(rows, column) > 0 for column in HAPPENED]
    bill = _numbers(rows, BILL) <= collapse
    signs: Flags = np.logical_or.reduce([*happened, bill, _traffic_collapsed(rows, collapse)])
    return signs


def _traffic_collapsed(rows: pa.Table, collapse: float) -> Flags:
    """Calls as well as data, as far as known: who only moves from one to the other has not left."""
    ratios = np.stack([_numbers(rows, column) for column in TRAFFIC])
    unknown = np.isnan(ratios)
    collapsed: Flags = np.logical_and.reduce(unknown | (ratios <= collapse)) & ~np.logical_and.reduce(unknown)
    return collapsed


def _numbers(rows: pa.Table, column: str) -> Numbers:
    """A column's values, NaN where unknown: it is never above or below anything."""
    values: Numbers = rows.column(column).to_numpy().astype(np.float32)
    return values
