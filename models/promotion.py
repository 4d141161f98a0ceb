"""Promotion: the gate that decides whether a challenger becomes champion, from figures and never from hope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Figure = Mapping[str, Any]


@dataclass(frozen=True)
class PromotionSettings:
    """What a challenger has to show (reasons in docs/decisions.md).

    `gate`: `enabled` decides and promotes; `dry_run` decides, records and moves nothing; `disabled` promotes every
    training. `test_months` is on how many of the latest mature months the recipe is tested. Below `min_events`
    leavers nothing is measured. The AUC's lower 95 % bound has to reach `min_auc`; calibration slope and observed
    over expected fail where their whole interval lies outside their range. Against the champion, the paired
    difference in AUC may not lie below minus `tolerance` with its lower bound.
    """

    gate: Literal["disabled", "dry_run", "enabled"] = "enabled"
    test_months: int = 1
    min_events: int = 20
    min_auc: float = 0.6
    min_calibration_slope: float = 0.5
    max_calibration_slope: float = 2.0
    min_observed_over_expected: float = 0.5
    max_observed_over_expected: float = 2.0
    tolerance: float = 0.01


@dataclass(frozen=True)
class Evidence:
    """What the gate looks at.

    `test`: `events`, `months` and the recipe's out-of-time figures by metric, or a `note` why there are none.
    `champion`: None when there is none; else its `version`, and `events`, `months` and the paired `differences`
    (challenger's recipe minus champion) by metric on months whose labels the champion never saw, or a `note` why
    it cannot be compared.
    """

    test: Mapping[str, Any]
    champion: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger should be champion, why, and each threshold with what was measured."""

    promote: bool
    reason: str
    checks: tuple[dict[str, Any], ...] = field(default=())


def judge_challenger(evidence: Evidence, rules: PromotionSettings) -> Verdict:
    """The gate's verdict.

    A threshold that is measured and violated holds the challenger. With a champion it also has to be shown to be
    no worse (non-inferiority: the lower bound of the paired difference, as in CONSORT's extension of 2012), so that
    too few leavers hold it. Without one there is nothing to protect: what cannot be measured is noted.
    """
    checks = tuple(_absolute(evidence.test, rules))
    violated = [check["says"] for check in checks if check["passed"] is False]
    if violated:
        return Verdict(False, "; ".join(violated), checks)
    unmeasured = [check["says"] for check in checks if check["passed"] is None]
    noted = f" ({'; '.join(dict.fromkeys(unmeasured))})" if unmeasured else ""
    if evidence.champion is None:
        return Verdict(True, f"there was no champion{noted}", checks)
    promote, reason = _against_champion(evidence.champion, rules)
    return Verdict(promote, reason + noted, checks)


def _absolute(test: Mapping[str, Any], rules: PromotionSettings) -> Iterator[dict[str, Any]]:
    reason = test.get("note") or _too_few(test["events"], rules)
    low, high = rules.min_calibration_slope, rules.max_calibration_slope
    least, most = rules.min_observed_over_expected, rules.max_observed_over_expected
    for metric, bounds in {
        "auc": (rules.min_auc, None),
        "calibration_slope": (low, high),
        "observed_over_expected": (least, most),
    }.items():
        figure = {} if reason else test[metric]
        why = reason or ("" if figure.get("low") is not None else f"{metric} has no interval: {figure.get('note', '')}")
        passed = None if why else _within(figure, *bounds)
        yield {
            "metric": metric,
            "bounds": bounds,
            "figure": dict(figure),
            "passed": passed,
            "says": f"not measured: {why}" if why else f"{metric} {_told(figure)}, wanted {_wanted(bounds)}",
        }


def _within(figure: Figure, low: float, high: float | None) -> bool:
    """AUC has to be shown to be good enough; a range is violated only where the whole interval lies outside it."""
    if high is None:
        return bool(figure["low"] >= low)
    return bool(figure["high"] >= low and figure["low"] <= high)


def _wanted(bounds: tuple[float, float | None]) -> str:
    low, high = bounds
    return f"a lower bound of {low:g} or more" if high is None else f"an interval that meets {low:g} to {high:g}"


def _against_champion(champion: Mapping[str, Any], rules: PromotionSettings) -> tuple[bool, str]:
    against = f"champion version {champion['version']}"
    reason = champion.get("note") or _too_few(champion["events"], rules)
    if reason:
        return False, f"not enough data to compare with {against}: {reason}"
    gain = champion["differences"]["auc"]
    if gain.get("low") is None:
        return False, f"not enough data to compare with {against}: {gain.get('note', 'no interval')}"
    told = f"AUC minus that of {against} on {', '.join(champion['months'])}: {_told(gain, signed=True)}"
    if gain["low"] >= -rules.tolerance:
        better = "better" if gain["low"] > 0 else f"no worse by more than {rules.tolerance:g}"
        return True, f"{better}; {told}"
    if gain["high"] < 0:
        return False, f"worse; {told}"
    return False, f"not shown to be no worse by {rules.tolerance:g}; {told}"


def _too_few(events: int, rules: PromotionSettings) -> str:
    return f"{events} leavers, fewer than {rules.min_events}" if events < rules.min_events else ""


def _told(figure: Figure, *, signed: bool = False) -> str:
    form = "+.3f" if signed else ".3f"
    return f"{figure['value']:{form}} ({figure['low']:{form}} to {figure['high']:{form}})"


def as_json(evidence: Evidence, verdict: Verdict, rules: PromotionSettings) -> dict[str, Any]:
    """All that the verdict rests on, for the ledger and the run."""
    return {"rules": asdict(rules), "verdict": asdict(verdict), **asdict(evidence)}
