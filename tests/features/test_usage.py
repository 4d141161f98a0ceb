"""Usage: every column of the traffic is looked at, with its shares, and only up to as-of."""

from __future__ import annotations

from features import usage
from features.contracts import contract_of
from tests.drawn import known_months, population, rows_of

USAGE = """
    month    customer_id  voice_out_minutes  voice_in_minutes  on_net_minutes  roaming_minutes  data_mb
    2025-04  ann          30                 50                10              0                100
    2025-05  ann          20                 30                10              16               0
    2025-06  ann          10                 20                10              0                0
    2025-06  bob          0                  4                 0               0                -
"""


def names() -> list[str]:
    return [indicator.name for indicator in usage.catalogue()]


def test_every_column_of_the_usage_is_a_measure() -> None:
    assert {column for measure in usage.USAGE.measures for column in measure.columns} == set(
        contract_of("usage").columns()
    ) - {"customer_id"}


def test_shares_say_where_the_minutes_went() -> None:
    built = usage.build(known_months("2025-06", usage=USAGE), population("ann", "bob"))
    shares = ("usage_on_net_share_3", "usage_voice_in_share_3", "usage_roaming_share_3", "usage_off_net_share_3")
    assert rows_of(built, *shares) == [(0.5, 0.625, 0.1, None), (None, 1.0, 0.0, None)]


def test_fading_data_use_shows_as_silence() -> None:
    built = usage.build(known_months("2025-06", usage=USAGE), population("ann", "bob"))
    columns = ("usage_data_last", "usage_data_silent_6", "usage_data_change_1")
    assert rows_of(built, *columns) == [(0.0, 2 / 3, 0.0), (None, None, None)]


def test_minutes_to_competitors_are_those_to_both_and_grow_for_who_is_called_over_there() -> None:
    drawing = """
        month    customer_id  voice_out_minutes  competitor_1_minutes  competitor_2_minutes  off_net_minutes
        2025-05  ann          100                10                    -                     10
        2025-06  ann          100                10                    40                    50
    """
    built = usage.build(known_months("2025-06", usage=drawing), population("ann"))
    columns = ("usage_competitor_change_1", "usage_off_net_share_change_3", "usage_competitor_1_share_3")
    assert rows_of(built, *columns) == [(40.0, 0.4, 0.1)]


def test_later_usage_is_invisible() -> None:
    later = USAGE + "2025-07  ann  9999  9999  9999  9999  9999\n"
    seen = [usage.build(known_months("2025-06", usage=drawing), population("ann")) for drawing in (USAGE, later)]
    assert rows_of(seen[0], *names()) == rows_of(seen[1], *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    built = usage.build(known_months("2025-06", usage=USAGE), population("ann"))
    assert built is not None
    assert built.collect_schema().names() == ["customer_id", *names()]


def test_without_usage_there_is_nothing_to_build() -> None:
    assert usage.build(known_months("2025-06"), population("ann")) is None
