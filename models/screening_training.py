"""Screening training: the indicators screened on a month's training months, registered with the evidence for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from features import feature_table
from features.catalogue import Indicator
from features.feature_months import FeatureSet, build_feature_month
from features.months import Month
from models import ModelsError, screening_plots, screening_report
from models.business_list import BusinessList
from models.factors import Factor, find_factors
from models.indicator_month import IndicatorMonth
from models.model_record import DatasetInput, ModelRecord, fingerprint
from models.registry import SCREENING, Registry
from models.screener import Screener
from models.screening import CONSTANT, FILE, REDUNDANT, UNKNOWN, Screening
from models.screening_stability import Stability, stability
from models.training_evidence import as_csv
from models.training_table import Labelling, mature_months

MODEL_CODE = Path(__file__).with_name("screening_model.py")


@dataclass(frozen=True)
class ScreeningTraining:
    """What a screening needs beside its month: `labelling` says which scoring months were mature, `screener` the rules.

    `made_by` says by which commit and lock the program runs; it is noted with the run and decides nothing.
    """

    labelling: Labelling
    screener: Screener
    progress: Callable[[str], None]
    made_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """A screening with what a person judges it by: the factors among the kept, stability over months, the catalogue."""

    screening: Screening
    months: Sequence[IndicatorMonth]
    factors: Sequence[Factor]
    stability: Stability
    catalogue: Sequence[Indicator]
    business: BusinessList
    min_loading: float


@dataclass(frozen=True)
class TrainedScreening:
    """The registered version and the evidence it was registered with."""

    version: int
    evidence: Evidence


def train(work: ScreeningTraining, registry: Registry) -> TrainedScreening:
    """Screen on the scoring months whose labels were mature by the labelling's month, and register as `@challenger`.

    Just those months, though no label is looked at: a model of that month learns from them and from no later one.
    Raises ImmatureLabels when there is none, and ModelsError for a month that is not on hand: a screening as of one
    to come would be the newest for long, and see none of the months until then.
    """
    by = work.labelling
    if by.ledger.known("customers", by.as_of, by.as_of) is None:
        raise ModelsError(
            f"screen: customers of {by.as_of} were not on hand at its close; take a month that was ingested"
        )
    months = mature_months(by)
    told = ", ".join(map(str, months))
    work.progress(f"as of {by.as_of}: screening on {told}")
    evidence = find_evidence(work.screener, by.wanted, months, by.as_of)
    return TrainedScreening(registry.register(_record(work, months, evidence)), evidence)


def find_evidence(screener: Screener, wanted: FeatureSet, months: Sequence[Month], as_of: Month) -> Evidence:
    screening, settings = screener.fit(wanted, months, as_of), screener.settings
    figures = [screener.figures(wanted, month) for month in months]
    catalogue = feature_table.catalogue(wanted.custom)
    angles = {indicator.name: indicator.angle for indicator in catalogue}
    judged = [name for name in screening.kept if name not in screening.not_judged]
    return Evidence(
        screening,
        figures,
        find_factors(figures, judged, angles, settings.max_factors),
        stability(figures, settings, screener.business, screening.kept),
        catalogue,
        screener.business,
        settings.min_loading,
    )


def _record(work: ScreeningTraining, months: Sequence[Month], evidence: Evidence) -> ModelRecord:
    screening, as_of, wanted = evidence.screening, work.labelling.as_of, work.labelling.wanted
    settings = {key: value for key, value in asdict(work.screener.settings).items() if key != "train_on"}
    kinds: dict[str, str] = {indicator.name: indicator.kind for indicator in evidence.catalogue}
    facts = {
        "as_of": str(as_of),
        "scoring_months": list(screening.months),
        "feature_set": wanted.id,
        "custom": [asdict(name) for name in wanted.custom],
        "code": wanted.code,
        "kept": len(screening.kept),
        "not_judged": len(screening.not_judged),
        "dropped": len(screening.dropped),
    }
    report = screening_report.in_markdown(evidence)
    files = {FILE: screening.to_json()}
    return ModelRecord(
        name=SCREENING,
        run_name=f"as-of {as_of}",
        fingerprint=fingerprint({"files": files, "facts": facts, "settings": settings}),
        files=files,
        code=MODEL_CODE,
        signature=kinds,
        output={name: "string" if kinds[name] == "category" else "float" for name in screening.kept},
        facts=facts,
        parameters={**settings, "as_of": str(as_of), "indicators": len(evidence.catalogue)},
        metrics=metrics(evidence),
        tables={
            "stability.json": asdict(evidence.stability),
            "factors.json": [asdict(factor) for factor in evidence.factors],
        },
        texts={"screening.md": report, "indicators.csv": as_csv(screening_report.by_indicator(evidence))},
        pictures=screening_plots.pictures(evidence),
        datasets=_inputs(work, months),
        description=report,
        tags=work.made_by,
        requirements=("mlflow", "pandas"),
    )


def metrics(evidence: Evidence) -> dict[str, float]:
    """Counts of kept, those not judged yet among them, and dropped, and how alike neighbouring months are."""
    screening, likeness = evidence.screening, evidence.stability.mean_jaccard
    reasons = Counter(one.reason for one in screening.dropped)
    return {
        "kept": len(screening.kept),
        "not_judged": len(screening.not_judged),
        "unknown": reasons[UNKNOWN],
        "nearly_constant": reasons[CONSTANT],
        "redundant": reasons[REDUNDANT],
        "factors": len(evidence.factors),
        **({} if likeness is None else {"mean_likeness_of_neighbouring_months": likeness}),
    }


def _inputs(work: ScreeningTraining, months: Sequence[Month]) -> list[DatasetInput]:
    by = work.labelling
    entries = [build_feature_month(by.ledger, month, by.wanted, now=by.now) for month in months]
    return [
        DatasetInput(
            f"{entry.table} {entry.month}",
            entry.content_hash,
            f"tables/{entry.table}/month={entry.month} (version {entry.version})",
        )
        for entry in entries
    ]
