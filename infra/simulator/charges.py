"""Charges: the month's bill in its parts, how it is paid, and what comes of not paying. Amounts are in yuan."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.departures import ARREARS, FORCED
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment
from infra.simulator.products import product_fees
from infra.simulator.suspensions import ARREARS_STOP


def charge(now: Moment, lines: Lines, usage: dict[str, Array], billed: Array) -> dict[str, Array]:
    """What was used on the plan in force; use beyond it, roaming and content give bills their heavy tail."""
    plan, tariff, billing, on = lines["plan"], now.tariff, now.constants.billing, billed
    content_price = billing.content_price * now.dice.factor("content price", billing.content_price_spread)
    parts = {
        "plan_fee": (tariff.fee[plan] + product_fees(lines, now.constants.products.fees)) * on,
        "overage": (usage["voice_out_minutes"] - tariff.minutes[plan]).clip(0) * tariff.minute_price[plan]
        + (usage["sms_count"] - tariff.texts[plan]).clip(0) * billing.text_price,
        "long_distance": usage["long_distance_minutes"] * billing.far_price
        + usage["international_minutes"] * billing.abroad_price,
        "roaming": usage["roaming_minutes"] * billing.roaming_price,
        "information": usage["content_count"] * content_price,
        "data_fee": (usage["data_mb"] - tariff.mb[plan]).clip(0) * tariff.mb_price[plan],
    }
    parts = {part: np.round(amount, 2) for part, amount in parts.items()}
    parts["discount"] = np.round(parts["plan_fee"] * _rebate(now, lines), 2)
    amount = np.round(sum(parts[part] for part in list(parts)[:-1]) - parts["discount"], 2)
    paid_on = billing.content_cost * parts["information"], billing.off_net_cost * usage["off_net_minutes"]
    margin = amount - paid_on[0] - paid_on[1] - billing.roaming_cost * parts["roaming"]
    return {"amount": amount, **parts, "margin": np.round(margin, 2)}


def _rebate(now: Moment, lines: Lines) -> Array:
    """The share of the fee that a contract and a price war take off; however strong the war, something is left."""
    billing, bound = now.constants.billing, lines["contract_end"] >= now.begin
    rebate: Array = billing.bound_discount * bound + billing.war_discount * now.change("price_war")
    return np.minimum(rebate, 0.9)


def pay(now: Moment, lines: Lines, bill: dict[str, Array], going: Array) -> None:
    """Settle, owe or top up, and gather points; adds the columns of paying to `bill`."""
    billing, dice, amount = now.constants.billing, now.dice, bill["amount"]
    prepaid, closed = lines["prepaid"], lines["closed_on"] != NONE
    in_time = lines["pays_in_time"] - now.constants.signals.overdue * going
    # Whatever the constants, nobody's chance falls to nothing.
    pays = prepaid | dice.happens("pays", in_time.clip(0.05)) | closed
    pays &= ~lines["fraud"]
    lines["arrears"][:] = np.where(pays, 0, np.round(lines["arrears"] + amount, 2))
    lines["unpaid_months"][:] = np.where(lines["arrears"] > 0, lines["unpaid_months"] + 1, 0)
    late = dice.happens("late", 1 - lines["pays_in_time"] + billing.late)
    bill["arrears"] = lines["arrears"].astype(np.float64).round(2)
    delay = (1 + billing.delay_days * dice.exponential("delay")).clip(max=billing.delay_most)
    bill["payment_delay_days"] = np.where(late & pays, delay, 0).astype(np.int32)
    _top_up(now, lines, bill, going)
    _gather_points(now, lines, bill)


def _gather_points(now: Moment, lines: Lines, bill: dict[str, Array]) -> None:
    """Points for what is paid; some of those who have enough redeem a part."""
    billing, dice, amount = now.constants.billing, now.dice, bill["amount"]
    earned, (least, more) = amount * np.array(billing.points)[lines["brand"]], billing.redeemed
    enough = (lines["points"] > billing.redeems_from) & (amount > 0)
    taken = (lines["points"] * (least + more * dice.uniform("redeemed"))).round()
    bill["points_redeemed"] = np.where(enough & dice.happens("redeems", billing.redeems), taken, 0)
    lines["points"][:] = (lines["points"] + earned - bill["points_redeemed"]).clip(min=0).round()
    bill["points"] = lines["points"]


def _top_up(now: Moment, lines: Lines, bill: dict[str, Array], going: Array) -> None:
    """Prepaid lines top up when their balance does not last for the next month; who is about to go buys less."""
    prepaid, billing, amount = lines["prepaid"], now.constants.billing, bill["amount"]
    short = prepaid & (amount > 0) & (lines["balance"] - amount < billing.tops_up_below * lines["expected"])
    left = (billing.tops_up_to - now.constants.signals.tops_up_less * going) * lines["expected"]
    lack = np.where(short, amount + left - lines["balance"], 0)
    cards, (least, more) = np.array(billing.top_ups), billing.top_up_parts
    wanted = lack * (least + more * now.dice.uniform("top-up"))
    size = cards[np.searchsorted(cards, wanted).clip(max=len(cards) - 1)]
    # Nobody buys cards by the dozen: what is still lacking then is let off.
    times = np.where(short, np.ceil(lack / size), 0).clip(0, 12)
    lines["balance"][:] = np.where(prepaid, np.maximum(lines["balance"] + times * size - amount, 0), 0)
    bill["balance"] = lines["balance"].astype(np.float64).round(2)
    bill["recharge_amount"], bill["recharge_count"] = times * size, times.astype(np.int32)


def stop_debtors(now: Moment, lines: Lines, here: Array) -> None:
    """Stop the line, then close the number, on what is unpaid."""
    billing, unpaid = now.constants.billing, lines["unpaid_months"]
    due = here & (unpaid >= billing.closed_after) & (lines["stop_kind"] == ARREARS_STOP)
    lines["closed_on"][due], lines["exit"][due] = now.end - 1, FORCED
    lines["left"][due], lines["cause"][due] = now.number, ARREARS
    stops = here & ~due & (unpaid >= billing.stopped_after) & (lines["stopped_on"] == NONE)
    lines["stopped_on"][stops], lines["stop_ended"][stops] = now.end - 1, NONE
    lines["stop_kind"][stops] = ARREARS_STOP
    settled = (lines["stop_kind"] == ARREARS_STOP) & (unpaid == 0) & (lines["stop_ended"] == NONE)
    lines["stop_ended"][settled] = now.end - 1
