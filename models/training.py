"""Training: a churn model as of a month, tested on the latest months it could have been tested on, and registered."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from features.feature_months import FeatureSet, build_feature_month
from features.months import Month
from models import (
    ModelsError,
    champion_changes,
    churn,
    contribution_summary,
    drift_reference,
    training_evidence,
    usual_movement,
)
from models.backtest import MODEL, Backtest, JudgedRows, NothingJudged, judge, training_table
from models.champion_comparison import CHALLENGER, CHAMPION, compare, incomparable
from models.churn import ChurnModel
from models.evaluation import METRICS
from models.look_back import whole_months
from models.model_card import model_card
from models.model_record import ModelRecord, fingerprint
from models.promotion import Evidence, PromotionSettings, as_json, judge_challenger
from models.promotion_ledger import Decision, PromotionLedger, Proposal
from models.registry import CHURN, Champion, Registry, churn_champion
from models.screener import Screened
from models.screening import FILE as SCREENING_FILE
from models.small_cells import without_small_cells
from models.training_table import TrainingTable, usable_months

MODEL_CODE = Path(__file__).with_name("churn_model.py")


@dataclass(frozen=True)
class Training:
    """What a training needs beside its month: tables and settings, registry, the gate's rules, and what is noted.

    `list_size` is how many customers a list names, for who would move between lists. `made_by` says by which
    commit and lock the program runs; it is noted with the run and decides nothing.
    """

    test: Backtest
    registry: Registry
    rules: PromotionSettings = field(default_factory=PromotionSettings)
    list_size: int = 1_000
    made_by: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """The registered version, the model itself, what it learned from and how the same recipe did before.

    `decision` is the promotion ledger's row about it, `champion` the version that is champion by now, 0 for none.
    """

    version: int
    model: ChurnModel
    learned_from: dict[str, Any]
    test: dict[str, Any]
    decision: Decision
    champion: int


@dataclass(frozen=True)
class _Fitted:
    """The model with its rows, its screening if any, its test with the rows behind it, and the champion by then."""

    model: ChurnModel
    unseen: churn.Floats
    table: TrainingTable
    wanted: FeatureSet
    as_of: Month
    screened: Screened | None
    facts: dict[str, Any]
    report: dict[str, Any]
    judged: JudgedRows | None
    champion: Champion | None


def train(training: Training, as_of: Month, horizon: int) -> Trained:
    """Fit on every scoring month mature by `as_of`, test the recipe, register the model and let the gate decide.

    The test is the same recipe one origin earlier: a model trained as of the latest mature scoring month,
    judged on that month. So the shipped model can use the freshest labels, and the test stays out of time.
    """
    test = training.test
    if test.ledger.known("customers", as_of, as_of) is None:
        raise ModelsError(f"train: customers of {as_of} were not on hand at its close; take a month that was ingested")
    fitted = _fitted(training, as_of, horizon)
    changes = _changes(training, fitted)
    evidence = Evidence(_test_figures(fitted), _against(fitted, changes))
    verdict = judge_challenger(evidence, training.rules)
    told = as_json(evidence, verdict, training.rules)
    record = _record(training, fitted, changes, told)
    test.progress("registering the model with its evidence")
    version = training.registry.register(record)
    proposal = Proposal(CHURN, version, verdict.promote, verdict.reason, training.rules.gate, told)
    decision = PromotionLedger(test.ledger, training.registry, test.now).settle(proposal)
    champion = training.registry.number(CHURN) or 0
    return Trained(version, fitted.model, churn.trained_on(fitted.table), fitted.report, decision, champion)


def _fitted(training: Training, as_of: Month, horizon: int) -> _Fitted:
    test = training.test
    wanted = test.feature_set_at(as_of)
    table = training_table(test, as_of, horizon, wanted)
    test.progress(f"as of {as_of}: {len(table.churned):,} rows of {len(table.scored)} months to learn from")
    fit = churn.fitted(table, horizon, test.settings, test.threads)
    held = training.registry.held(CHURN)
    champion = None if held is None else churn_champion(held)
    report, judged = _judged_on_latest(training, as_of, horizon)
    screened = test.screened(wanted, table.scored, as_of)
    if screened is not None:
        test.progress(screened.in_words(table.scored, as_of))
    facts = _facts(fit.model, table, wanted, as_of) | {"screening": screened.facts() if screened else None}
    return _Fitted(fit.model, fit.unseen, table, wanted, as_of, screened, facts, report, judged, champion)


def _facts(model: ChurnModel, table: TrainingTable, wanted: FeatureSet, as_of: Month) -> dict[str, Any]:
    return {
        "as_of": str(as_of),
        "horizon": model.horizon,
        "gap": wanted.churn.gap,
        "feature_set": wanted.id,
        "custom": [asdict(name) for name in wanted.custom],
        "code": wanted.code,
        "note": model.note,
        **churn.trained_on(table),
    }


def _judged_on_latest(training: Training, as_of: Month, horizon: int) -> tuple[dict[str, Any], JudgedRows | None]:
    """The recipe's own test and its rows, or why there is none."""
    test = training.test
    latest = usable_months(test.labelling(test.feature_set_at(as_of), horizon, as_of))
    try:
        report, kept = judge(replace(test, latest=as_of), latest[-training.rules.test_months :], [horizon])
    except NothingJudged as reason:
        return {"notes": [f"not tested out of time: {reason}"]}, None
    return report, kept[horizon]


