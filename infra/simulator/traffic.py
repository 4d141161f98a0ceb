"""Traffic: how much each line calls, texts and surfs in a month, and with which networks."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.circles import FIRST_RIVAL, OWN, SECOND_RIVAL
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment
from infra.simulator.world_sections import Circle


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
    level = _level(now, lines, share)
    out = (lines["minutes"] * level * dice.factor("minutes", made.month_spread)).clip(max=made.most_minutes)
    data = lines["mb"] * level * dice.factor("data", made.month_spread * made.mb_month_spread)
    used = 1 - np.exp(-out / made.active_minutes - data / made.active_mb)
    partners = made.partners * out**made.partners_by_minutes * dice.factor("partners", made.partners_spread)
    usage = {
        "voice_out_minutes": out,
        "voice_in_minutes": out * dice.factor("in", made.incoming_spread) * made.incoming,
        **_by_network(lines, networks, out, now.constants.circle),
        **_by_distance(now, lines, level, out),
        **_messages(now, lines, level),
        "data_mb": data,
        **_content(now, lines, level),
        "active_days": ((now.end - now.begin) * share * used).round(),
        "partners_count": partners.round(),
    }
    return {column: np.round(volume, 1) for column, volume in usage.items()}


def _level(now: Moment, lines: Lines, share: Array) -> Array:
    """The month's use over the usual: a poor month lasts on into the next ones."""
    made = now.constants.usage
    poor = np.where(now.dice.happens("poor month", made.poor_share), made.poor_most * now.dice.uniform("how poor"), 1)
    lines["dip"][:] = np.minimum(made.recovers + (1 - made.recovers) * lines["dip"], poor)
    level: Array = share * lines["dip"] * lines["level"] * season_of(now)
    return level


def _by_distance(now: Moment, lines: Lines, level: Array, out: Array) -> dict[str, Array]:
    """Minutes by where the other side is, and those spoken on a journey."""
    made, dice = now.constants.usage, now.dice
    far = out * (lines["far_share"] * dice.factor("far", made.far_month_spread)).clip(max=made.far_month_most)
    abroad = np.minimum(out * lines["abroad"] * dice.factor("abroad", made.abroad_month_spread), out - far)
    travels = dice.happens("travels", made.travel_share * lines["income"].clip(max=made.travels_most))
    roamed = np.where(travels, made.travel_minutes * dice.exponential("roams") * level, 0)
    return {
        "local_minutes": out - far - abroad,
        "long_distance_minutes": far,
        "international_minutes": abroad,
        "roaming_minutes": roamed * lines["income"] ** made.travel_by_income,
    }


def _messages(now: Moment, lines: Lines, level: Array) -> dict[str, Array]:
    """Messages; who writes more than five a month, the most that is drawn as a count, writes as many as usual."""
    made, dice = now.constants.usage, now.dice
    rate = (lines["texts"] * level * dice.factor("texty", made.texts_month_spread)).clip(max=5)
    texts = np.where(lines["texts"] > 5, (lines["texts"] * level).round(), dice.count("texts", rate) * 1.0)
    return {"sms_count": texts, "mms_count": dice.count("mms", made.mms * level) * 1.0}


def _content(now: Moment, lines: Lines, level: Array) -> dict[str, Array]:
    """Content bought, and how long it was watched."""
    bought = now.dice.count("content", lines["content"] * level)
    minutes = bought * now.constants.usage.content_minutes * now.dice.exponential("content minutes")
    return {"content_count": bought * 1.0, "content_minutes": minutes}


def _by_network(lines: Lines, networks: Array, out: Array, circle: Circle) -> dict[str, Array]:
    """Minutes by the other side's network: the circle's by friend, the rest by habit."""
    weight, covered = lines["friend_weight"], circle.covered
    own = (weight * (networks == OWN)).sum(axis=1) + (1 - covered) * lines["on_net"]
    off = (1 - covered) * (1 - lines["on_net"])
    shares = zip((FIRST_RIVAL, SECOND_RIVAL), circle.off_net_shares, strict=True)
    rivals = {rival: (weight * (networks == rival)).sum(axis=1) + part * off for rival, part in shares}
    return {
        "on_net_minutes": out * own,
        "off_net_minutes": out * (1 - own).clip(min=0),
        "competitor_1_minutes": out * rivals[FIRST_RIVAL],
        "competitor_2_minutes": out * rivals[SECOND_RIVAL],
    }
