"""Record words: what the customer record and the plan history say, in a manager's words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from features.plan_periods import SPANS as PLAN_SPANS

Value: TypeAlias = float | str | None
Say: TypeAlias = Callable[[Value], str]

DAYS_OF_A_MONTH = 30.4
SPANS = {1: "the latest month", 2: "the last two months", 3: "the last three months", 6: "the last six months"}


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def known(value: Value) -> float | None:
    """The number, None where there is none."""
    return None if value is None or isinstance(value, str) or math.isnan(value) else value


def counted(value: Value, several: str, none: str, when: str) -> str:
    """How many of something; `none` is its name where there was not one."""
    number = known(value)
    if number is None:
        return f"{none}: unknown {when}"
    return f"no {none} {when}" if number == 0 else f"{several}: {number:.0f} {when}"


def whole(number: float, one: str) -> str:
    return f"{number:.0f} {one}" + ("" if round(number) == 1 else "s")


def contract_end(value: Value) -> str:
    days = known(value)
    if days is None:
        return "no end of a contract on record"
    if days == 0:
        return "contract ends on the month's last day"
    span = whole(abs(days), "day") if abs(days) < 45 else whole(abs(days) / DAYS_OF_A_MONTH, "month")
    return f"contract ended {span} ago" if days < 0 else f"contract ends in {span}"


def _number(sentence: str, unknown: str) -> Say:
    def say(value: Value) -> str:
        number = known(value)
        return unknown if number is None else sentence.format(number)

    return say


def _months(before: str, after: str, unknown: str) -> Say:
    def say(value: Value) -> str:
        number = known(value)
        return unknown if number is None else f"{before}{whole(number, 'month')}{after}"

    return say


def _named(sentence: str, unknown: str) -> Say:
    return lambda value: unknown if value is None else sentence.format(value)


def _suspended(value: Value) -> str:
    number = known(value)
    if number is None:
        return "whether the number is suspended is unknown"
    return "number suspended at the month's end" if number else "number not suspended at the month's end"


def _suspended_share(months: int) -> Say:
    def say(value: Value) -> str:
        share = known(value)
        if share is None:
            return f"suspensions: unknown in {SPANS[months]}"
        if share in (0, 1):
            return f"suspended at {'no' if share == 0 else 'every'} month's end of {SPANS[months]}"
        return f"suspended at {percent(share)} of the month's ends of {SPANS[months]}"

    return say


def _plans(move: str, months: int) -> Say:
    return lambda value: counted(value, f"tariff plans {move}", f"tariff plan {move}", f"in {SPANS[months]}")


RECORD: dict[str, tuple[str, Say]] = {
    "tenure_months": ("tenure", _months("on net for ", "", "first day on net unknown")),
    "age_years": ("age", _number("{:.0f} years old", "age unknown")),
    "days_to_contract_end": ("contract", contract_end),
    "suspended": ("stops", _suspended),
    "suspended_share_6": ("stops", _suspended_share(6)),
    "months_known_6": ("tenure", _number("on record in {:.0f} of the last six months", "time on record unknown")),
    "brand": ("brand", _named("customer of {}", "brand unknown")),
    "payment_type": ("payment", _named("pays {}", "prepaid or postpaid: unknown")),
    "plan_id": ("plan", _named("on plan {}", "plan unknown")),
    "province": ("place", _named("belongs to {}", "province unknown")),
    "prefecture": ("place", _named("belongs to {}", "prefecture unknown")),
    "dealer": ("dealer", _named("number sold by {}", "selling dealer unknown")),
    "plan_current": ("plan", _named("on plan {}", "plan unknown")),
    "plan_months_on_current": ("plan", _months("on the present plan for ", "", "start of the present plan unknown")),
    **{f"plan_begun_{months}": ("plan", _plans("begun", months)) for months in PLAN_SPANS},
    **{f"plan_ended_{months}": ("plan", _plans("ended", months)) for months in PLAN_SPANS},
}
"""Topic and words of every indicator of the customer record and the plan periods."""
