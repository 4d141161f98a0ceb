"""Monitored month: a month's drift, measured, judged, kept as a table, and shown in a report and a verdict file."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from features.durable_files import write_durably
from features.engine import small_table
from features.feature_months import FeatureSet, build_feature_month
from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from models.drift_reference import FILE, DriftReference
from models.registry import Champion
from models.usual_movement import BUCKETS, count_features
from serving import ServingError, customer_scores
from serving.monitoring.month_sample import Sampling, draw_sample
from serving.monitoring.population_drift import PopulationDrift, count_month, measure
from serving.monitoring.verdict import DIGITS, MonitoringSettings, Verdict, judge, row_of, rows_of

TABLE = "monitoring"
LISTS = "warning_lists"
VERDICT, PAGE = "verdict.json", "drift.html"
COLUMNS: dict[str, type] = {
    "indicator": str,
    "kind": str,
    "psi": float,
    "psi_noise": float,
    "wasserstein": float,
    "unknown": float,
    "unknown_before": float,
    "importance": float,
    "state": str,
    "unknown_rose": bool,
    "psi_since_last_month": float,
    "elsewhere_since_last_month": float,
    "usual_psi_of_a_month": float,
    "jumped": bool,
    "model_version": int,
}


@dataclass(frozen=True)
class Monitoring:
    """What monitors a month: its tables, the champion resolved once, whose operator it is, and where files go.

    `wanted` is the champion's own feature set.
    """

    ledger: MonthLedger
    champion: Champion
    wanted: FeatureSet
    operator: str
    folder: Path
    workspace: Path
    settings: MonitoringSettings
    now: dt.datetime

    def reference(self) -> DriftReference:
        """The champion's own reference; a version without one has to be trained again."""
        text = self.champion.files.get(FILE)
        if text is None:
            raise ServingError(
                f"{self.champion.name} version {self.champion.version} was registered without {FILE}, so there is "
                f"nothing to measure drift against; run holdfast train --as-of {self.champion.facts['as_of']} again"
            )
        return DriftReference.from_json(text)

    def folder_of(self, month: Month) -> Path:
        return self.folder / f"month={month}"


@dataclass(frozen=True)
class Inputs:
    """The table months a verdict rests on.

    `learned` is the latest month that the champion learned from, `last` the one before the month itself, None where
    it is not on hand or the champion does not know what is usual. `listed` is None where there is no warning list yet.
    """

    features: Entry
    scores: Entry
    learned: Entry
    last: Entry | None
    listed: int | None


def monitor_month(monitoring: Monitoring, month: Month) -> dict[str, Any]:
    """Measure, judge, and write `verdict.json`, `drift.html`, the snapshot and the month of `monitoring`; the verdict.

    A month whose inputs, champion and settings are as they were is left as it is. The verdict file is written
    last: where it matches its inputs, the rest is there. Raises ServingError when the month was not scored by
    this champion or the champion has no reference.
    """
    reference = monitoring.reference()
    inputs = _inputs(monitoring, month)
    digest = _digest(monitoring, inputs)
    held = _held(monitoring.folder_of(month), digest)
    if held is not None:
        return held
    drift = _measured(monitoring, inputs, reference)
    verdict = judge(drift, monitoring.settings)
    _enter(monitoring, month, verdict, digest)
    _write_report(monitoring, inputs, drift, verdict)
    content = _content(monitoring, inputs, drift, verdict) | {"inputs": _named(monitoring, inputs, digest)}
    text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False)
    write_durably(monitoring.folder_of(month) / VERDICT, text.encode() + b"\n")
    return content


def verdict_of(monitoring: Monitoring, month: Month) -> Verdict:
    """The verdict alone, with nothing written. Raises ServingError as `monitor_month` does."""
    drift = _measured(monitoring, _inputs(monitoring, month), monitoring.reference())
    return judge(drift, monitoring.settings)


def _measured(monitoring: Monitoring, inputs: Inputs, reference: DriftReference) -> PopulationDrift:
    ledger = monitoring.ledger
    counts = count_month(ledger, inputs.features, inputs.scores, reference)
    return measure(counts, reference, count_features(ledger, inputs.last, reference, BUCKETS) if inputs.last else None)


def _inputs(monitoring: Monitoring, month: Month) -> Inputs:
    """The month's features and scores, and the features of the months that they are compared with."""
    champion, ledger = monitoring.champion, monitoring.ledger
    scores = ledger.known(customer_scores.TABLE, month)
    if scores is None or scores.source != f"{champion.name}/{champion.version}":
        by = "not scored" if scores is None else f"scored by {scores.source}"
        raise ServingError(
            f"{month} was {by}, and the champion is {champion.name}/{champion.version}; "
            f"run holdfast score --month {month}"
        )
    listed = ledger.known(LISTS, month)
    latest = Month.parse(champion.facts["scoring_months"][-1])
    comparable = monitoring.reference().usual and month - 1 in ledger.months("customers", month - 1)

    def features(of: Month) -> Entry:
        return build_feature_month(ledger, of, monitoring.wanted, now=monitoring.now)

    return Inputs(
        features(month),
        scores,
        features(latest),
        features(month - 1) if comparable else None,
        None if listed is None else listed.rows,
    )


