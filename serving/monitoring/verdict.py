"""Verdict: whether a month has drifted, which indicators did, and whether to train again, with the reasons in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from serving.monitoring.population_drift import IndicatorDrift, PopulationDrift

State = Literal["stable", "watch", "drifted", "not enough data"]
Overall = Literal["ok", "watch", "drifted", "not enough data"]
MOVED: frozenset[State] = frozenset({"watch", "drifted"})
DRIFTED: frozenset[State] = frozenset({"drifted"})
NAMED = 3
DIGITS = 6


@dataclass(frozen=True)
class MonitoringSettings:
    """When a month counts as drifted, and what the drift report shows; reasons in docs/decisions.md, 20.

    `significance` is the chance that a month in which nothing moved flags any indicator at all. `jump_share` is the
    share of customers who have to stand in another cell than a month before for an indicator to have jumped; it
    counts as moved or jumped only from `usual_times` its usual PSI between months on. `watch_share` and `drift_share`
    are shares of importance. `sample_rows` rows of `top_indicators` go into the drift report.
    """

    psi_watch: float = 0.1
    psi_drift: float = 0.25
    jump_share: float = 0.12
    usual_times: float = 10.0
    unknown_rise: float = 0.05
    watch_share: float = 0.2
    drift_share: float = 0.5
    significance: float = 0.01
    sample_rows: int = 5_000
    top_indicators: int = 20
    seed: int = 7


@dataclass(frozen=True)
class Judged:
    """One column's figures with its verdict; `psi_noise` is what its PSI may reach by chance alone.

    `jumped` says whether it moved since the month before by far more than it usually does and chance can.
    """

    figures: IndicatorDrift
    psi_noise: float
    state: State
    unknown_rose: bool
    jumped: bool = False


@dataclass(frozen=True)
class Verdict:
    """The month's verdict: overall, what to do and why, and every column's own verdict."""

    overall: Overall
    retrain: bool
    advice: str
    reasons: tuple[str, ...]
    drifted_share: float
    score: Judged
    indicators: tuple[Judged, ...]

    def states(self) -> dict[str, int]:
        """How many indicators are in each state."""
        return dict(sorted(Counter(one.state for one in self.indicators).items()))

    def most_important(self, count: int) -> list[Judged]:
        """The indicators that matter most to the model, drifted or not."""
        return sorted(self.indicators, key=lambda one: (-one.figures.importance, one.figures.indicator))[:count]

    def most_drifted(self, count: int) -> list[Judged]:
        """Those of the model's indicators with the most drift by importance."""
        used = [one for one in self.indicators if one.figures.importance > 0]
        return sorted(used, key=lambda one: (-one.figures.psi * one.figures.importance, one.figures.indicator))[:count]


def judge(drift: PopulationDrift, settings: MonitoringSettings) -> Verdict:
    """Flag columns whose PSI passes its threshold and what chance can do, then weigh them by importance."""
    tests = len(drift.indicators) + 1
    indicators = tuple(_judged(one, tests, settings) for one in drift.indicators)
    score = _judged(drift.score, tests, settings)
    share = _share(indicators, DRIFTED)
    overall = _overall(score, indicators, settings)
    reasons = tuple(_reasons(overall, score, indicators, settings))
    gone_missing = _share([one for one in indicators if one.unknown_rose], MOVED) > _share(indicators, MOVED) / 2
    retrain = overall == "drifted" and not gone_missing
    advice = _advice(overall, retrain=retrain, jumped=any(one.jumped for one in indicators))
    return Verdict(overall, retrain, advice, reasons, share, score, indicators)


def _judged(one: IndicatorDrift, tests: int, settings: MonitoringSettings) -> Judged:
    noise = _by_chance(one.noise_unit, one.freedom, tests, settings)
    rose = one.unknown - one.unknown_before > settings.unknown_rise and one.psi > noise
    return Judged(one, noise, _state(one, noise, settings), rose, _jumped(one, tests, settings))


def _by_chance(unit: float, freedom: int, tests: int, settings: MonitoringSettings) -> float:
    from scipy.stats import chi2

    return unit * float(chi2.isf(settings.significance / tests, freedom))


def _state(one: IndicatorDrift, noise: float, settings: MonitoringSettings) -> State:
    """`not enough data` where chance alone may pass the upper threshold and all that is seen may be chance.

    What is beyond chance and the threshold has drifted, however few the customers; but no indicator has that is as
    far from its reference as neighbouring months are from each other.
    """
    usual = settings.usual_times * one.jump.usual if one.jump else 0.0
    if one.psi > max(noise, settings.psi_drift, usual):
        return "drifted"
    if noise > settings.psi_drift:
        return "not enough data"
    return "watch" if one.psi > max(noise, settings.psi_watch, usual) else "stable"


def _jumped(one: IndicatorDrift, tests: int, settings: MonitoringSettings) -> bool:
    """By how many customers moved, too: of an indicator known for few, one enterprise that moves is a large PSI."""
    if one.jump is None or one.jump.moved.elsewhere < settings.jump_share:
        return False
    moved = one.jump.moved
    noise = _by_chance(moved.noise_unit, moved.freedom, tests, settings)
    return moved.psi > max(noise, settings.usual_times * one.jump.usual)


def _share(indicators: Sequence[Judged], states: frozenset[State]) -> float:
    """Importance of the indicators in these states; the model's importance adds up to 1."""
    return sum(one.figures.importance for one in indicators if one.state in states)


