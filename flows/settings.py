"""Settings: what an operator may choose, read once at the top and handed down as frozen dataclasses."""

from __future__ import annotations

import dataclasses
import math
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from features import HoldfastError
from features.engine import EngineSettings
from features.refusal import DeliveryRules
from flows.period import ScheduleSettings
from models.churn import ChurnSettings
from models.evaluation import EvaluationSettings
from models.promotion import PromotionSettings
from models.screening import ScreeningSettings
from models.segments import SegmentSettings
from serving.allocation import CampaignSettings
from serving.eligibility import EligibilityRules
from serving.monitoring.uplift_readout import ReadoutSettings
from serving.monitoring.verdict import MonitoringSettings
from serving.warning_lists import ListSettings
from serving.warning_periods import WarningSettings

INFRA = Path(__file__).resolve().parent.parent / "infra"
DEFAULTS = INFRA / "settings" / "default.toml"
SOURCES = INFRA / "sources"

T = TypeVar("T")


class SettingsError(HoldfastError):
    """A settings file or key that cannot be used."""


@dataclass(frozen=True)
class PrivacySettings:
    """Where the key of the pseudonymous ids lies; never inside the home that it protects."""

    key_file: str = ""


@dataclass(frozen=True)
class MlflowSettings:
    """Which database MLflow uses; empty for SQLite in the home."""

    uri: str = ""


@dataclass(frozen=True)
class Settings:
    """All settings, one section per part of the program."""

    engine: EngineSettings = field(default_factory=EngineSettings)
    delivery: DeliveryRules = field(default_factory=DeliveryRules)
    churn: ChurnSettings = field(default_factory=ChurnSettings)
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    promotion: PromotionSettings = field(default_factory=PromotionSettings)
    screening: ScreeningSettings = field(default_factory=ScreeningSettings)
    segments: SegmentSettings = field(default_factory=SegmentSettings)
    warning: WarningSettings = field(default_factory=WarningSettings)
    lists: ListSettings = field(default_factory=ListSettings)
    eligibility: EligibilityRules = field(default_factory=EligibilityRules)
    campaign: CampaignSettings = field(default_factory=CampaignSettings)
    readout: ReadoutSettings = field(default_factory=ReadoutSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    mlflow: MlflowSettings = field(default_factory=MlflowSettings)


NO_BOUND = (0, math.inf)
BOUNDS: Mapping[str, tuple[float, float]] = {
    "engine.memory_gb": (0.1, math.inf),
    "engine.batch_rows": (1, math.inf),
    "engine.row_group_rows": (1, math.inf),
    "delivery.max_bad_share": (0, 1),
    "delivery.max_shrink": (0, 1),
    "churn.learning_rate": (1e-6, 1),
    "churn.num_leaves": (2, 131_072),
    "churn.feature_fraction": (1e-6, 1),
    "churn.bagging_fraction": (1e-6, 1),
    "churn.max_rounds": (1, math.inf),
    "churn.patience": (1, math.inf),
    "churn.fallback_rounds": (1, math.inf),
    "churn.fallback_leaves": (2, 131_072),
    "churn.fallback_learning_rate": (1e-6, 1),
    "churn.fallback_feature_fraction": (1e-6, 1),
    "churn.min_events": (1, math.inf),
    "churn.folds": (2, math.inf),
    "churn.max_rows": (1, math.inf),
    "evaluation.replicates": (1, math.inf),
    "promotion.test_months": (1, math.inf),
    "promotion.min_events": (1, math.inf),
    "promotion.min_auc": (0, 1),
    "promotion.tolerance": (0, 1),
    "screening.max_commonest_share": (0.5, 1),
    "screening.max_correlation": (0.5, 1),
    "screening.max_known_apart": (0, 1),
    "screening.max_rows": (100, math.inf),
    "screening.max_factors": (1, 100),
    "screening.min_loading": (0, 1),
    "segments.max_k": (2, 20),
    "segments.min_stability": (0, 1),
    "segments.pairs": (1, math.inf),
    "segments.max_rows": (1, math.inf),
    "segments.stability_rows": (100, math.inf),
    "segments.min_customers": (50, math.inf),
    "segments.min_share": (0, 0.5),
    "warning.collapse": (0, 1),
    "lists.size": (1, math.inf),
    "eligibility.complaint_months": (1, math.inf),
    "campaign.hall_capacity": (1, math.inf),
    "campaign.holdout_share": (0.01, 0.9),
    "readout.min_customers": (10, math.inf),
    "readout.min_leavers": (1, math.inf),
    "monitoring.watch_share": (0, 1),
    "monitoring.drift_share": (0, 1),
    "monitoring.unknown_rise": (0, 1),
    "monitoring.significance": (1e-9, 0.5),
    "monitoring.sample_rows": (100, math.inf),
    "monitoring.top_indicators": (1, math.inf),
}
"""Where the libraries that get a number would fail without saying which setting it was; the others are 0 or more."""


def read_settings(file: Path | None = None) -> Settings:
    """The shipped defaults, overridden key by key by `file`; every problem is one line that names the key."""
    settings = _overridden(Settings(), DEFAULTS)
    return _overridden(settings, file) if file else settings


def _overridden(settings: Settings, file: Path) -> Settings:
    sections = {}
    for name, given in _toml(file).items():
        section = _known(settings, name, f"{file}: section", "sections")
        if not isinstance(given, dict):
            raise SettingsError(f"{file}: {name} is a section; write [{name}] and its keys below")
        values = {key: _value(section, name, key, value, file) for key, value in given.items()}
        sections[name] = dataclasses.replace(section, **values)
    return dataclasses.replace(settings, **sections)


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"settings file {file} does not exist; give --settings an existing TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsError(f"settings file {file} is not TOML: {broken}; mend it") from None


def _known(holder: Any, name: str, what: str, several: str) -> Any:
    """What `holder` has under a name that was given; an unknown name is an error that lists the known ones."""
    names = [field.name for field in dataclasses.fields(holder)]
    if name not in names:
        raise SettingsError(f"{what} {name} is unknown; the {several} are {', '.join(names)}")
    return getattr(holder, name)


def _value(section: Any, name: str, key: str, value: Any, file: Path) -> Any:
    """A value that was given, if its key is known, of the key's type and within its bounds."""
    _known(section, key, f"{file}: [{name}]", f"keys of [{name}]")
    wanted, fits = _wanted(typing.get_type_hints(type(section))[key], value)
    low, high = BOUNDS.get(f"{name}.{key}", NO_BOUND)
    if fits and isinstance(value, int | float):
        wanted, fits = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} or more", low <= value <= high
    if not fits or value == math.inf:
        raise SettingsError(f"{file}: {name}.{key} = {value!r} is not {wanted}; see {DEFAULTS.name} for its meaning")
    return value


def _wanted(kind: Any, value: Any) -> tuple[str, bool]:
    """What a setting of this type looks like in words, and whether the value does; true is no number."""
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        return f"one of {', '.join(choices)}", value in choices
    if kind is float:
        return "a number", type(value) in (int, float)
    return {int: "a whole number", str: "text in quotes"}[kind], type(value) is kind
