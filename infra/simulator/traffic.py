"""Traffic: how much each line calls, texts and surfs in a month, and with which networks."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.circles import FIRST_RIVAL, OTHER, OWN, SECOND_RIVAL
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment

_OFF_NET = {FIRST_RIVAL: 0.55, SECOND_RIVAL: 0.3, OTHER: 0.15}
"""How minutes beyond the circle and off net are split; the circle's own are split by friend."""


def share_of_month(now: Moment, lines: Lines, gone: Array) -> Array:
    """The share of the month in which a line could be used; of the `gone` in silence none."""
    stopped, closed = lines["stopped_on"], lines["closed_on"]
    back = np.where(lines["stop_ended"] != NONE, lines["stop_ended"], now.end)
    away = np.where(stopped != NONE, np.minimum(back, now.end) - np.maximum(stopped, now.begin), 0).clip(min=0)
    last = np.where(closed != NONE, np.minimum(closed, now.end), now.end)
    days = (last - np.maximum(now.begin, lines["activated"]) - away).clip(min=0)
    return np.where(gone, 0, days / (now.end - now.begin)).astype(np.float32)


def season_of(now: Moment) -> float:
    """A factor on use by calendar month: low in the month of Spring Festival, deeper where a season is scheduled."""
    usual = np.array(now.constants.usage.season)[now.month.month - 1]
    return float(usual * (1 + now.change("season")))


def use(now: Moment, lines: Lines, share: Array, networks: Array) -> dict[str, Array]:
    """The month's traffic; stayers have poor months and journeys too."""
    made, dice = now.constants.usage, now.dice
    poor = np.where(dice.happens("poor month", made.poor_share), (0.95 * dice.uniform("how poor")), 1)
    lines["dip"][:] = np.minimum(0.5 + 0.5 * lines["dip"], poor)
    level = share * lines["dip"] * lines["level"] * season_of(now)
    out = lines["minutes"] * level * dice.factor("minutes", made.month_spread)
    travels = dice.happens("travels", made.travel_share * lines["income"].clip(max=4))
    data = lines["mb"] * level * dice.factor("data", made.month_spread * 1.2)
    content = dice.count("content", lines["content"] * level)
    far = out * (lines["far_share"] * dice.factor("far", 0.4)).clip(max=0.8)
    abroad = np.minimum(out * lines["abroad"] * dice.factor("abroad", 0.6), out - far)
    texts = dice.count("texts", (lines["texts"] * level * dice.factor("texty", 0.3)).clip(max=5)) * 1.0
    texts = np.where(lines["texts"] > 5, (lines["texts"] * level).round(), texts)
    usage = {
        "voice_out_minutes": out,
        "voice_in_minutes": out * dice.factor("in", 0.25) * 0.95,
        **_by_network(lines, networks, out, now.constants.circle.covered),
        "local_minutes": out - far - abroad,
        "long_distance_minutes": far,
        "international_minutes": abroad,
        "roaming_minutes": np.where(travels, made.travel_minutes * dice.exponential("roams") * level, 0)
        * np.sqrt(lines["income"]),
        "sms_count": texts,
        "mms_count": dice.count("mms", 0.3 * level) * 1.0,
        "data_mb": data,
        "content_count": content * 1.0,
        "content_minutes": content * 6 * dice.exponential("content minutes"),
        "active_days": ((now.end - now.begin) * share * (1 - np.exp(-out / 30 - data / 60))).round(),
        "partners_count": (2.2 * out**0.55 * dice.factor("partners", 0.2)).round(),
    }
    return {column: np.round(volume, 1) for column, volume in usage.items()}


def _by_network(lines: Lines, networks: Array, out: Array, covered: float) -> dict[str, Array]:
    """Minutes by the other side's network: the circle's by friend, the rest by habit."""
    weight = lines["friend_weight"]
    own = (weight * (networks == OWN)).sum(axis=1) + (1 - covered) * lines["on_net"]
    off = (1 - covered) * (1 - lines["on_net"])
    rivals = {rival: (weight * (networks == rival)).sum(axis=1) + _OFF_NET[rival] * off for rival in _OFF_NET}
    return {
        "on_net_minutes": out * own,
        "off_net_minutes": out * (1 - own).clip(min=0),
        "competitor_1_minutes": out * rivals[FIRST_RIVAL],
        "competitor_2_minutes": out * rivals[SECOND_RIVAL],
    }
