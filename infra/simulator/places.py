"""Places: where the simulated operator works, from its province down to halls, managers and dealers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from infra.simulator.chance import Array, chance_of

BRANDS = ("GoTone", "M-Zone", "Easyown")
"""Of value, young, and cheap."""
PROVINCE = "Midland"
PREFECTURES = ("Northfield", "Eastport", "Southlake", "Westhill", "Midvale")
AREAS, AREAS_PER_COUNTY, AREAS_PER_PREFECTURE = 100, 5, 20
DEALERS = 60
DEALER_KINDS = ("own_hall", "franchise", "street", "online", "direct")

PREFECTURE_OF = np.arange(AREAS) // AREAS_PER_PREFECTURE
CITIES = [PREFECTURES[area // AREAS_PER_PREFECTURE] for area in range(AREAS)]
COUNTIES = [f"{city} county {area // AREAS_PER_COUNTY}" for area, city in enumerate(CITIES)]
HALLS = [f"{county} hall" for county in COUNTIES]
GRIDS = [f"Grid {area}" for area in range(AREAS)]
MANAGERS = [f"Manager {area}" for area in range(AREAS)]
"""By area, all of them."""
DEALER_NAMES = [f"Dealer {dealer}" for dealer in range(DEALERS)]
DEALER_PREFECTURE = np.arange(DEALERS) % len(PREFECTURES)


def dealer_kinds(seed: int, kinds: Sequence[str]) -> list[str]:
    """What kind of outlet each dealer is, each of `kinds` as likely."""
    return [kinds[int(chance_of(seed, "dealer kind", dealer) * len(kinds))] for dealer in range(DEALERS)]


def pushing_dealers(seed: int, share: float) -> Array:
    """Which dealers talk the customers they have sold to into a new card, for a newcomer's commission."""
    return np.array([chance_of(seed, "dealer pushes", dealer) < share for dealer in range(DEALERS)])


def dealers_of(areas: Array, chance: Array, sold_by_none: int) -> Array:
    """A dealer of the same prefecture by `chance`; one line in `sold_by_none` was sold by none and has -1."""
    per_prefecture = DEALERS // len(PREFECTURES)
    pick = (chance * sold_by_none / (sold_by_none - 1) * per_prefecture).astype(int)
    dealer = pick * len(PREFECTURES) + PREFECTURE_OF[areas]
    return np.where(pick < per_prefecture, dealer, -1).astype(np.int16)
