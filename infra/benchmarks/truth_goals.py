"""Truth goals: how near a score comes to the reference booster, and whether its probabilities hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.calibration import expit, logistic_line, logit

Floats: TypeAlias = NDArray[np.float64]

GINI_SHARE = 0.97
CALIBRATED = (0.9, 1.1)
NO_SIGNAL = 1e-3
"""Standard deviation of the true probability below which it tells nobody apart."""
TARGETING_GAIN = 0.05
"""Above nought because the very likeliest to leave cannot be kept by a factor alone: hazards end at a half."""
LINKED = 0.01
"""Of those who join where nobody comes back: about no links."""
NORMAL_95 = 1.959964
HOLDFAST, BARE, REFERENCE, TRUTH = "holdfast", "bare LightGBM", "reference booster", "true probability"


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Judged:
    """One world's rows: who left, of which brand, and each engine's score; a customer is in one row only."""

    churned: NDArray[np.bool_]
    brand: NDArray[Any]
    scores: Mapping[str, Floats]


def aucs(judged: Judged) -> dict[str, Figure]:
    """The area under the ROC curve of every score."""
    areas, covariance = _delong(judged)
    spread = NORMAL_95 * np.sqrt(np.diag(covariance))
    return {name: Figure(*_around(area, half)) for name, area, half in zip(judged.scores, areas, spread, strict=True)}


def gini_share(judged: Judged) -> Figure:
    """Holdfast's Gini (2 AUC - 1) as a share of the reference booster's, by the delta method on their covariance."""
    areas, covariance = _delong(judged)
    names = list(judged.scores)
    mine, other = names.index(HOLDFAST), names.index(REFERENCE)
    gini, reference = 2 * areas[mine] - 1, 2 * areas[other] - 1
    share, slope = gini / reference, np.zeros(len(names))
    slope[mine], slope[other] = 2 / reference, -2 * gini / reference**2
    return Figure(*_around(share, NORMAL_95 * float(np.sqrt(slope @ covariance @ slope))))


def calibration_slope(judged: Judged) -> Figure:
    """Cox's slope (1958) of the outcome on the logit of Holdfast's probability; 1 is right."""
    scores = logit(judged.scores[HOLDFAST])
    line = logistic_line(scores, judged.churned.astype(float), np.ones((1, len(scores))), (0.0, 1.0))[0]
    chances = expit(line[0] + line[1] * scores)
    weights = chances * (1 - chances)
    information = np.array([[weights.sum(), weights @ scores], [weights @ scores, weights @ scores**2]])
    return Figure(*_around(float(line[1]), NORMAL_95 * float(np.sqrt(np.linalg.inv(information)[1, 1]))))


def observed_over_expected(judged: Judged) -> dict[str, Figure]:
    """Leavers over the sum of Holdfast's probabilities: overall, in the top decile, and per brand."""
    probability = judged.scores[HOLDFAST]
    top = probability >= np.quantile(probability, 0.9)
    groups = {"overall": np.ones(len(top), bool), "top decile": top}
    groups |= {str(brand): judged.brand == brand for brand in np.unique(judged.brand)}
    return {name: _ratio(judged.churned[rows], probability[rows]) for name, rows in groups.items()}


def _ratio(churned: NDArray[np.bool_], probability: Floats) -> Figure:
    """The interval is that of a sum of independent events with these very probabilities."""
    expected = float(probability.sum())
    half = NORMAL_95 * float(np.sqrt((probability * (1 - probability)).sum())) / expected
    return Figure(*_around(float(churned.sum()) / expected, half))


def goals(judged: Judged) -> dict[str, tuple[Figure, bool]]:
    """Each goal's figure, and whether the value meets it; where the truth itself foretells nothing, nothing must be."""
    if judged.scores[TRUTH].std() < NO_SIGNAL:
        return _null_goals(judged)
    low, high = CALIBRATED
    share, slope = gini_share(judged), calibration_slope(judged)
    ratios = {f"O/E {name}": figure for name, figure in observed_over_expected(judged).items()}
    return {
        "Gini share": (share, share.value >= GINI_SHARE),
        "calibration slope": (slope, low <= slope.value <= high),
        **{name: (figure, low <= figure.value <= high) for name, figure in ratios.items()},
    }


def _null_goals(judged: Judged) -> dict[str, tuple[Figure, bool]]:
    """AUC of 0.5 within its interval, and as many leavers as expected."""
    area, (low, high) = aucs(judged)[HOLDFAST], CALIBRATED
    overall = observed_over_expected(judged)["overall"]
    return {
        "AUC is 0.5": (area, area.low <= 0.5 <= area.high),
        "O/E overall": (overall, low <= overall.value <= high),
    }


def campaign_goals(claimed: Figure, true: float) -> dict[str, tuple[Figure, bool]]:
    """What a campaign is claimed to have kept holds what its contacts truly kept: nought where they do nothing."""
    return {"claim holds the truth": (claimed, claimed.low <= true <= claimed.high)}


@dataclass(frozen=True)
class TrueEffect:
    """What contacts truly did: the mean of what they kept, and what a fifth chosen by effect or by risk would keep."""

    kept: float
    by_effect: float
    by_risk: float

    @property
    def gain(self) -> float:
        """How much more a fifth chosen by effect would keep than one chosen by risk; 0 where nobody is kept."""
        return self.by_effect / self.by_risk - 1 if self.by_risk else 0.0


def targeting_goals(true: TrueEffect) -> dict[str, tuple[Figure, bool]]:
    """Where contacts do the same to all, who knew each one's effect would keep hardly more than who knows the risk."""
    figure = Figure(true.gain, true.gain, true.gain)
    return {"gain of choosing by effect": (figure, true.gain <= TARGETING_GAIN)}


def link_goals(linked: Figure) -> dict[str, tuple[Figure, bool]]:
    """Where nobody comes back, hardly anybody who joins may look like somebody who is gone."""
    return {"joiners linked": (linked, linked.value <= LINKED)}


def _delong(judged: Judged) -> tuple[Floats, Floats]:
    """Areas and their covariance (DeLong, DeLong and Clarke-Pearson, 1988), by ranks (Sun and Xu, 2014)."""
    from scipy.stats import rankdata

    left, stayed = judged.churned, ~judged.churned
    leavers, stayers = int(left.sum()), int(stayed.sum())
    of_leavers, of_stayers, areas = [], [], []
    for score in judged.scores.values():
        everybody = rankdata(score)
        above = (everybody[left] - rankdata(score[left])) / stayers
        below = 1 - (everybody[stayed] - rankdata(score[stayed])) / leavers
        areas.append(above.mean())
        of_leavers.append(above)
        of_stayers.append(below)
    covariance = np.atleast_2d(np.cov(of_leavers)) / leavers + np.atleast_2d(np.cov(of_stayers)) / stayers
    return np.array(areas), covariance


def _around(value: float, half: float) -> tuple[float, float, float]:
    return value, value - half, value + half
