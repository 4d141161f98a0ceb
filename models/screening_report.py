"""Screening report: what was dropped and why, what stands for it, and how steady that is, for a reviewer in MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from features.catalogue import Indicator
from models.indicator_month import mean_known
from models.markdown_tables import table
from models.screening import CONSTANT, DECIDED, REDUNDANT, UNKNOWN, Screening, least_commonest

if TYPE_CHECKING:
    from models.screening_stability import Stability
    from models.screening_training import Evidence

DERIVED = ("ratio", "share")
"""Units of the indicators that are derived by dividing, such as a part's share of the bill, or a change of such."""
SHOWN_BY_FACTOR = 8
PURPOSE = """\
For: what a model learns from. Not for: deciding what is collected; what says nothing about the months above may say
much about the next."""


def in_markdown(evidence: Evidence) -> str:
    """The whole report; every indicator's verdict stands in indicators.csv."""
    screening = evidence.screening
    lines = [
        f"# Indicators screened as of {screening.as_of}",
        "",
        _summary(evidence),
        "",
        PURPOSE,
        "",
        *_section("Not judged yet", _not_judged(evidence)),
        *_section("Known of nobody", _unknown(evidence)),
        *_section("Nearly constant", _constant(evidence)),
        *_section("Redundant, and who stands for them", _redundant(evidence)),
        *_section("Factors among the kept", _factors(evidence)),
        *_section("Derived ratios and shares", _derived(evidence)),
        *_section("Stability over the months", _stability(evidence)),
        *_section("The business list", _business(evidence)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _summary(evidence: Evidence) -> str:
    screening = evidence.screening
    waiting = len(screening.not_judged)
    return (
        f"{len(screening.kept)} of {len(evidence.catalogue)} indicators are kept, {waiting} of them because no month "
        f"can tell of them yet. {_looked_at(screening)}, and no later month. An indicator is dropped for what was so "
        "in every month that can tell of it."
    )


def _looked_at(screening: Screening) -> str:
    least = f"{min(screening.customers):,} customers"
    if len(screening.months) == 1:
        return f"Looked at was the scoring month {screening.months[0]}, {least} of it"
    return f"Looked at were the scoring months {screening.months[0]} to {screening.months[-1]}, {least} or more of each"


def _section(title: str, lines: Iterator[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""]


def _not_judged(evidence: Evidence) -> Iterator[str]:
    """By the months that they look at, because these say when they can be judged."""
    waiting = set(evidence.screening.not_judged)
    yield (
        f"{len(waiting)} indicators, of which a table was not on hand over their whole window at the close of any "
        "month. They are kept: left out, they would stay out unnoticed when the window fills."
    )
    for window in sorted({one.window for one in evidence.catalogue}):
        names = [one.name for one in evidence.catalogue if one.name in waiting and one.window == window]
        looks = "one month" if window == 1 else f"{window} months"
        yield from ["", f"Of {looks}: {', '.join(names)}."] if names else []


def _unknown(evidence: Evidence) -> Iterator[str]:
    names = [one.name for one in evidence.screening.dropped if one.reason == UNKNOWN]
    yield f"{len(names)} indicators are known of nobody, or of fewer than ten, though their tables were on hand."
    yield from ["", f"{', '.join(names)}."] if names else []


def _constant(evidence: Evidence) -> Iterator[str]:
    dropped = [one for one in evidence.screening.dropped if one.reason == CONSTANT]
    same = [one.name for one in dropped if one.commonest_share == 1]
    rows = [[one.name, one.commonest_share] for one in dropped if one.commonest_share < 1]
    bound = evidence.screening.thresholds["max_commonest_share"]
    yield f"{len(dropped)} indicators, from a share of {bound:g} with the same value; unknown counts as a value."
    yield from ["", *table(["indicator", "share of the commonest value"], rows)] if rows else []
    yield from ["", f"The same for all, or for all but fewer than ten: {', '.join(same)}."] if same else []


def _redundant(evidence: Evidence) -> Iterator[str]:
    screening = evidence.screening
    bound = screening.thresholds["max_correlation"]
    dropped = sum(one.reason == REDUNDANT for one in screening.dropped)
    yield (
        f"{dropped} indicators: numbers whose ranks correlate to {bound:g} or more with a kept one and that are known "
        f"of the same customers; categories, where each of the two decides the other for {DECIDED:.1%} of the "
        "customers. The business list says which one is kept; where it is silent, the one known of most."
    )
    rows = [
        [name, ", ".join(f"{one.name} ({one.correlation:+.3f})" for one in stood_for)]
        for name in screening.kept
        if (stood_for := screening.represented_by(name))
    ]
    head = ["kept", "stands for (correlation, or share decided, in the month where it is weakest)"]
    yield from ["", *table(head, rows)] if rows else []


def _factors(evidence: Evidence) -> Iterator[str]:
    yield (
        f"Factor analysis with varimax rotation of the kept numbers' rank correlations, named by the angle and the "
        f"indicator that load most; shown are loadings of {evidence.min_loading:g} or more either way."
    )
    yield ""
    rows = []
    for factor in evidence.factors:
        strong = list(factor.loads(evidence.min_loading).items())
        told = [f"{name} ({loading:+.2f})" for name, loading in strong[:SHOWN_BY_FACTOR]]
        more = [f"and {len(strong) - SHOWN_BY_FACTOR} more"] if len(strong) > SHOWN_BY_FACTOR else []
        rows.append([factor.name, f"{factor.share:.1%}", ", ".join(told + more)])
    yield from table(["factor", "variance explained", "loads on it"], rows) if rows else ["There is none."]


def _derived(evidence: Evidence) -> Iterator[str]:
    known = known_shares(evidence)
    derived = [indicator for indicator in evidence.catalogue if is_derived(indicator)]
    delivered = [indicator for indicator in derived if known[indicator.name] > 0]
    dropped = {one.name: one.reason for one in evidence.screening.dropped}
    kept = sum(indicator.name not in dropped for indicator in derived)
    yield (
        f"{len(derived)} indicators are ratios or shares, or changes of a share. {kept} of them are kept; "
        f"{len(delivered)} are known of anybody, and these are:"
    )
    rows = [[one.name, one.meaning, dropped.get(one.name, "kept")] for one in delivered]
    yield from ["", *table(["indicator", "meaning", ""], rows)] if rows else []


def _stability(evidence: Evidence) -> Iterator[str]:
    found = evidence.stability
    yield (
        "What each month alone would keep of the indicators that it can tell of. Likeness is Jaccard's: kept in both "
        "over kept in either, among those of which both can tell. The result keeps more than a single month, because "
        f"it drops for nothing that one month contradicts. {_whole_from(found)}"
    )
    yield ""
    yield from table(list(found.months[0]), [list(month.values()) for month in found.months])
    if len(found.months) == 1:
        return
    counts = {name: (kept, found.months_judged[name]) for name, kept in found.months_kept.items()}
    wavering = [f"{name} ({kept} of {judged})" for name, (kept, judged) in counts.items() if 0 < kept < judged]
    yield from ["", f"Kept in some only of the months that can tell, and in how many: {', '.join(wavering) or 'none'}."]


def _whole_from(found: Stability) -> str:
    """What a reader has to know before taking a low figure of an early month for wavering."""
    if found.whole_from is None:
        return "No month can tell of all that another one can."
    ever = sum(count > 0 for count in found.months_judged.values())
    return f"The first month that can tell of all {ever} that any can tell of is {found.whole_from}."


def _business(evidence: Evidence) -> Iterator[str]:
    business, names = evidence.business, {indicator.name for indicator in evidence.catalogue}
    rare = [name for name in business.keep if name in _rare(evidence)]
    yield f"{len(business.prefer)} names are preferred in their order; {len(business.keep)} are kept though rare."
    yield from ["", f"Kept only because it says so: {', '.join(rare)}."] if rare else []
    unknown = [name for name in dict.fromkeys([*business.prefer, *business.keep]) if name not in names]
    yield from ["", f"No indicator has the name: {', '.join(unknown)}."] if unknown else []


def _rare(evidence: Evidence) -> set[str]:
    """Kept indicators that hardly vary."""
    shares = least_commonest(evidence.months)
    bound, kept = evidence.screening.thresholds["max_commonest_share"], set(evidence.screening.kept)
    return {name for name, share in zip(evidence.months[0].names, shares, strict=True) if share >= bound} & kept


def is_derived(indicator: Indicator) -> bool:
    return indicator.unit in DERIVED


def by_indicator(evidence: Evidence) -> list[dict[str, Any]]:
    """One row per indicator of the catalogue with its verdict and the figures behind it."""
    screening, found = evidence.screening, evidence.stability
    dropped = {one.name: one for one in screening.dropped}
    known = known_shares(evidence)
    rows = []
    for indicator in evidence.catalogue:
        one = dropped.get(indicator.name)
        loads = [factor.name for factor in evidence.factors if indicator.name in factor.loads(evidence.min_loading)]
        rows.append(
            {
                "indicator": indicator.name,
                "angle": indicator.angle,
                "meaning": indicator.meaning,
                "verdict": _verdict(screening, indicator.name),
                "represented by": one.represented_by if one else "",
                "correlation": one.correlation if one else None,
                "known share": known[indicator.name],
                "months that can tell": found.months_judged[indicator.name],
                "kept in months": found.months_kept[indicator.name],
                "loads on": "; ".join(loads),
                "derived": "yes" if is_derived(indicator) else "",
                "business list": "; ".join(_listed(evidence, indicator.name)),
            }
        )
    return rows


def _verdict(screening: Screening, name: str) -> str:
    if name in screening.not_judged:
        return "kept, not judged yet"
    return next((one.reason for one in screening.dropped if one.name == name), "kept")


def _listed(evidence: Evidence, name: str) -> Iterator[str]:
    yield from ["preferred"] if name in evidence.business.prefer else []
    yield from ["kept though rare"] if name in evidence.business.keep else []


def known_shares(evidence: Evidence) -> dict[str, float]:
    """Of how many customers each indicator is known, on average over the months that can tell."""
    shares = mean_known(evidence.months)
    return {name: round(float(share), 4) for name, share in zip(evidence.months[0].names, shares, strict=True)}
