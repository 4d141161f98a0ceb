"""Meaning words: each pattern of the catalogue's sentences takes its value, and anything else comes behind a colon."""

from __future__ import annotations

import pytest

from features.catalogue import Indicator
from serving.meaning_words import words_of


def said(meaning: str, value: float | str | None, unit: str = "count", name: str = "made") -> str:
    kind = "category" if isinstance(value, str) else "number"
    return words_of(Indicator(name, "device", unit, meaning, 3, "devices", kind), lambda number: f"{number:.0f}")(value)


@pytest.mark.parametrize(
    ("meaning", "unit", "value", "words"),
    [
        ("Number of hats held.", "count", 2.0, "hats held: 2"),
        ("Number of hats held.", "count", 0.0, "no hats held"),
        ("Number of hats held.", "count", None, "hats held: unknown"),
        ("Whether the hat fits.", "flag", 1.0, "the hat fits: yes"),
        ("Whether the hat fits.", "flag", 0.0, "the hat fits: no"),
        ("Share of hats that fit.", "share", 0.5, "50 % of hats that fit"),
        ("Months since a hat was bought; empty when none was.", "months", 0.0, "a hat was bought in the latest month"),
        ("Full months since a hat was bought.", "months", 1.0, "a hat was bought 1 month ago"),
        ("By how much the price rose in three months.", "currency", -3.0, "the price down by 3 in three months"),
        ("By how much the price rose in three months.", "currency", 0.0, "the price unchanged in three months"),
        ("In how many of the last two months it rained.", "months", 2.0, "it rained in 2 of the last two months"),
        (
            "In how many of the last two months it rained.",
            "months",
            0.0,
            "it rained in none of the last two months",
        ),
        ("Price of the hat.", "currency", -4.0, "price of the hat: -4"),
        ("Price of the hat.", "currency", float("nan"), "price of the hat: unknown"),
        ("Use against what is included.", "ratio", 1.4, "use against what is included: 140 %"),
        ("Colour of the hat.", "", "red", "colour of the hat: red"),
    ],
)
def test_a_value_is_put_into_its_sentence(meaning: str, unit: str, value: float | str | None, words: str):
    assert said(meaning, value, unit) == words


def test_a_price_band_has_a_name_where_it_has_one():
    assert said("Price band.", 4.0, "band", "device_price_band") == "price band of the handset: flagship"
    assert said("Price band.", 9.0, "band", "device_price_band") == "price band of the handset: unknown"
