"""A contract: one table's schema with its meaning, and how its columns are described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import dataframely as dy

Sensitivity = Literal["none", "business", "personal", "identifier"]
"""Who could be recognised by a value: nobody, nobody but it is the operator's secret, a person together
with other columns, a person alone. Values of the last two never appear in a message."""

Known = Literal["in advance", "when it happens"]
"""When a date is known: a contract's agreed end long before; the end of an open interval on the day itself."""

ABSURD_AMOUNT = 10_000_000
ABSURD_VOLUME = 1e9
ABSURD_COUNT = 10_000
MONEY_DIGITS = (18, 4)


@dataclass(frozen=True)
class Interval:
    """The two date columns of a table whose rows last: `end` is null while the row is still open."""

    start: str
    end: str


@dataclass(frozen=True)
class Contract:
    """One table: its name, dataframely schema (without `month` and `bucket`), and one sentence of meaning.

    A table with an `interval` may be delivered as a history without months; each row then belongs to every
    month in which it was in force. `required` tables refuse the month when they are missing.
    """

    name: str
    schema: type[dy.Schema]
    meaning: str
    required: bool = False
    activity: bool = False
    interval: Interval | None = None

    def columns(self) -> Mapping[str, dy.Column]:
        return self._columns

    @cached_property
    def _columns(self) -> Mapping[str, dy.Column]:
        """Dataframely looks through the schema's classes each time, and an ingest asks thousands of times."""
        return self.schema.columns()

    def key(self) -> list[str]:
        return self.schema.primary_key()

    @property
    def by_customer(self) -> bool:
        """Whether rows belong to customers and lie in their buckets; the few rows of other tables lie in bucket 0."""
        return "customer_id" in self.columns()

    def known_when_it_happens(self) -> list[str]:
        """Date columns whose value must be hidden from every month before it."""
        return [
            name for name, column in self.columns().items() if (column.metadata or {}).get("known") == "when it happens"
        ]

    def shows_values(self, column: str) -> bool:
        """Whether a message may quote a value of this column."""
        return (self.columns()[column].metadata or {}).get("sensitivity") in ("none", "business")


def described(unit: str = "", sensitivity: Sensitivity = "none", known: Known | None = None) -> dict[str, str]:
    """The metadata that every contract column carries."""
    facts = {"unit": unit, "sensitivity": sensitivity}
    return facts | ({"known": known} if known else {})


def customer_id() -> dy.String:
    return dy.String(
        primary_key=True,
        min_length=1,
        max_length=64,
        description="Pseudonymous id of the customer's number; the same in every table and month.",
        metadata=described(sensitivity="identifier"),
    )


def identifier(description: str, *, required: bool = False, key: bool = False) -> dy.String:
    """The keyed hash of a number, document or handset: list the column under `keyed` in source.toml."""
    return dy.String(
        nullable=not (required or key),
        primary_key=key,
        min_length=1,
        max_length=64,
        description=description,
        metadata=described(sensitivity="identifier"),
    )


def name(
    description: str, *, sensitivity: Sensitivity = "business", required: bool = False, key: bool = False
) -> dy.String:
    return dy.String(
        nullable=not (required or key),
        primary_key=key,
        min_length=1,
        max_length=200,
        description=description,
        metadata=described(sensitivity=sensitivity),
    )


def money(description: str, *, sensitivity: Sensitivity = "personal") -> dy.Decimal:
    """An amount in the source's currency, exact to a ten-thousandth so that sums do not depend on their order."""
    return dy.Decimal(
        *MONEY_DIGITS,
        nullable=True,
        min=-ABSURD_AMOUNT,
        max=ABSURD_AMOUNT,
        description=description,
        metadata=described(unit="currency", sensitivity=sensitivity),
    )


def volume(description: str, unit: str, *, sensitivity: Sensitivity = "personal") -> dy.Float64:
    return dy.Float64(
        nullable=True,
        min=0,
        max=ABSURD_VOLUME,
        description=description,
        metadata=described(unit=unit, sensitivity=sensitivity),
    )


def count(
    description: str, *, sensitivity: Sensitivity = "personal", unit: str = "count", most: int = ABSURD_COUNT
) -> dy.Int32:
    return dy.Int32(
        nullable=True,
        min=0,
        max=most,
        description=description,
        metadata=described(unit=unit, sensitivity=sensitivity),
    )


def flag(description: str, *, sensitivity: Sensitivity = "personal") -> dy.Bool:
    return dy.Bool(nullable=True, description=description, metadata=described(sensitivity=sensitivity))


def one_of(
    values: Sequence[str],
    description: str,
    *,
    sensitivity: Sensitivity = "none",
    required: bool = False,
    key: bool = False,
) -> dy.Enum:
    return dy.Enum(
        values,
        nullable=not (required or key),
        primary_key=key,
        description=description,
        metadata=described(sensitivity=sensitivity),
    )


def date(
    description: str,
    known: Known,
    *,
    sensitivity: Sensitivity = "personal",
    required: bool = False,
    key: bool = False,
) -> dy.Date:
    return dy.Date(
        nullable=not (required or key),
        primary_key=key,
        description=description,
        metadata=described(unit="date", sensitivity=sensitivity, known=known),
    )
