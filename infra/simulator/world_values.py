"""World values: what a value of a world file has to be, so that a month can be lived with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, get_type_hints

from infra.simulator.dialect import DIALECT
from infra.simulator.places import BRANDS
from infra.simulator.world_sections import Change, Plan

KINDS = ("season", "tariff_reform", "app_hall", "price_war", "data_error")
DISTRIBUTIONS = frozenset(
    {
        *("people.brand_shares", "people.newcomer_shares", "people.channel_shares", "accounts.class_shares"),
        *("circle.outside_networks", "contracts.kind_shares", "contracts.term_shares"),
        *("leaving.lead_shares", "re_entry.months_shares", "re_entry.brand_shares", "devices.brand_shares"),
        *("accounts.role_shares", "profiles.persons_shares", "profiles.ethnicity_shares"),
    }
)
"""Shares of which one is drawn: they are scaled to sum to 1, which cannot be done where all are 0."""
_BELOW_ZERO = ("strength",)
_NUMBERS = ("Decimal", "Float64", "Int32")


def wanted(name: str, value: Any, like: Any, *, below_zero: bool = False) -> str:
    """What `value` of constant `name` should have been: of the type and shape of `like`. Empty when it is that.

    Only with `below_zero` may a number be negative: a share or a rate that is would be lived with, silently, as 0.
    """
    if not _is_like(value, like, below_zero):
        return _in_words(like, below_zero)
    if name in DISTRIBUTIONS and not sum(value) > 0:
        return "shares of which one at least is above 0"
    return ""


def as_like(value: Any, like: Any) -> Any:
    """The value with whole numbers as fractions where `like` holds those: one drawn between 0 and 1 is not rounded."""
    if isinstance(value, tuple):
        return tuple(as_like(part, like[0]) for part in value)
    return float(value) if isinstance(like, float) else value


def wanted_of_plan(plan: Plan) -> tuple[str, str]:
    """The field of a tariff plan that cannot be lived with, and what it should have been; both empty when none is."""
    return next(_misfits(plan), ("brand", _one_of(BRANDS)) if plan.brand not in BRANDS else ("", ""))


def wanted_of_change(change: Change) -> tuple[str, str]:
    """The same of a scheduled change; a data error strikes a column that is sent, and multiplies numbers alone."""
    unfit = next(_misfits(change), None)
    if unfit is not None:
        return unfit
    if change.kind not in KINDS:
        return "kind", _one_of(KINDS)
    return _wanted_of_error(change) if change.kind == "data_error" else ("", "")


def _wanted_of_error(change: Change) -> tuple[str, str]:
    from features.contracts import contract_of

    if change.table not in DIALECT:
        return "table", _one_of(DIALECT)
    columns = contract_of(change.table).columns()
    struck = [name for name, kind in columns.items() if change.strength == 0 or type(kind).__name__ in _NUMBERS]
    if change.column not in struck:
        which = "" if change.strength == 0 else " that holds numbers"
        return "column", f"a column of {change.table}{which}, {_one_of(struck)}"
    return "", ""


def lowest(value: Any) -> float:
    """The least number in a value, however deep; nought for texts, which have none."""
    if isinstance(value, tuple):
        return min(map(lowest, value), default=0.0)
    return 0.0 if isinstance(value, str) else float(value)


def _misfits(record: Plan | Change) -> Iterator[tuple[str, str]]:
    for name, kind in get_type_hints(type(record)).items():
        if found := wanted(name, getattr(record, name), kind(), below_zero=name in _BELOW_ZERO):
            yield name, found


def _is_like(value: Any, like: Any, below_zero: bool) -> bool:
    if isinstance(like, tuple):
        fits = isinstance(value, tuple) and (isinstance(like[0], str) or len(value) == len(like))
        return fits and all(_is_like(part, like[0], below_zero) for part in value)
    if isinstance(like, str):
        return isinstance(value, str)
    kinds = (int,) if isinstance(like, int) else (int, float)
    is_number = isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)
    return is_number and (below_zero or value >= 0)


def _in_words(like: Any, below_zero: bool) -> str:
    if isinstance(like, tuple):
        many = "" if isinstance(like[0], str) else f" of {len(like)}"
        return f"a list{many}, each {_in_words(like[0], below_zero)}"
    if isinstance(like, str):
        return "a text"
    return f"a {'whole ' * isinstance(like, int)}number{'' if below_zero else ' not below 0'}"


def _one_of(names: Iterable[str]) -> str:
    return f"one of {', '.join(names)}"
