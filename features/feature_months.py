"""Feature months: the feature table of one month, built bucket by bucket and reused while its inputs stand."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from features import feature_table
from features.catalogue import feature_set_id
from features.contracts import CONTRACTS
from features.custom_indicators import CustomName, custom_names
from features.known_months import Frame, refuse_lacking
from features.labels import ChurnDefinition
from features.month_ledger import Entry, MonthLedger, Origin
from features.months import Month
from features.population import scored_population

LONGEST_WINDOW = 6
"""Months that any indicator looks back over, the scoring month included."""
UNREAD_TABLES = ("campaigns", "organisation", "outcomes")
UNREAD_COLUMNS = {"customers": ("masked_number",)}
"""What no indicator is made of: a month is not refused for lacking it."""


@dataclass(frozen=True)
class FeatureSet:
    """What a feature month holds: the operator's own indicators in it, who is scored, and the code's version."""

    churn: ChurnDefinition
    custom: tuple[CustomName, ...]
    code: str

    @property
    def id(self) -> str:
        return feature_set_id(feature_table.catalogue(self.custom))

    @property
    def table(self) -> str:
        return f"features-{self.id}"


def feature_set_at(ledger: MonthLedger, as_of: Month, churn: ChurnDefinition, code: str) -> FeatureSet:
    """The feature set as of a month: the operator's own indicators are those that were delivered by then."""
    return FeatureSet(churn, custom_names(ledger.known_months(as_of, bucket=None), LONGEST_WINDOW), code)


def build_feature_month(
    ledger: MonthLedger,
    as_of: Month,
    wanted: FeatureSet,
    *,
    now: dt.datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Entry:
    """The ledger entry of the feature month `as_of`; it is built only where no entry has the same inputs.

    One row per scored customer in key order. `progress` is told buckets done and buckets in all. Raises
    FeaturesError when the month's customers or activity tables were not on hand at its close, or when a month that
    is looked back over lacks a column of today's contract.
    """
    # Training builds months too, without holding the month's lock of the home; a delivery may arrive meanwhile.
    with ledger.warehouse.locked(wanted.table, as_of):
        seen = ledger.at_rest()
        inputs = _fingerprint(seen, as_of, wanted)
        held = seen.known(wanted.table, as_of)
        if held is not None and held.inputs == inputs:
            return held
        buckets = _buckets(seen, as_of)
        _refuse_older_contracts(seen, as_of)

        def rows() -> Iterator[tuple[int, Frame]]:
            held: dict[str, Frame | None] = {}
            for done, bucket in enumerate(buckets, start=1):
                known = seen.known_months(as_of, bucket, held)
                population = scored_population(known, wanted.churn)
                yield bucket, feature_table.build(known, population, wanted.custom).sort("customer_id")
                if progress is not None:
                    progress(done, len(buckets))

        staged = ledger.warehouse.stage_month(wanted.table, as_of, rows())
        return ledger.enter([staged], Origin(inputs, "features", wanted.code, now))[0]


def _buckets(ledger: MonthLedger, as_of: Month) -> list[int]:
    entry = ledger.known("customers", as_of, as_of)
    return [0] if entry is None else ledger.warehouse.buckets_of("customers", as_of, entry.version)


def _refuse_older_contracts(ledger: MonthLedger, as_of: Month) -> None:
    """A month that was taken in before a column came into its contract would fail late, and without its name.

    Months of one schema lack the same columns, so that one file is looked at for each.
    """
    seen = set()
    for table in (name for name in CONTRACTS if name not in UNREAD_TABLES):
        for entry in (ledger.known(table, as_of - back, as_of) for back in range(LONGEST_WINDOW)):
            if entry is not None and (table, entry.schema_hash) not in seen:
                seen.add((table, entry.schema_hash))
                _refuse_older_contract(ledger, entry)


def _refuse_older_contract(ledger: MonthLedger, entry: Entry) -> None:
    unread, warehouse = UNREAD_COLUMNS.get(entry.table, ()), ledger.warehouse
    wanted = [column for column in CONTRACTS[entry.table].columns() if column not in unread]
    bucket = warehouse.buckets_of(entry.table, entry.month, entry.version)[0]
    rows = warehouse.read(entry.table, entry.month, entry.version, bucket)
    refuse_lacking(rows, entry.table, entry.month, wanted)


def _fingerprint(ledger: MonthLedger, as_of: Month, wanted: FeatureSet) -> str:
    """A hash of all that decides the rows: table months as known at `as_of`, definition of churn, code."""
    read = [
        (table, str(month), entry.content_hash)
        for table in CONTRACTS
        for month in (as_of - back for back in range(LONGEST_WINDOW))
        if (entry := ledger.known(table, month, as_of)) is not None
    ]
    facts = json.dumps([read, str(wanted.churn), wanted.code, wanted.id])
    return hashlib.sha256(facts.encode()).hexdigest()
