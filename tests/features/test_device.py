"""Device: the handset of the month, its age and band, and how often it was another one than the last known."""

from __future__ import annotations

from features import device
from features.known_months import Frame
from tests.drawn import known_months, population, rows_of

DEVICES = """
    month    customer_id  imei_hash  brand  price_band  used_since
    2025-01  ann          h1         Nova   flagship    2023-06-30
    2025-02  ann          h1         Nova   flagship    2023-06-30
    2025-05  ann          h2         Old    low         2025-05-01
    2025-06  ann          h3         Nova   middle      2025-06-30
    2025-06  bob          h4         -      -           -
"""


def built(drawing: str = DEVICES) -> Frame | None:
    return device.build(known_months("2025-06", devices=drawing), population("ann", "bob", "cyd"))


def names() -> list[str]:
    return [indicator.name for indicator in device.catalogue()]


def test_the_handset_of_the_month_has_brand_band_and_age() -> None:
    columns = ("device_brand", "device_price_band", "device_months_in_use")
    assert rows_of(built(), *columns) == [("Nova", 2.0, 0.0), (None, None, None), (None, None, None)]


def test_a_change_is_another_handset_than_the_last_one_known_before() -> None:
    assert rows_of(built(), "device_changes_6") == [(2.0,), (None,), (None,)]
    assert rows_of(built(DEVICES.replace("ann          h2", "ann          h1")), "device_changes_6")[0] == (1.0,)


def test_the_step_is_from_the_band_of_five_months_ago() -> None:
    assert rows_of(built(), "device_price_step_6") == [(-2.0,), (None,), (None,)]


def test_later_handsets_are_invisible() -> None:
    later = DEVICES + "2025-07  ann  h9  Nova  flagship  2025-07-01\n"
    assert rows_of(built(later), *names()) == rows_of(built(), *names())


def test_the_catalogue_names_exactly_what_is_built() -> None:
    frame = built()
    assert frame is not None
    assert frame.collect_schema().names() == ["customer_id", *names()]


def test_without_devices_there_is_nothing_to_build() -> None:
    assert device.build(known_months("2025-06"), population("ann")) is None
