"""Calibration: a score becomes the share of such customers who leave, by a line on the logit with two parameters."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models import ModelsError

Floats = npt.NDArray[np.float64]

CLIP = 1e-6
"""Probabilities are kept this far from 0 and 1: beyond it a logit says more about rounding than about a customer,
and one such row could turn the whole line."""

_STEPS = 50  # from a far start Newton needs about ten; a line that still moves after fifty runs to infinity
_CONVERGED = 1e-7  # Newton squares its error: after a last step of 1e-7 the line is exact to about 1e-14
_SINGULAR = 1e-12


@dataclass(frozen=True)
class Calibrator:
    """P(churn) = 1 / (1 + exp(-(intercept + slope * score))), with slope >= 0, so that no ranking is ever reversed."""

    intercept: float
    slope: float

    def apply(self, probabilities: npt.ArrayLike) -> Floats:
        """Calibrate probabilities, shape (n,); the partner of `fit`."""
        return self.apply_margin(logit(probabilities))

    def apply_margin(self, margins: npt.ArrayLike) -> Floats:
        """Calibrate scores on any scale, shape (n,); the partner of `fit_margin`."""
        return expit(self.intercept + self.slope * np.asarray(margins, dtype=np.float64))

    def to_json(self) -> str:
        """One JSON object; Python writes the shortest text that reads back as the same float, so nothing is lost."""
        return json.dumps({"intercept": self.intercept, "slope": self.slope})

    @classmethod
    def from_json(cls, text: str) -> Calibrator:
        """Read what `to_json` wrote; raises ModelsError for anything else."""
        try:
            fields = json.loads(text)
            line = cls(float(fields["intercept"]), float(fields["slope"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise ModelsError("calibrator: the text is not a calibrator; train the model again") from problem
        if not (math.isfinite(line.intercept) and math.isfinite(line.slope) and line.slope >= 0):
            raise ModelsError(f"calibrator: {line} is not a rising line of finite numbers; train the model again")
        return line


def fit(probabilities: npt.ArrayLike, churned: npt.ArrayLike) -> Calibrator:
    """The line that turns uncalibrated probabilities into shares of leavers; rows must not have trained the model.

    On the logit of the probability, intercept 0 and slope 1 leave it as it is, so a model that is already
    calibrated keeps its probabilities, which a line on the probability itself (Platt's own scores were SVM
    margins) would bend.
    """
    return fit_margin(logit(probabilities), churned)


def fit_margin(margins: npt.ArrayLike, churned: npt.ArrayLike) -> Calibrator:
    """The same for a score on any scale, higher meaning more at risk: points, a ratio, a raw tree sum.

    Platt, "Probabilistic outputs for support vector machines" (1999): logistic regression on the score, with
    targets (P + 1) / (P + 2) for the P leavers and 1 / (N + 2) for the N others instead of 1 and 0. With few
    events this keeps the line finite even where the score separates the rows perfectly; with many it changes
    nothing, and the expected number of events stays within one of the observed.

    Where the fitted slope is not positive, or does not exist because the score is constant or nobody left, the
    score carries no signal here: everybody gets the smoothed share of leavers (slope 0). A negative slope would
    turn the ranking round on the evidence of noise, and a tiny positive one would pretend a ranking that was not seen.
    """
    scores, targets = np.asarray(margins, dtype=np.float64), _platt_targets(np.asarray(churned, dtype=bool))
    if scores.shape != targets.shape or not len(scores) or not np.isfinite(scores).all():
        raise ModelsError(
            f"calibration: {scores.size} scores for {targets.size} outcomes, or a score that is no finite number; "
            "give one finite score per outcome, and at least one"
        )
    share = float(logit(targets.mean()))
    centre, spread = float(scores.mean()), float(scores.std())
    if spread <= _SINGULAR * abs(centre):  # a constant, up to rounding
        return Calibrator(share, 0.0)
    standard = (scores - centre) / spread  # so that the line converges alike on every scale
    intercept, slope = logistic_line(standard, targets, np.ones((1, len(scores))), (share, 0.0))[0]
    if not slope > 0:
        return Calibrator(share, 0.0)
    return Calibrator(float(intercept - slope * centre / spread), float(slope / spread))


def _platt_targets(churned: npt.NDArray[np.bool_]) -> Floats:
    leavers = int(churned.sum())
    return np.where(churned, (leavers + 1) / (leavers + 2), 1 / (churned.size - leavers + 2))


def logit(probabilities: npt.ArrayLike) -> Floats:
    clipped = np.clip(np.asarray(probabilities, dtype=np.float64), CLIP, 1 - CLIP)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)


def expit(margins: Floats) -> Floats:
    with np.errstate(over="ignore"):  # exp of a large number is inf, and 1 / (1 + inf) the right answer
        return np.asarray(1 / (1 + np.exp(-margins)), dtype=np.float64)


def logistic_line(
    scores: Floats, targets: Floats, weights: npt.NDArray[np.int32] | Floats, start: tuple[float, float]
) -> Floats:
    """Weighted logistic regression of targets (n,) on one score (n,) for each row of weights (r, n): intercept, slope.

    Shape (r, 2); NaN where no finite line exists (separated rows, a constant score, no event). Newton's method
    for all rows of weights at once. The loss is convex, so a step has gone too far exactly when the loss at its end
    rises as steeply as it fell at its start; then half of it is taken back.
    """
    lines = np.tile(np.asarray(start, dtype=np.float64), (len(weights), 1))
    steps, falls = np.zeros_like(lines), np.full(len(lines), np.inf)
    moving = np.arange(len(lines))
    for _ in range(_STEPS):
        gradient, newton = _newton_steps(lines[moving], scores, targets, weights[moving])
        too_far = (gradient * steps[moving]).sum(axis=1) > falls[moving]
        falls[moving] = np.where(too_far, falls[moving] / 2, -(gradient * newton).sum(axis=1))
        steps[moving] = np.where(too_far[:, None], steps[moving] / 2, newton)
        lines[moving] += np.where(too_far[:, None], -1, 1) * steps[moving]
        moving = moving[too_far | ~(np.abs(steps[moving]).max(axis=1) <= _CONVERGED)]
        moving = moving[np.isfinite(lines[moving]).all(axis=1)]
        if not len(moving):
            return lines
    lines[moving] = np.nan
    return lines


def _newton_steps(
    lines: Floats, scores: Floats, targets: Floats, weights: npt.NDArray[np.int32] | Floats
) -> tuple[Floats, Floats]:
    """Gradient of the loss and the step to its minimum, both (r, 2); einsum and not BLAS, whose sums follow threads."""
    chances = expit(lines[:, :1] + lines[:, 1:] * scores)
    errors = weights * (chances - targets)
    spread = weights * (chances * (1 - chances))
    gradient = np.stack([errors.sum(axis=1), np.einsum("rn,n->r", errors, scores)], axis=1)
    flat, mixed = spread.sum(axis=1), np.einsum("rn,n->r", spread, scores)
    steep = np.einsum("rn,n->r", spread, scores * scores)
    determinant = flat * steep - mixed * mixed
    determinant = np.where(determinant > _SINGULAR * flat * steep, determinant, np.nan)
    step = np.stack(
        [mixed * gradient[:, 1] - steep * gradient[:, 0], mixed * gradient[:, 0] - flat * gradient[:, 1]], axis=1
    )
    return gradient, np.asarray(step / determinant[:, None], dtype=np.float64)
