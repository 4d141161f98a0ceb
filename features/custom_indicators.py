"""Custom indicators: the operator's own numbers and categories, brought into one column each."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw

from features import FeaturesError
from features.catalogue import Angle, Indicator, Kind
from features.contracts.customer_profile import BARRED_FROM_MODELS
from features.known_months import Frame, KnownMonths
from features.side_by_side import mean_of_known

TABLE = "custom_indicators"
ANGLE: Angle = "custom indicators"
MONTHS = 3


@dataclass(frozen=True)
class CustomName:
    """An indicator that the operator names; what it means is theirs to say."""

    name: str
    kind: Kind = "number"


def custom_names(known: KnownMonths, months: int) -> tuple[CustomName, ...]:
    """The operator's own indicators that have a value in the last `months` months up to as-of, by name.

    Raises FeaturesError where one name holds numbers in one row and categories in another, and where a word of it is a
    column barred from models: ethnicity stays out under whatever table it comes. Gender is not barred. No indicator of
    Holdfast's own is made of it, since it says little about leaving; an operator that is allowed to look at it, and
    wants to, says so by delivering it.
    """
    held: dict[str, Kind] = {}
    for ago in range(months):
        month = known.table(TABLE, known.as_of - ago)
        if month is None:
            continue
        values = month.group_by("name").agg(nw.col("number", "category").count()).collect()
        for name, numbers, categories in values.select("name", "number", "category").iter_rows():
            _refuse_barred(name)
            counts: dict[Kind, int] = {"number": numbers, "category": categories}
            for kind, count in counts.items():
                if count and held.setdefault(name, kind) != kind:
                    raise FeaturesError(
                        f"custom_indicators: {name} holds numbers and categories; deliver them under two names"
                    )
    return tuple(CustomName(name, kind) for name, kind in sorted(held.items()))


def _refuse_barred(name: str) -> None:
    if not set(name.split("_")).isdisjoint(BARRED_FROM_MODELS):
        raise FeaturesError(f"custom_indicators: {name} is barred from models; leave it out")


def catalogue(names: tuple[CustomName, ...]) -> tuple[Indicator, ...]:
    return tuple(indicator for name in names for indicator in _indicators_of(name))


def _indicators_of(custom: CustomName) -> list[Indicator]:
    def indicator(window: str, meaning: str, months: int) -> Indicator:
        full_name = f"custom_{custom.name}_{window}"
        return Indicator(full_name, ANGLE, "as named", meaning.format(custom.name), months, TABLE, custom.kind)

    last = indicator("last", "The operator's own indicator {} of the latest month.", 1)
    if custom.kind == "category":
        return [last]
    return [
        last,
        indicator("change_1", "By how much the operator's own indicator {} rose from the month before.", 2),
        indicator("mean_3", "The operator's own indicator {} on average over three months, as far as known.", 3),
    ]


def build(known: KnownMonths, population: Frame, names: tuple[CustomName, ...]) -> Frame | None:
    """One row per customer of `population`; None when no month of the last three was delivered.

    An indicator without a row is unknown: the operator did not compute it for this customer and month.
    """
    months = [known.table(TABLE, known.as_of - ago) for ago in range(MONTHS)]
    if not names or all(month is None for month in months):
        return None
    frame = population.select("customer_id")
    for ago, month in enumerate(months):
        frame = _with_month(frame, month, names, ago)
    return frame.select("customer_id", *(expression for name in names for expression in _expressions_of(name)))


def _with_month(frame: Frame, month: Frame | None, names: tuple[CustomName, ...], ago: int) -> Frame:
    """Adds `<name>_<months ago>` per custom indicator: rows become columns by taking the only row of each name."""
    used = [custom for custom in names if ago == 0 or custom.kind == "number"]
    if month is None:
        return frame.with_columns(nw.lit(None, dtype=_dtype(custom)).alias(f"{custom.name}_{ago}") for custom in used)
    wide = (
        month.select("customer_id", *(_value_of(custom).alias(f"{custom.name}_{ago}") for custom in used))
        .group_by("customer_id")
        .agg(nw.col(f"{custom.name}_{ago}").max() for custom in used)
    )
    return frame.join(wide, on="customer_id", how="left")


def _value_of(custom: CustomName) -> nw.Expr:
    value = nw.col("number" if custom.kind == "number" else "category").cast(_dtype(custom))
    return nw.when(nw.col("name") == custom.name).then(value)


def _dtype(custom: CustomName) -> type[nw.Float64 | nw.String]:
    return nw.Float64 if custom.kind == "number" else nw.String


def _expressions_of(custom: CustomName) -> list[nw.Expr]:
    last = nw.col(f"{custom.name}_0").alias(f"custom_{custom.name}_last")
    if custom.kind == "category":
        return [last]
    months = [nw.col(f"{custom.name}_{ago}") for ago in range(MONTHS)]
    return [
        last,
        (months[0] - months[1]).alias(f"custom_{custom.name}_change_1"),
        mean_of_known(months).alias(f"custom_{custom.name}_mean_3"),
    ]
