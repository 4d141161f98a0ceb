"""Window words: how a measure stands and moves over one of its windows, in a manager's words.

A direction (up, down, rising, falling) is said only where the value has one, and what is unknown is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from features.measures import Measure, Window
from serving.record_words import SPANS, Say, Value, known, percent, whole

Amount: TypeAlias = Callable[[float], str]
"""How a number of a measure is said, without its sign."""


NO_CURRENCY = "XXX"
"""ISO 4217 for none: the source does not say what its amounts are in."""
SHORTER = {"bill_amount": "bill", "usage_data": "data volume", "usage_sms": "short messages sent"}
"""Measures whose meaning has a shorter word that everybody uses."""
BEFORE = {3: "the two months before", 6: "the five months before"}


def amount_of(value: float, unit: str, currency: str) -> str:
    if unit == "currency":
        return f"{value:,.2f}" if currency == NO_CURRENCY else f"{value:,.2f} {currency}"
    if unit == "count":
        return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    return f"{value:,.0f} {unit}" if abs(value) >= 10 else f"{value:,.1f} {unit}"


def window_words(measure: Measure, window: Window, currency: str) -> Say:
    thing = SHORTER.get(measure.name, measure.meaning)
    wording = _WINDOWS.get(window.name) or _WINDOWS[window.name.rpartition("_")[0]]

    def say(value: Value) -> str:
        number = known(value)
        if number is None:
            return _unknown(thing, window)
        return wording(thing, number, lambda value: amount_of(abs(value), measure.unit, currency), window.months)

    return say


def _unknown(thing: str, window: Window) -> str:
    if window.name == "months_since":
        return f"{thing}: none known in {SPANS[window.months]}"
    if window.name in ("last", "change_1"):
        return f"{thing}: too little known of {SPANS[window.months]}"
    return f"{thing}: too little of it, or too little known, in {SPANS[window.months]}"


def _last(thing: str, value: float, amount: Amount, _months: int) -> str:
    return f"{thing} {_signed(value, amount)} in the latest month"


def _mean(thing: str, value: float, amount: Amount, months: int) -> str:
    return f"{thing} {_signed(value, amount)} a month over {SPANS[months]}"


def _signed(value: float, amount: Amount) -> str:
    """Zero in words; an amount below zero keeps its sign."""
    return "zero" if value == 0 else f"-{amount(value)}" if value < 0 else amount(value)


def _months_since(thing: str, value: float, _amount: Amount, _months: int) -> str:
    return f"{thing} last above zero {'in the latest month' if value == 0 else whole(value, 'month') + ' ago'}"


def change_words(thing: str, value: float, amount: Amount, _months: int) -> str:
    if value == 0:
        return f"{thing} the same as in the month before"
    return f"{thing} {'up' if value > 0 else 'down'} by {amount(value)} from the month before"


def _slope(thing: str, value: float, amount: Amount, months: int) -> str:
    if amount(value) == amount(0):
        return f"{thing} level over {SPANS[months]}"
    return f"{thing} {'rising' if value > 0 else 'falling'} by {amount(value)} a month over {SPANS[months]}"


def _variability(thing: str, value: float, _amount: Amount, months: int) -> str:
    if value < 0.005:
        return f"{thing} the same in each of {SPANS[months]}"
    return f"{thing} varied by {percent(value)} around its mean over {SPANS[months]}"


def _silent(thing: str, value: float, _amount: Amount, months: int) -> str:
    if value in (0, 1):
        return f"{thing} {'never zero' if value == 0 else 'zero all the time'} in {SPANS[months]}"
    return f"{thing} zero in {percent(value)} of {SPANS[months]}"


def _steepest_fall(thing: str, value: float, amount: Amount, months: int) -> str:
    if value == 0:
        return f"{thing} never fell in {SPANS[months]}"
    return f"{thing} fell by {amount(value)} from one month to the next in {SPANS[months]}"


def _ratio(thing: str, value: float, _amount: Amount, months: int) -> str:
    """Below zero one of the two is a credit, and a percentage would mislead."""
    against = f"against {BEFORE[months]}"
    if value < 0:
        return f"{thing} turned from charge to credit, or back, {against}"
    if value == 0:
        return f"{thing} fell to zero {against}"
    if value > 3:
        return f"{thing} {value:.1f} times that of {BEFORE[months]}"
    if abs(value - 1) < 0.005:
        return f"{thing} unchanged {against}"
    return f"{thing} {'down' if value < 1 else 'up'} {percent(abs(1 - value))} {against}"


_WINDOWS = {
    "last": _last,
    "mean": _mean,
    "months_since": _months_since,
    "change": change_words,
    "slope": _slope,
    "variability": _variability,
    "silent": _silent,
    "steepest_fall": _steepest_fall,
    "ratio": _ratio,
}