def _named(monitoring: Monitoring, inputs: Inputs, digest: str) -> dict[str, Any]:
    """What the verdict was made from, each by the hash of its rows or its text."""
    return {
        "digest": digest,
        "features": inputs.features.content_hash,
        "scores": inputs.scores.content_hash,
        "sampled_before": {"month": str(inputs.learned.month), "features": inputs.learned.content_hash},
        "last_month": inputs.last.content_hash if inputs.last else None,
        "reference": hashlib.sha256(monitoring.champion.files[FILE].encode()).hexdigest(),
    }


def _digest(monitoring: Monitoring, inputs: Inputs) -> str:
    """A hash of all that decides the verdict and the report."""
    champion = monitoring.champion
    facts = [
        *(champion.name, champion.version, monitoring.operator, monitoring.wanted.code, inputs.listed),
        *(asdict(monitoring.settings), _named(monitoring, inputs, "")),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _held(folder: Path, digest: str) -> dict[str, Any] | None:
    """The month's verdict, if it was made from the same inputs."""
    file = folder / VERDICT
    if not (file.is_file() and (folder / PAGE).is_file()):
        return None
    verdict: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return verdict if verdict["inputs"]["digest"] == digest else None


def _enter(monitoring: Monitoring, month: Month, verdict: Verdict, digest: str) -> None:
    """Replace the month in the table `monitoring`: one row per indicator, and the score."""
    ledger, champion = monitoring.ledger, monitoring.champion
    held = ledger.known(TABLE, month)
    if held is not None and held.inputs == digest:
        return
    rows = [{**row, "model_version": champion.version} for row in rows_of(verdict)]
    staged = ledger.warehouse.stage_month(TABLE, month, [(0, nw.from_native(small_table(rows, COLUMNS).lazy()))])
    origin = Origin(digest, f"{champion.name}/{champion.version}", monitoring.wanted.code, monitoring.now)
    ledger.enter([staged], origin)


def _write_report(monitoring: Monitoring, inputs: Inputs, drift: PopulationDrift, verdict: Verdict) -> None:
    from serving.monitoring.drift import DriftReport, write_drift_report

    settings, champion, month = monitoring.settings, monitoring.champion, inputs.features.month
    shown = [one.figures.indicator for one in verdict.most_important(settings.top_indicators)]
    sampling = Sampling(monitoring.ledger, champion, monitoring.reference(), shown, settings.sample_rows, settings.seed)
    report = DriftReport(
        monitoring.operator,
        champion.name,
        champion.version,
        month,
        verdict,
        draw_sample(sampling, inputs.learned),
        draw_sample(sampling, inputs.features),
        figures_of(drift, verdict, inputs.listed),
    )
    write_drift_report(report, monitoring.folder_of(month) / PAGE, monitoring.workspace)


def figures_of(drift: PopulationDrift, verdict: Verdict, listed: int | None) -> dict[str, float]:
    """The figures of the dashboard; the list's volume only where there is a list."""
    figures = {
        "drifted share": round(verdict.drifted_share, DIGITS),
        "score drift": round(drift.score.psi, DIGITS),
        "missing values": round(drift.weighted_unknown, DIGITS),
    }
    return figures if listed is None else figures | {"list volume": float(listed)}


def _content(monitoring: Monitoring, inputs: Inputs, drift: PopulationDrift, verdict: Verdict) -> dict[str, Any]:
    champion, settings, reference = monitoring.champion, monitoring.settings, monitoring.reference()
    count = settings.top_indicators
    return {
        "month": str(inputs.features.month),
        "verdict": verdict.overall,
        "retrain": verdict.retrain,
        "advice": verdict.advice,
        "reasons": list(verdict.reasons),
        "figures": figures_of(drift, verdict, inputs.listed) | {"weighted PSI": round(drift.weighted_psi, DIGITS)},
        "score": row_of(verdict.score),
        "most_important": [row_of(one) for one in verdict.most_important(count)],
        "most_drifted": [row_of(one) for one in verdict.most_drifted(count)],
        "states": verdict.states(),
        "model": {"name": champion.name, "version": champion.version, "trained_as_of": champion.facts["as_of"]},
        "measured_against": {
            "scoring_months": list(reference.months),
            "rows": reference.rows,
            "customers": reference.customers,
            "score_rows": reference.score_rows,
        },
        "rows": drift.rows,
        "thresholds": asdict(settings),
    }
