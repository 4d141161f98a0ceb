"""Charges: the month's bill in its parts, how it is paid, and what comes of not paying. Amounts are in yuan."""

from __future__ import annotations

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.departures import ARREARS, FORCED
from infra.simulator.lines import NONE, Lines
from infra.simulator.moments import Moment
from infra.simulator.products import product_fees
from infra.simulator.suspensions import ARREARS_STOP

STOPPED_AFTER, CLOSED_AFTER = 3, 4
"""Months unpaid after which a line is stopped, and after which a stopped number is closed."""
_TOP_UPS = np.array([10.0, 20.0, 30.0, 50.0, 100.0, 200.0, 500.0])


def charge(now: Moment, lines: Lines, usage: dict[str, Array], billed: Array) -> dict[str, Array]:
    """What was used on the plan in force; use beyond it, roaming and content give bills their heavy tail."""
    plan, tariff, billing, on = lines["plan"], now.tariff, now.constants.billing, billed
    parts = {
        "plan_fee": (tariff.fee[plan] + product_fees(lines)) * on,
        "overage": (usage["voice_out_minutes"] - tariff.minutes[plan]).clip(0) * tariff.minute_price[plan]
        + (usage["sms_count"] - tariff.texts[plan]).clip(0) * 0.1,
        "long_distance": usage["long_distance_minutes"] * billing.far_price
        + usage["international_minutes"] * billing.abroad_price,
        "roaming": usage["roaming_minutes"] * billing.roaming_price,
        "information": usage["content_count"] * billing.content_price * now.dice.factor("content price", 0.7),
        "data_fee": (usage["data_mb"] - tariff.mb[plan]).clip(0) * tariff.mb_price[plan],
    }
    parts = {part: np.round(amount, 2) for part, amount in parts.items()}
    bound = lines["contract_end"] >= now.begin
    rebate = billing.bound_discount * bound + 0.1 * now.change("price_war")
    parts["discount"] = np.round(parts["plan_fee"] * np.minimum(rebate, 0.9), 2)
    amount = np.round(sum(parts[part] for part in list(parts)[:-1]) - parts["discount"], 2)
    margin = amount - 0.35 * parts["information"] - 0.05 * usage["off_net_minutes"] - 0.3 * parts["roaming"]
    return {"amount": amount, **parts, "margin": np.round(margin, 2)}


def pay(now: Moment, lines: Lines, bill: dict[str, Array], going: Array) -> None:
    """Settle, owe or top up, and gather points; adds the columns of paying to `bill`."""
    billing, dice, amount = now.constants.billing, now.dice, bill["amount"]
    prepaid, closed = lines["prepaid"], lines["closed_on"] != NONE
    in_time = lines["pays_in_time"] - now.constants.signals.overdue * going
    pays = prepaid | dice.happens("pays", in_time.clip(0.05)) | closed
    pays &= ~lines["fraud"]
    lines["arrears"][:] = np.where(pays, 0, np.round(lines["arrears"] + amount, 2))
    lines["unpaid_months"][:] = np.where(lines["arrears"] > 0, lines["unpaid_months"] + 1, 0)
    late = dice.happens("late", 1 - lines["pays_in_time"] + 0.05)
    bill["arrears"] = lines["arrears"].astype(np.float64).round(2)
    bill["payment_delay_days"] = np.where(late & pays, (1 + 9 * dice.exponential("delay")).clip(max=60), 0).astype(
        np.int32
    )
    _top_up(now, lines, bill, going)
    earned = amount * np.where(lines["brand"] == 2, 0.5, 1)
    redeems = (lines["points"] > 400) & (amount > 0) & dice.happens("redeems", billing.redeems)
    bill["points_redeemed"] = np.where(redeems, (lines["points"] * (0.3 + 0.6 * dice.uniform("redeemed"))).round(), 0)
    lines["points"][:] = (lines["points"] + earned - bill["points_redeemed"]).clip(min=0).round()
    bill["points"] = lines["points"]


def _top_up(now: Moment, lines: Lines, bill: dict[str, Array], going: Array) -> None:
    """Prepaid lines top up when their balance does not last for the next month; who is about to go buys less."""
    prepaid, dice, amount = lines["prepaid"], now.dice, bill["amount"]
    short = prepaid & (amount > 0) & (lines["balance"] - amount < 0.7 * lines["expected"])
    lack = np.where(short, amount + (1.2 - 0.8 * going) * lines["expected"] - lines["balance"], 0)
    size = _TOP_UPS[np.searchsorted(_TOP_UPS, lack * (0.4 + dice.uniform("top-up"))).clip(max=len(_TOP_UPS) - 1)]
    times = np.where(short, np.ceil(lack / size), 0).clip(0, 12)
    lines["balance"][:] = np.where(prepaid, np.maximum(lines["balance"] + times * size - amount, 0), 0)
    bill["balance"] = lines["balance"].astype(np.float64).round(2)
    bill["recharge_amount"], bill["recharge_count"] = times * size, times.astype(np.int32)


def stop_debtors(now: Moment, lines: Lines, here: Array) -> None:
    """Stop the line, then close the number, on what is unpaid."""
    due = here & (lines["unpaid_months"] >= CLOSED_AFTER) & (lines["stop_kind"] == ARREARS_STOP)
    lines["closed_on"][due], lines["exit"][due] = now.end - 1, FORCED
    lines["left"][due], lines["cause"][due] = now.number, ARREARS
    stops = here & ~due & (lines["unpaid_months"] >= STOPPED_AFTER) & (lines["stopped_on"] == NONE)
    lines["stopped_on"][stops], lines["stop_ended"][stops] = now.end - 1, NONE
    lines["stop_kind"][stops] = ARREARS_STOP
    settled = (lines["stop_kind"] == ARREARS_STOP) & (lines["unpaid_months"] == 0) & (lines["stop_ended"] == NONE)
    lines["stop_ended"][settled] = now.end - 1
