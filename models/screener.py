"""Screener: the screening that a training as of a month may see, registered or, where none fits, its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from features import feature_table
from features.catalogue import Indicator
from features.feature_months import FeatureSet, build_feature_month
from features.month_ledger import MonthLedger
from features.months import Month
from models.business_list import BusinessList
from models.indicator_month import IndicatorMonth, OnHand, indicator_month
from models.registry import SCREENING, Registry
from models.screening import FILE, Screening, ScreeningSettings, not_judged, screen
from models.screening_sample import screening_sample

MANY_MORE = 3
"""Mature months that a screening has not looked at, from which a new one is worth while: a quarter of a year tells of
what was delivered, or had filled its window, since."""


@dataclass(frozen=True)
class Screened:
    """A screening, and the registered version that it is; 0 for one that a training made for itself."""

    screening: Screening
    version: int = 0

    def facts(self) -> dict[str, Any]:
        """What a model says of the screening that it rests on."""
        held = self.screening
        return {
            "version": self.version,
            "as_of": held.as_of,
            "months": list(held.months),
            "kept": len(held.kept),
            "not_judged": len(held.not_judged),
            "dropped": len(held.dropped),
            "thresholds": dict(held.thresholds),
        }

    def in_words(self, mature: Sequence[Month], as_of: Month) -> str:
        """One line on what a training rests on, and whether many more months are `mature` at `as_of` than it saw."""
        held, version = self.screening, f"version {self.version}" if self.version else "of its own"
        months = "1 month" if len(held.months) == 1 else f"{len(held.months)} months"
        waiting = f", {len(held.not_judged)} of them not judged yet" if held.not_judged else ""
        more = len(set(map(str, mature)) - set(held.months))
        told = f"{more} more months are mature: screen anew with holdfast screen --as-of {as_of}"
        return (
            f"rests on screening {version} as of {held.as_of} ({months}): {len(held.kept)} of "
            f"{len(held.kept) + len(held.dropped)} indicators{waiting}{f'; {told}' if more >= MANY_MORE else ''}"
        )


@dataclass(frozen=True)
class Screener:
    """Finds or makes screenings; `current` is the one that is @champion, `business` the business list.

    The figures of a month are worked out once: a test of the recipe looks at nearly the same months again.
    """

    ledger: MonthLedger
    settings: ScreeningSettings
    business: BusinessList
    now: dt.datetime
    current: Screened | None = None
    _figures: dict[tuple[str, Month, int], IndicatorMonth] = field(default_factory=dict, repr=False, compare=False)

    def screened(self, wanted: FeatureSet, months: Sequence[Month], as_of: Month) -> Screened:
        """The registered screening where it was fitted on no later months and on these indicators; else its own.

        `months` are the scoring months whose labels were mature by `as_of`: no other is looked at.
        """
        current = self.current
        if (
            current is not None
            and Month.parse(current.screening.as_of) <= as_of
            and current.screening.feature_set == wanted.id
        ):
            return current
        return Screened(self.fit(wanted, months, as_of))

    def fit(self, wanted: FeatureSet, months: Sequence[Month], as_of: Month) -> Screening:
        """Screen the indicators on the scoring months `months`."""
        figures = [self.figures(wanted, month) for month in months]
        kept, dropped = screen(figures, self.settings, self.business)
        return Screening(
            str(as_of),
            wanted.id,
            tuple(str(month) for month in months),
            tuple(month.customers for month in figures),
            kept,
            dropped,
            thresholds(self.settings),
            not_judged(figures),
        )

    def figures(self, wanted: FeatureSet, month: Month) -> IndicatorMonth:
        """What a month's sample of customers shows of each indicator."""
        entry = build_feature_month(self.ledger, month, wanted, now=self.now)
        key = (entry.table, month, entry.version)
        if key not in self._figures:
            rows = screening_sample(self.ledger, entry, self.settings.max_rows, self.settings.seed)
            indicators = feature_table.catalogue(wanted.custom)
            self._figures[key] = indicator_month(month, rows, indicators, self._on_hand(indicators, month))
        return self._figures[key]

    def _on_hand(self, indicators: Sequence[Indicator], month: Month) -> OnHand:
        tables = {table for indicator in indicators for table in (indicator.table, *indicator.beside)}
        return {table: self.ledger.months(table, month) for table in tables}


def thresholds(settings: ScreeningSettings) -> dict[str, float]:
    """The settings that decide what is dropped."""
    return {key: value for key, value in asdict(settings).items() if key.startswith("max_") and key != "max_factors"}


def current_screening(registry: Registry) -> Screened | None:
    """The screening that is @champion; None when nobody has screened."""
    held = registry.held(SCREENING)
    return None if held is None else Screened(Screening.from_json(held.files[FILE]), held.version)
