"""Leaving: why and when the small operator's subscribers decide to go, and how they then go."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from infra.simulator.subscribers import AREAS_PER_PREFECTURE, PREFECTURES, Array, days_in

CAUSES = ("none seen", "bill shock", "poor service", "contract expiry", "competitor's offer", "arrears")
SILENT, CLOSED, PORTED, FORCED = range(4)
"""Ways to go: card left unused, notice given, number taken along, closed for arrears."""
MONTHS_KEPT = 2
"""For how many months after its closing a number stays on the books."""

_BASE_HAZARD = np.array([0.0035, 0.010, 0.012])
"""Monthly, by brand, of a subscriber with nothing to complain of."""
_LEAD_SHARE = (0.1, 0.2, 0.35, 0.35)
"""Chances of nought to three months between deciding and going."""
_OFFER = PREFECTURES.index("Southlake"), range(3, 9)
"""Where, and in which months counted from the first one sent, a competitor's offer draws people away."""


def decide(who: Array, month: np.datetime64, step: int, rng: Generator) -> None:
    """Let some decide to go, by a hazard that rests on what happened up to the month before.

    Between deciding and going they fade, each at a pace of their own.
    """
    size, pull = len(who), _pull(who, month, step)
    months_on_net = (month - who["activated"].astype("M8[M]")).astype(int)
    of_tenure = np.select([months_on_net < 7, months_on_net > 48], [2.2, 0.5], 1.0)
    swayed = np.where(month <= who["swayed_until"], who["sway"], 0)
    who["hazard"] = np.minimum(_BASE_HAZARD[who["brand"]] * of_tenure * np.exp(pull.sum(axis=1) + swayed), 0.5)
    free = np.isnat(who["leaves"]) & (months_on_net > 0)
    now = free & (rng.random(size) < who["hazard"])
    # Who pays in advance may just let the card lie; who gets a bill has to give notice.
    lies = who["prepaid"] & (rng.random(size) < 0.8)
    decision = {
        "decided": np.full(size, month),
        "leaves": month + rng.choice(len(_LEAD_SHARE), size, p=_LEAD_SHARE),
        "fading": rng.uniform(0.35, 1.0, size),
        "exit": np.where(lies, SILENT, rng.choice([CLOSED, PORTED], size)),
        "cause": np.where(pull.max(axis=1) > 0.3, 1 + pull.argmax(axis=1), 0),
    }
    for field, value in decision.items():
        who[field][now] = value[now]


def _pull(who: Array, month: np.datetime64, step: int) -> Array:
    """What speaks for going, in logarithms of a factor on the hazard: a column per cause, in the order of CAUSES."""
    months_left = (who["contract_end"].astype("M8[M]") - month).astype(float)
    months_left[np.isnat(who["contract_end"])] = -np.inf
    contract = np.select([months_left > 0, months_left > -3], [-1.4, 1.7], 0.0)
    prefecture, offer_months = _OFFER
    lured = (who["area"] // AREAS_PER_PREFECTURE == prefecture) & (step in offer_months)
    return np.column_stack((who["bill_grievance"], who["service_grievance"], contract, 1.1 * lured))


def close(who: Array, month: np.datetime64, rng: Generator) -> None:
    """Close the numbers of those who give notice this month, and of those silent for three months."""
    noticed = who["leaves"] + np.where(who["exit"] == SILENT, 3, 0)
    due = (noticed == month) & np.isnat(who["closed_on"])
    who["closed_on"][due] = days_in(month, len(who), rng)[due]


def close_for_arrears(who: Array, due: Array, month: np.datetime64, day: np.datetime64) -> None:
    """Close numbers against their holders' will; one who had decided to go anyway is overtaken by it."""
    for field, value in (("closed_on", day), ("leaves", month), ("exit", FORCED), ("cause", CAUSES.index("arrears"))):
        who[field][due] = value


def still_kept(who: Array, month: np.datetime64) -> Array:
    """Those not closed, or closed so lately that the operator still shows them."""
    kept: Array = who[~(who["closed_on"].astype("M8[M]") + MONTHS_KEPT < month)]
    return kept


def silent(who: Array, month: np.datetime64) -> Array:
    """Who has gone without a word: no use and no bill any more."""
    gone: Array = (who["exit"] == SILENT) & (who["leaves"] <= month)
    return gone


def going(who: Array, month: np.datetime64) -> Array:
    """Who has decided and is still there."""
    still_there: Array = (who["decided"] <= month) & (who["leaves"] > month)
    return still_there


def fading(who: Array, month: np.datetime64) -> Array:
    """What is left of the usual use, as a factor: 1 for all who have not decided to go."""
    months = np.where(np.isnat(who["decided"]), 0, (month - who["decided"]).astype(int) + 1)
    return who["fading"] ** months