def _test_figures(fitted: _Fitted) -> dict[str, Any]:
    """The recipe's figures as the gate reads them."""
    if fitted.judged is None:
        return {"note": fitted.report["notes"][-1]}
    horizon = f"horizon_{fitted.model.horizon}"
    counts = fitted.report["counts"][horizon]
    return {"months": list(fitted.report["months"]), **counts, **fitted.report["pooled"][horizon][MODEL]}


def _against(fitted: _Fitted, changes: dict[str, Any]) -> dict[str, Any] | None:
    """The champion's part of the evidence."""
    if fitted.champion is None:
        return None
    paired = {key: value for key, value in changes["paired"].items() if key not in ("slices", "rows")}
    return {"version": fitted.champion.version, **paired}


def _changes(training: Training, fitted: _Fitted) -> dict[str, Any]:
    """What changed since the champion."""
    champion, test = fitted.champion, training.test
    if champion is None:
        return {"note": "There is no champion yet."}
    changes: dict[str, Any] = {
        "version": champion.version,
        "data": champion_changes.data_changes(champion.facts, fitted.facts),
        "features": champion_changes.feature_changes(champion.model, fitted.model),
    }
    why = incomparable(champion, fitted.wanted, fitted.model.horizon)
    if why:
        return changes | {"paired": {"note": why}, "lists": {"note": why}}
    test.progress(f"comparing with champion version {champion.version}")
    labelling = test.labelling(fitted.wanted, fitted.model.horizon, fitted.as_of)
    paired = compare(test, labelling, fitted.table, champion, training.rules.test_months)
    return changes | {"paired": paired, "lists": _lists(training, fitted, champion)}


def _lists(training: Training, fitted: _Fitted, champion: Champion) -> dict[str, Any]:
    """Who moves between lists of the month `as_of`, unless the champion has seen what came after it."""
    if Month.parse(champion.facts["as_of"]) > fitted.as_of:
        return {"note": f"the champion was trained as of {champion.facts['as_of']} and has seen what came after"}
    models = {CHALLENGER: fitted.model, CHAMPION: champion.model}
    return champion_changes.list_changes(training.test, fitted.wanted, models, fitted.as_of, training.list_size)


