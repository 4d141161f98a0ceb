"""Segment indicators: which three-month means tell a brand's customers apart, and how they are made comparable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.segments import LARGEST_UNKNOWN_SHARE, Axis, BrandSegments, Floats, numbers, transform

if TYPE_CHECKING:
    import pyarrow as pa

TAILS = (0.01, 0.99)
"""Winsorised at these quantiles: one bill of a thousand must not pull a centroid."""
COMMONEST = 0.95
"""An indicator with the same value for more of a brand hardly varies (domain section 5, screening a)."""
MOST_ALIKE = 0.9
"""Of two indicators that correlate more than this the earlier listed one speaks for both (section 5, screening b)."""


@dataclass(frozen=True)
class Candidate:
    """An indicator that may tell customers apart, with the word a retention manager has for it.

    It stands in for `unless` where that is not delivered: minutes and charge of one service would count it twice.
    """

    column: str
    word: str
    log: bool = False
    unless: str = ""


# Business judgement comes first, as in domain section 5: one measure per service in its natural unit, and derived
# ratios for what it is used for (screening c). The bill leads, because segments are numbered by it.
CANDIDATES = (
    Candidate("bill_amount_mean_3", "bill", log=True),
    Candidate("usage_voice_out_mean_3", "voice", log=True),
    Candidate("usage_data_mean_3", "data", log=True),
    Candidate("usage_sms_mean_3", "SMS", log=True),
    Candidate("usage_voice_in_mean_3", "incoming voice", log=True),
    Candidate("usage_long_distance_share_3", "long distance"),
    Candidate("usage_international_share_3", "international"),
    Candidate("usage_roaming_share_3", "roaming"),
    Candidate("usage_off_net_share_3", "off-net"),
    Candidate("bill_plan_fee_share_3", "plan fee share"),
    Candidate("bill_overage_share_3", "overage"),
    Candidate("bill_long_distance_share_3", "long-distance charge", unless="usage_long_distance_share_3"),
    Candidate("bill_roaming_share_3", "roaming charge", unless="usage_roaming_share_3"),
    Candidate("bill_data_fee_share_3", "data charge"),
    Candidate("bill_information_share_3", "content"),
    Candidate("bill_discount_share_3", "discount"),
    Candidate("bill_recharge_amount_mean_3", "recharge", log=True),
    Candidate("bill_recharge_count_mean_3", "recharge count", log=True),
    Candidate("bill_balance_mean_3", "balance", log=True),
    Candidate("bill_arrears_mean_3", "arrears", log=True),
    Candidate("event_stop_begun_3", "stops", log=True),
    Candidate("tenure_months", "tenure", log=True),
)
WORDS = {candidate.column: candidate.word for candidate in CANDIDATES}

# A change against the month before and a slope over three months are both known only where all three months are.
PROOFS = tuple(
    (f"{measure}_change_1", f"{measure}_slope_3") for measure in ("bill_amount", "usage_voice_out", "usage_data")
)


def proof_columns(rows: pa.Table) -> tuple[str, ...]:
    """The indicators that prove three known months, of the first measure that this operator delivers."""
    for proof in PROOFS:
        if all(rows.column(column).null_count < rows.num_rows for column in proof):
            return proof
    return ()


def learn_axes(rows: pa.Table) -> tuple[Axis, ...]:
    """The candidates that are known for at least half of these customers, vary, and are not told by an earlier one."""
    axes: list[Axis] = []
    kept: list[Floats] = []
    for candidate in CANDIDATES:
        values = numbers(rows, candidate.column)
        axis = _axis(candidate, values)
        if axis is None or candidate.unless in {held.column for held in axes}:
            continue
        coordinates = axis.of(values)
        if not any(_alike(coordinates, other) for other in kept):
            axes.append(axis)
            kept.append(coordinates)
    return tuple(axes)


def _axis(candidate: Candidate, values: Floats) -> Axis | None:
    """Median and standard deviation of the winsorised values; None where they tell nothing.

    The deviation of winsorised values is robust like a quartile range, but is not zero where most customers have
    none of it, as with roaming.
    """
    known = values[~np.isnan(values)]
    if len(known) < (1 - LARGEST_UNKNOWN_SHARE) * len(values) or not len(known):
        return None
    if np.unique(known, return_counts=True)[1].max() > COMMONEST * len(known):
        return None
    low, high = (float(bound) for bound in np.quantile(known, TAILS))
    transformed = transform(np.clip(known, low, high), log=candidate.log)
    centre, spread = float(np.median(transformed)), float(transformed.std())
    return Axis(candidate.column, candidate.log, low, high, centre, spread) if spread > 0 else None


def _alike(one: Floats, other: Floats) -> bool:
    return bool(abs(np.corrcoef(one, other)[0, 1]) > MOST_ALIKE)


def contrasts(group: BrandSegments, matrix: Floats, places: np.ndarray) -> Floats:
    """By how many standard deviations of the brand each segment's mean lies off the brand's; (segments, axes)."""
    spread = np.where(matrix.std(axis=0) > 0, matrix.std(axis=0), 1.0)
    means = [matrix[places == number].mean(axis=0) for number in range(len(group.centroids))]
    return np.asarray((np.array(means).reshape(len(means), len(group.axes)) - matrix.mean(axis=0)) / spread)


FEWEST_WORDS, MOST_WORDS, STANDS_OUT = 2, 4, 0.5


def labels_of(axes: Sequence[Axis], contrast: Floats) -> tuple[str, ...]:
    """What sets each segment apart, strongest first: `high data, low voice`; more words where two would be alike."""
    if len(contrast) == 1:
        return ("the whole brand",)
    for words in range(FEWEST_WORDS, MOST_WORDS + 1):
        labels = tuple(_label(axes, row, words) for row in contrast)
        if len(set(labels)) == len(labels):
            break
    return labels


def _label(axes: Sequence[Axis], contrast: Floats, words: int) -> str:
    strongest = sorted(range(len(axes)), key=lambda place: -abs(contrast[place]))[:words]
    said = [place for place in strongest if abs(contrast[place]) >= STANDS_OUT]
    return ", ".join(f"{'high' if contrast[p] > 0 else 'low'} {WORDS[axes[p].column]}" for p in said) or "average"
