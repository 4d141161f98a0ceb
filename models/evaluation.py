"""Evaluation: how well scores rank and foretell churn, with intervals that know a customer comes back every month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models import ModelsError
from models.calibration import logistic_line, logit

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer[Any]]

METRICS = ("auc", "average_precision", "top_decile_lift", "brier", "calibration_slope", "observed_over_expected")
NOT_ENOUGH, NO_PROBABILITY, UNDEFINED = "not enough data", "not a probability", "not defined on these rows"

_CELLS = (
    500_000  # replicates x rows at a time: fits the processor's cache, and keeps memory flat for any number of rows
)
_DEFINED = 0.95  # below it a 95 % interval of the remaining replicates would hide as much as it leaves out


@dataclass(frozen=True)
class EvaluationSettings:
    """How many bootstrap replicates, from which seed, and how few customers are too few to publish a number."""

    replicates: int = 500
    seed: int = 1
    min_events_to_report: int = 10
    min_customers_to_report: int = 10


@dataclass(frozen=True)
class Scored:
    """Rows scored by several models: outcome, customer code and one score per model, each of shape (n,).

    `customer` is a code or id, the same for the same customer; it is the cluster of the bootstrap. A score with
    values outside 0 to 1 is no probability: it is ranked by, but not judged as a probability. Raises ModelsError
    where lengths differ or a score is missing.
    """

    churned: npt.NDArray[np.bool_]
    customer: npt.NDArray[Any]
    scores: Mapping[str, Floats]

    def __post_init__(self) -> None:
        for name, column in {"customer": self.customer, **self.scores}.items():
            if len(column) != len(self.churned):
                raise ModelsError(
                    f"evaluation: {name} has {len(column)} rows, outcomes {len(self.churned)}; align them"
                )
            if name in self.scores and not np.isfinite(column).all():
                raise ModelsError(f"evaluation: {name} has missing or infinite values; give a score for every row")

    def only(self, rows: npt.NDArray[np.bool_]) -> Scored:
        scores = {name: score[rows] for name, score in self.scores.items()}
        return Scored(self.churned[rows], self.customer[rows], scores)


def evaluate(scored: Scored, model: str, settings: EvaluationSettings) -> dict[str, Any]:
    """Metrics of every score, and the differences `model` minus each other score, with 95 % intervals.

    Plain dicts for JSON: `rows`, `customers`, `events`, `metrics` as {name: {metric: {value, low, high}}} and
    `differences` in the same shape. The value is that of the rows as they are; low and high are percentiles over
    bootstrap replicates that draw whole customers (Efron and Tibshirani, 1993, section 8.3 for dependent rows),
    because the months of one customer are no independent evidence. Every score sees the same draws, so that a
    difference is paired and its interval does not count the luck of the draw twice. A number that cannot be given is
    None, with a `note` that says why; a leaver counts as one event however many rows announce the leaving.
    """
    codes, customer = np.unique(scored.customer, return_inverse=True)
    leavers, stayers = (len(np.unique(customer[rows])) for rows in (scored.churned, ~scored.churned))
    counts = {"rows": len(customer), "customers": len(codes), "events": int(scored.churned.sum())}
    if min(leavers, stayers) < max(settings.min_events_to_report, 1):
        return counts | _silent(scored, model)
    values, draws = _bootstrap(scored, customer, settings)
    return counts | {
        "metrics": {name: _table(scored.scores[name], values[name], draws[name]) for name in scored.scores},
        "differences": {
            name: _table(scored.scores[name], values[model] - values[name], draws[model] - draws[name])
            for name in scored.scores
            if name != model
        },
    }


def evaluate_slices(
    scored: Scored, slices: npt.NDArray[np.str_], model: str, settings: EvaluationSettings
) -> dict[str, dict[str, Any]]:
    """`evaluate` within each value of `slices` (n,): a brand, a tenure band, a month.

    A slice of fewer than `min_customers_to_report` customers shows neither counts nor metrics, which would be
    statements about persons.
    """
    tables = {}
    for name in np.unique(slices):
        rows = scored.only(slices == name)
        small = len(np.unique(rows.customer)) < settings.min_customers_to_report
        hidden = {"rows": None, "customers": None, "events": None} | _silent(rows, model)
        tables[str(name)] = hidden if small else evaluate(rows, model, settings)
    return tables


def _silent(scored: Scored, model: str) -> dict[str, Any]:
    nothing = {metric: _absent(NOT_ENOUGH) for metric in METRICS}
    return {
        "metrics": {name: dict(nothing) for name in scored.scores},
        "differences": {name: dict(nothing) for name in scored.scores if name != model},
    }


def _absent(note: str) -> dict[str, Any]:
    return {"value": None, "low": None, "high": None, "note": note}


def _table(score: Floats, values: Floats, draws: Floats) -> dict[str, Any]:
    reason = UNDEFINED if _is_probability(score) else NO_PROBABILITY
    return {
        metric: _interval(value, drawn) if np.isfinite(value) else _absent(reason)
        for metric, value, drawn in zip(METRICS, values, draws, strict=True)
    }


def _interval(value: float, draws: Floats) -> dict[str, Any]:
    """Replicates in which the metric does not exist (no leaver drawn, say) are left out, unless they are many."""
    defined = draws[np.isfinite(draws)]
    if len(defined) < max(_DEFINED * len(draws), 1):
        return {"value": float(value), "low": None, "high": None, "note": NOT_ENOUGH}
    low, high = np.percentile(defined, [2.5, 97.5])
    return {"value": float(value), "low": float(low), "high": float(high)}


def _is_probability(score: Floats) -> bool:
    return bool(score.min() >= 0 and score.max() <= 1)


def _bootstrap(
    scored: Scored, customer: Integers, settings: EvaluationSettings
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Per score the metrics of the rows as they are (metrics,) and of each replicate (metrics, replicates).

    `customer` (n,) numbers the customers from 0 without gaps.
    """
    customers = int(customer.max()) + 1
    ranked = {name: _rank(score, scored.churned, customer) for name, score in scored.scores.items()}
    once = np.ones((1, customers), dtype=np.int32)
    values = {name: _metrics(rows, once)[:, 0] for name, rows in ranked.items()}
    draws = {name: np.empty((len(METRICS), settings.replicates)) for name in ranked}
    together = max(1, _CELLS // scored.churned.size)
    for first, counts in _drawn_customers(customers, together, settings):
        for name, rows in ranked.items():
            draws[name][:, first : first + len(counts)] = _metrics(rows, counts)
    return values, draws


def _drawn_customers(
    customers: int, together: int, settings: EvaluationSettings
) -> Iterator[tuple[int, npt.NDArray[np.int32]]]:
    """How often each customer is drawn, `together` replicates at a time, with the number of the first of them."""
    generator = np.random.default_rng(settings.seed)
    for first in range(0, settings.replicates, together):
        counts = np.empty((min(together, settings.replicates - first), customers), dtype=np.int32)
        for replicate in counts:
            replicate[:] = np.bincount(generator.integers(customers, size=customers), minlength=customers)
        yield first, counts


@dataclass(frozen=True)
class _Ranked:
    """Rows in the order of one score, highest first, with what every replicate needs of them.

    `edges` are the positions where a group of equal scores begins, and the end; `hits` the positions of leavers, and
    `hit_start`, `hit_end` the edges of their groups. `sums` (3, customers) adds up, per customer, what the metrics of
    probabilities are sums of. `line` is the logistic line of the outcome on the logit, from which replicates start.
    """

    customer: Integers
    churned: Floats
    logits: Floats
    edges: Integers
    hits: Integers
    hit_start: Integers
    hit_end: Integers
    sums: Floats
    line: tuple[float, float]


def _rank(score: Floats, churned: npt.NDArray[np.bool_], customer: Integers) -> _Ranked:
    order = np.argsort(-score, kind="stable")
    score, left, customer = score[order].astype(np.float64), churned[order].astype(np.float64), customer[order]
    edges = np.concatenate([[0], np.flatnonzero(np.diff(score)) + 1, [len(score)]])
    hits = np.flatnonzero(left)
    group = np.searchsorted(edges, hits, side="right")
    logits, line, sums = np.zeros(0), (np.nan, np.nan), np.full((3, int(customer.max()) + 1), np.nan)
    if _is_probability(score):
        logits = logit(score)
        fitted = logistic_line(logits, left, np.ones((1, len(left))), (float(logit(left.mean())), 0.0))[0]
        line = (float(fitted[0]), float(fitted[1]))
        sums = np.stack([np.bincount(customer, summand) for summand in ((score - left) ** 2, left, score)])
    return _Ranked(customer, left, logits, edges, hits, edges[group - 1], edges[group], sums, line)


def _metrics(rows: _Ranked, counts: npt.NDArray[np.int32]) -> Floats:
    """All metrics (metrics, replicates) with each customer's rows counted `counts` (replicates, customers) times."""
    weights = counts[:, rows.customer]
    with np.errstate(divide="ignore", invalid="ignore"):  # a replicate without leavers has no metric: NaN says so
        return np.concatenate([_rank_metrics(rows, weights), _probability_metrics(rows, counts, weights)])


def _rank_metrics(rows: _Ranked, weights: npt.NDArray[np.int32]) -> Floats:
    """AUC, average precision and top-decile lift (3, replicates); only leavers' positions need to be looked at.

    AUC counts pairs of a leaver and a stayer, ties as one half (Mann and Whitney, 1947), in integers and therefore
    exactly. Average precision is the sum over distinct scores of precision times gain in recall, as scikit-learn's.
    """
    seen, found = _running_sum(weights), _running_sum(weights[:, rows.hits])
    at_start, at_end = (np.searchsorted(rows.hits, edge) for edge in (rows.hit_start, rows.hit_end))
    above = seen[:, rows.hit_start] - found[:, at_start]
    until = seen[:, rows.hit_end] - found[:, at_end]
    leavers, everybody = found[:, -1], seen[:, -1]
    stayers = everybody - leavers
    hits = weights[:, rows.hits]
    auc = (hits * (2 * stayers[:, None] - above - until)).sum(axis=1) / (2 * leavers * stayers)
    precision = found[:, at_end] / np.maximum(seen[:, rows.hit_end], 1)
    average_precision = (hits * precision).sum(axis=1) / leavers
    return np.stack([auc, average_precision, _top_decile_lift(rows, seen, found)])


def _running_sum(weights: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    sums = np.zeros((len(weights), weights.shape[1] + 1), dtype=np.int64)
    np.cumsum(weights, axis=1, dtype=np.int64, out=sums[:, 1:])
    return sums


def _top_decile_lift(rows: _Ranked, seen: npt.NDArray[np.int64], found: npt.NDArray[np.int64]) -> Floats:
    """Share of leavers in the tenth with the highest scores over their share in all.

    Where the cut falls into a group of equal scores, the tenth takes from each of them the same fraction: what a
    random order within the group would give on average, and not what the order of the file happens to give.
    """
    tenth = seen[:, -1] / 10
    last = np.array([np.searchsorted(row[1:], cut) for row, cut in zip(seen, tenth, strict=True)])
    group = np.searchsorted(rows.edges, last, side="right")
    start, end, each = rows.edges[group - 1], rows.edges[group], np.arange(len(seen))
    found_above = found[each, np.searchsorted(rows.hits, start)]
    found_until = found[each, np.searchsorted(rows.hits, end)]
    taken = (tenth - seen[each, start]) / (seen[each, end] - seen[each, start])
    return np.asarray((found_above + taken * (found_until - found_above)) / tenth / (found[:, -1] / seen[:, -1]))


def _probability_metrics(rows: _Ranked, counts: npt.NDArray[np.int32], weights: npt.NDArray[np.int32]) -> Floats:
    """Brier score, calibration slope and observed over expected events (3, replicates); NaN for no probability.

    The slope is that of a logistic regression of the outcome on the logit of the probability (Cox, 1958): 1 is right,
    below 1 the high are too high and the low too low, above 1 the model is too timid.
    """
    squares, observed, expected = np.einsum("rc,mc->mr", counts, rows.sums)
    slope = np.full(len(counts), np.nan)
    if len(rows.logits):
        slope = logistic_line(rows.logits, rows.churned, weights, rows.line)[:, 1]
        slope[(observed == 0) | (observed == weights.sum(axis=1))] = np.nan
    return np.stack([squares / weights.sum(axis=1), slope, observed / expected])
