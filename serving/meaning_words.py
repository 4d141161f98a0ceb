"""Meaning words: what an indicator's value says, read off the sentence that the catalogue has for it.

The catalogue's sentences follow a few patterns ("Number of ...", "Share of ...", "Months since ..."), and each pattern
has one way to put a value in; a sentence that follows none of them is said with the value behind a colon.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from features.catalogue import Indicator
from features.contracts.devices import PRICE_BANDS
from serving.record_words import Say, Value, contract_end, known, percent, whole

Amount = Callable[[float], str]
"""How a number without its sign is said with its unit."""


def words_of(indicator: Indicator, amount: Amount) -> Say:
    """How a value of the indicator is said."""
    if indicator.name in _BY_HAND:
        return _BY_HAND[indicator.name]
    sentence = _plain(indicator.meaning)
    if indicator.kind == "category":
        return lambda value: f"{_small(sentence)}: {'unknown' if value is None else value}"
    for pattern, said in _PATTERNS:
        match = re.fullmatch(pattern, sentence)
        if match:
            return _known_or(_unknown_of(match), said, match, _amount_of(indicator, amount))
    return _known_or(f"{_small(sentence)}: unknown", _behind_colon, (sentence,), _amount_of(indicator, amount))


def _plain(meaning: str) -> str:
    """The sentence without its full stop, and without what it says about when it is empty or below zero."""
    return meaning.rstrip(".").partition("; ")[0]


def _small(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:]}"


def _amount_of(indicator: Indicator, amount: Amount) -> Amount:
    return percent if indicator.unit in ("share", "ratio") else amount


def _unknown_of(match: re.Match[str]) -> str:
    return f"{match.group(1)}: unknown"


def _known_or(unknown: str, said: Callable[..., str], parts: re.Match[str] | tuple[str], amount: Amount) -> Say:
    def say(value: Value) -> str:
        number = known(value)
        return unknown if number is None else said(number, parts, amount)

    return say


def _counted(number: float, match: re.Match[str], amount: Amount) -> str:
    return f"no {match.group(1)}" if number == 0 else f"{match.group(1)}: {amount(number)}"


def _flagged(number: float, match: re.Match[str], _: Amount) -> str:
    return f"{match.group(1)}: {'yes' if number else 'no'}"


def _of_share(number: float, match: re.Match[str], amount: Amount) -> str:
    return f"{amount(number)} of {match.group(1)}"


def _ago(number: float, match: re.Match[str], _: Amount) -> str:
    return f"{match.group(1)} {'in the latest month' if number == 0 else whole(number, 'month') + ' ago'}"


def _moved(number: float, match: re.Match[str], amount: Amount) -> str:
    thing, span = match.groups()
    if number == 0:
        return f"{thing} unchanged {span}"
    return f"{thing} {'up' if number > 0 else 'down'} by {amount(abs(number))} {span}"


def _in_months(number: float, match: re.Match[str], _: Amount) -> str:
    months, what = match.groups()
    return f"{what} in {'none' if number == 0 else f'{number:.0f}'} of {months}"


def _behind_colon(number: float, parts: tuple[str], amount: Amount) -> str:
    return f"{_small(parts[0])}: {'-' if number < 0 else ''}{amount(abs(number))}"


_PATTERNS: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"Number of (.*)", _counted),
    (r"Whether (.*)", _flagged),
    (r"Share of (.*)", _of_share),
    (r"(?:Full months|Months) since (.*)", _ago),
    (r"By how much (.*?) rose (.*)", _moved),
    (r"In how many of (the last \w+ months) (.*)", _in_months),
)


def _price_band(value: Value) -> str:
    rank = known(value)
    if rank is None or not 1 <= rank <= len(PRICE_BANDS):
        return "price band of the handset: unknown"
    return f"price band of the handset: {PRICE_BANDS[int(rank) - 1]}"


def _times_expected(when: str) -> Say:
    def say(value: Value) -> str:
        ratio = known(value)
        return (
            f"{when} against what was expected: unknown" if ratio is None else f"{when} {ratio:.1f} times the expected"
        )

    return say


_BY_HAND: dict[str, Say] = {
    "device_price_band": _price_band,
    "contract_days_to_end": contract_end,
    "contract_bill_vs_expected": _times_expected("latest bill"),
    "contract_bill_vs_expected_3": _times_expected("usual bill of the last three months"),
}