def _record(training: Training, fitted: _Fitted, changes: dict[str, Any], promotion: dict[str, Any]) -> ModelRecord:
    test, model, table, facts = training.test, fitted.model, fitted.table, fitted.facts
    report = without_small_cells(fitted.report, test.evaluation.min_customers_to_report)
    test.progress("drawing the pictures and the exact contributions of a sample")
    effects = contribution_summary.summarise(model, table, test.settings.seed, test.threads)
    pictures = training_evidence.judged_pictures(fitted.judged) if fitted.judged else {}
    card = model_card(facts, report, len(model.encoding.columns))
    settings = asdict(test.settings)
    files = model.files() | {drift_reference.FILE: _reference(test, fitted)}
    return ModelRecord(
        name=CHURN,
        run_name=f"as-of {fitted.as_of}, horizon {model.horizon}",
        fingerprint=fingerprint({"files": model.files(), "facts": facts, "settings": settings}),
        files=files,
        code=MODEL_CODE,
        signature=model.encoding.kinds(),
        output={"probability": "double"},
        facts=facts,
        parameters={
            **settings,
            "as_of": str(fitted.as_of),
            "horizon": model.horizon,
            "rounds": model.rounds,
            "indicators": len(model.encoding.columns),
            "feature_set": facts["feature_set"],
        },
        metrics=flat_metrics(report),
        tables={
            "test.json": report,
            "trained_on.json": churn.trained_on(table),
            "champion_changes.json": changes,
            "promotion.json": promotion,
            **({SCREENING_FILE: asdict(fitted.screened.screening)} if fitted.screened else {}),
        },
        texts={
            "model_card.md": card,
            "champion_changes.md": champion_changes.in_markdown(changes),
            "slices.csv": training_evidence.slices_csv(report),
            "feature_catalogue.csv": training_evidence.catalogue_csv(fitted.wanted, model.encoding, fitted.screened),
            "shap_summary.csv": training_evidence.as_csv(contribution_summary.as_table(effects)),
        },
        pictures=pictures | training_evidence.model_pictures(model, effects, table.scored[-1]),
        datasets=training_evidence.inputs_of(test, table, fitted.wanted, model.horizon, fitted.as_of),
        description=card,
        tags={"code": fitted.wanted.code, **training.made_by},
        example=training_evidence.made_up_example(model.encoding, test.settings.seed),
        requirements=("mlflow", "lightgbm", "numpy", "pandas"),
    )


def _reference(test: Backtest, fitted: _Fitted) -> str:
    """How indicators and score were distributed and how far they usually move, to compare later months with."""
    model, table = fitted.model, fitted.table
    months = drift_reference.compared_months(table.scored, whole_months(test.ledger, fitted.as_of))
    learned = drift_reference.learn(table, fitted.unseen, drift_reference.gain_shares(model), months)
    return replace(learned, usual=_usual_movement(test, fitted, learned)).to_json()


def _usual_movement(test: Backtest, fitted: _Fitted, reference: drift_reference.DriftReference) -> dict[str, float]:
    """Of the latest months before the model that were on hand in time, labelled or not: no label is looked at."""
    ledger = test.ledger
    entries = [
        build_feature_month(ledger, month, fitted.wanted, now=test.now)
        for month in usual_movement.months_to_compare(whole_months(ledger, fitted.as_of), fitted.as_of)
    ]
    counts = [usual_movement.count_features(ledger, entry, reference, usual_movement.BUCKETS) for entry in entries]
    return usual_movement.largest(counts)


def flat_metrics(report: dict[str, Any]) -> dict[str, float]:
    """`model` and baselines of a backtest as MLflow metrics, names like `horizon_1.model.auc`."""
    return {
        f"{horizon}.{name}.{metric}{'' if part == 'value' else '.' + part}": figure[part]
        for horizon, scores in report.get("pooled", {}).items()
        for name in scores
        for metric in METRICS
        if (figure := scores[name][metric])["value"] is not None
        for part in ("value", "low", "high")
        if figure.get(part) is not None
    }