def _overall(score: Judged, indicators: Sequence[Judged], settings: MonitoringSettings) -> Overall:
    """By shares of importance, not by the mean PSI: one indicator with a PSI of 3 would outweigh all others in that.

    One indicator alone has the month watched only where it moved because more of it is unknown, for a delivery may lack
    it, or where it jumped since the month before, whatever the model makes of it: what changes between two months as
    it never does is a delivery in other units, a tariff, a season, and the next model may well make something of it.
    Where chance alone may pass the upper threshold, the score decides only if indicators moved with it: of few
    customers the reference's scores are out of fold, and these models are not quite the one that scores the month.
    """
    drifted, moved = _share(indicators, DRIFTED), _share(indicators, MOVED)
    too_few = score.psi_noise > settings.psi_drift
    borne_out = not too_few or moved >= settings.watch_share
    if drifted >= settings.drift_share or (score.state == "drifted" and borne_out):
        return "drifted"
    if too_few:
        return "not enough data"
    rose = any(one.unknown_rose and one.state in MOVED and one.figures.importance > 0 for one in indicators)
    jumped = any(one.jumped for one in indicators)
    return "watch" if score.state == "watch" or moved >= settings.watch_share or rose or jumped else "ok"


def _reasons(overall: Overall, score: Judged, indicators: Sequence[Judged], settings: MonitoringSettings) -> list[str]:
    """In words, the score first, then the indicators by their weight in the model."""
    too_few = "not enough data" in (overall, score.state)
    reasons = [_of_score(score, too_few, settings)]
    moved = [one for one in _by_importance(indicators) if one.state in MOVED]
    if moved:
        share = _share(moved, MOVED)
        named = ", ".join(f"{one.figures.indicator} (PSI {one.figures.psi:.2f})" for one in moved[:NAMED])
        reasons.append(
            f"{len(moved)} of {len(indicators)} indicators moved, with {share:.0%} of the model's importance: {named}"
            + (", ..." if len(moved) > NAMED else "")
        )
    elif not too_few:
        reasons.append("no indicator moved")
    rose = [one for one in _by_importance(indicators) if one.unknown_rose]
    return [*reasons, *_of_jumps(indicators)] + [
        f"{one.figures.indicator} is unknown for {one.figures.unknown:.0%} instead of {one.figures.unknown_before:.0%}"
        for one in rose[:NAMED]
    ]


def _of_jumps(indicators: Sequence[Judged]) -> list[str]:
    """Those that jumped in a line, the farthest first."""
    jumps = [(one.figures.indicator, one.figures.jump) for one in indicators if one.jumped and one.figures.jump]
    far = sorted(jumps, key=lambda jump: (-jump[1].moved.psi, jump[0]))
    if not far:
        return []
    named = ", ".join(
        f"{name} (PSI {jump.moved.psi:.2f}, usually up to {jump.usual:.2f})" for name, jump in far[:NAMED]
    )
    more = ", ..." if len(far) > NAMED else ""
    return [f"{len(far)} of {len(indicators)} indicators jumped since the month before: {named}{more}"]


def _of_score(score: Judged, too_few: bool, settings: MonitoringSettings) -> str:
    if too_few:
        by_chance = f"by chance alone the score's PSI may reach {score.psi_noise:.2f}, above {settings.psi_drift:g}"
        return f"{by_chance}: too few customers in the month or in the model's reference to tell"
    return f"the score is {score.state}: PSI {score.figures.psi:.3f} (by chance up to {score.psi_noise:.3f})"


def _by_importance(indicators: Sequence[Judged]) -> list[Judged]:
    return sorted(indicators, key=lambda one: (-one.figures.importance, one.figures.indicator))


def _advice(overall: Overall, *, retrain: bool, jumped: bool) -> str:
    if overall == "drifted" and not retrain:
        return (
            "do not train again yet: values that used to be known are missing; look at the extract and its rejects, "
            "deliver the month again, then monitor it again"
        )
    if overall == "watch" and jumped:
        return (
            "no need to train yet; find out what changed with this month: a column in other units is delivered again, "
            "a season passes, and after a new tariff or channel train once its months have labels"
        )
    return {
        "drifted": "train again as of the latest month, and compare the new version with the champion",
        "watch": "no need to train yet; look at the indicators named, and train if the next month shows the same",
        "ok": "no need to train",
        "not enough data": "nothing can be said from so few customers; judge the model by a back-test instead",
    }[overall]


def rows_of(verdict: Verdict) -> list[dict[str, Any]]:
    """Every column's figures as rows, the score first, then indicators in name order."""
    return [row_of(one) for one in (verdict.score, *verdict.indicators)]


def row_of(one: Judged) -> dict[str, Any]:
    """One column's figures, rounded to six digits."""
    figures, jump = one.figures, one.figures.jump
    return {
        "indicator": figures.indicator,
        "kind": figures.kind,
        "psi": round(figures.psi, DIGITS),
        "psi_noise": round(one.psi_noise, DIGITS),
        "wasserstein": None if figures.wasserstein is None else round(figures.wasserstein, DIGITS),
        "unknown": round(figures.unknown, DIGITS),
        "unknown_before": round(figures.unknown_before, DIGITS),
        "importance": round(figures.importance, DIGITS),
        "state": one.state,
        "unknown_rose": one.unknown_rose,
        "psi_since_last_month": None if jump is None else round(jump.moved.psi, DIGITS),
        "elsewhere_since_last_month": None if jump is None else round(jump.moved.elsewhere, DIGITS),
        "usual_psi_of_a_month": None if jump is None else round(jump.usual, DIGITS),
        "jumped": one.jumped,
    }
