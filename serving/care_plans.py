"""Care plans: what each customer of a campaign is offered and by which channel, by rules that business people edit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from serving import ServingError
from serving.allocation import Rows

CONDITIONS = ("band", "brand", "payment_type")


@dataclass(frozen=True)
class CareRule:
    """One rule: who has all of `conditions` is offered `plan` by `channel`."""

    conditions: Mapping[str, str]
    plan: str
    channel: str


def read_rules(file: Path) -> list[CareRule]:
    """The rules of a TOML file, in order. Raises ServingError for what it does not know, or where some get no plan."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ServingError(f"care plans {file}: cannot be read: {problem}; mend the file") from None
    rules = [_rule(file, number, rule) for number, rule in enumerate(written.get("rule", []), start=1)]
    if [number for number, rule in enumerate(rules, start=1) if not rule.conditions] != [len(rules)]:
        raise ServingError(
            f"care plans {file}: the last rule and no other must fit everybody; end with one that names no condition"
        )
    return rules


def _rule(file: Path, number: int, written: Mapping[str, Any]) -> CareRule:
    known = (*CONDITIONS, "plan", "channel")
    for name, value in written.items():
        if name not in known or not isinstance(value, str):
            raise ServingError(
                f"care plans {file}: rule {number}: {name} = {value!r}; write text in quotes for one of "
                f"{', '.join(known)}"
            )
    missing = [name for name in ("plan", "channel") if not written.get(name)]
    if missing:
        raise ServingError(f"care plans {file}: rule {number}: {missing[0]} is missing; add it")
    conditions = {name: value for name, value in written.items() if name in CONDITIONS}
    return CareRule(conditions, written["plan"], written["channel"])


def with_plans(customers: Rows, rules: list[CareRule]) -> Rows:
    """The customers with `plan` and `channel` of the first rule that fits; what is unknown fits no condition."""
    plan, channel = nw.lit(rules[-1].plan), nw.lit(rules[-1].channel)
    for rule in reversed(rules[:-1]):
        fits = nw.all_horizontal(
            *[(nw.col(name) == value).fill_null(False) for name, value in rule.conditions.items()], ignore_nulls=False
        )
        plan = nw.when(fits).then(nw.lit(rule.plan)).otherwise(plan)
        channel = nw.when(fits).then(nw.lit(rule.channel)).otherwise(channel)
    return customers.with_columns(plan=plan, channel=channel)
