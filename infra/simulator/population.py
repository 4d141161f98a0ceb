"""Population: who is there when a block begins, who joins it month by month, and what they bring along."""

from __future__ import annotations

import numpy as np

from infra.simulator.accounts import Accounts, account_of
from infra.simulator.chance import Array, Dice, chance_of
from infra.simulator.circles import COMMUNITY, circle_of_stranger, draw_circles
from infra.simulator.handsets import draw_handsets
from infra.simulator.lines import BLOCK, NONE, Lines, line_id, new_lines
from infra.simulator.moments import Moment, first_day
from infra.simulator.people import PERSONAL, draw_habits, draw_people
from infra.simulator.places import AREAS, dealers_of
from infra.simulator.products import draw_products, product_fees

HOME = 4
"""Neighbouring places that share a home."""
PLAN, ENTERPRISE = 0, 4
"""Kinds of contracts, in the order of CONTRACT_KINDS."""
CONTRACT_KINDS = ("plan", "handset", "prepay_for_handset", "bundle", "enterprise")


def block_sizes(customers: int) -> list[int]:
    """How many initial numbers each block holds; the last one the rest."""
    whole, rest = divmod(customers, BLOCK)
    return [BLOCK] * whole + [rest] * (rest > 0)


def initial_lines(now: Moment, size: int, accounts: Accounts) -> Lines:
    """Those who are there to begin with: one in some persons holds two numbers, side by side."""
    place = np.arange(size)
    line = line_id(now.block, place)
    second = Dice(line, now.seed, "ever").happens("second number", now.constants.people.second_number_share)
    second[1:] &= ~second[:-1]
    second[:1] = False
    lines = _drawn(now, line, line - second, size, accounts)
    lines["holds_place"][:] = True
    return lines


def newcomers(now: Moment, joined: int, size: int, accounts: Accounts) -> Lines:
    """Strangers who join in this month; about as many as leave for good."""
    coming = _poisson(now.constants.people.joining * size, chance_of(now.seed, "joining", now.block, now.month))
    line = line_id(now.block, size + joined + np.arange(coming))
    return _drawn(now, line, line, size, accounts)


def _poisson(rate: float, chance: float) -> int:
    from scipy.special import pdtr

    most = int(rate + 10 * np.sqrt(rate) + 20)
    return int(np.searchsorted(pdtr(np.arange(most), rate), chance))


def _drawn(now: Moment, line: Array, holder: Array, size: int, accounts: Accounts) -> Lines:
    """Lines by their ids and those of the persons who hold them."""
    lines, people, made = new_lines(len(line)), now.constants.people, now.constants.accounts
    lines["line"][:], lines["person"][:], lines["document"][:] = line, holder, holder
    initial = _count(holder) < size
    lines["place"][:] = np.where(initial, line & 0xFFFF, circle_of_stranger(holder, size, now.seed))
    person = Dice(holder, now.seed, "ever")
    lines["account"][:] = account_of(lines["place"], accounts)
    lines["account"][~initial & ~person.happens("joins account", made.newcomer_joins)] = NONE
    _belong(now, lines, person, accounts)
    member = lines["account"] != NONE
    shares = (people.newcomer_shares, people.brand_shares)
    lines["brand"][:] = np.where(initial, *(person.choice("brand", of_brands) for of_brands in shares[::-1]))
    lines["brand"][member & person.happens("business brand", made.business_brand)] = 0
    lines["area"][:] = _area(now, homes(lines, size))
    _settle(now, lines, initial)
    draw_circles(lines, now.block, size, now.seed, now.constants)
    return lines


def homes(lines: Lines, size: int) -> Array:
    """The home in which each line's holder lives: that of the person's first number, whatever number it is."""
    count = _count(lines["person"])
    found: Array = np.where(count < size, count, lines["place"]) // HOME
    return found


def _count(person: Array) -> Array:
    """Which of the block's numbers a person's first one is; those there to begin with come first."""
    count: Array = (person & ((1 << 19) - 1)).astype(np.int64)
    return count


def _area(now: Moment, home: Array) -> Array:
    """Homes of a community lie in one area, but for some that do not."""
    block = np.int64(now.block) << 22
    house = Dice(block + home, now.seed, "home")
    community = Dice(block + home // (COMMUNITY // HOME), now.seed, "ever")
    moved = house.happens("lives elsewhere", now.constants.circle.elsewhere)
    area: Array = np.where(moved, house.uniform("area"), community.uniform("area")) * AREAS
    return area


def _belong(now: Moment, lines: Lines, person: Dice, accounts: Accounts) -> None:
    """A member's role, and whether they are in the closed user group."""
    if not accounts.name:
        return
    made, member, account = now.constants.accounts, lines["account"] != NONE, lines["account"].clip(min=0)
    lines["role"][:] = np.where(member, person.choice("role", made.role_shares), NONE)
    covered = person.happens("in user group", made.in_user_group)
    lines["in_user_group"][:] = member & accounts.user_group[account] & covered


def settle(now: Moment, lines: Lines, former: Lines) -> None:
    """Fill in what comes with the new number of somebody who had another: all that is not of the person."""
    _settle(now, lines, np.zeros(len(lines["line"]), bool), former)


def _settle(now: Moment, lines: Lines, initial: Array, former: Lines | None = None) -> None:
    """Payment, habits, plan, contract, handset, products, dealer, first day."""
    people, dice = now.constants.people, Dice(lines["line"], now.seed, "ever")
    person = Dice(lines["person"], now.seed, "ever")
    brand = lines["brand"]
    lines["prepaid"][:] = dice.happens("prepaid", np.array(people.prepaid_shares)[brand])
    lines["fraud"][:] = ~initial & dice.happens("fraud", now.constants.leaving.fraud_share)
    lines["dealer"][:] = dealers_of(lines["area"], dice.uniform("dealer"), now.constants.dealers.sold_by_none)
    low, high = np.array(people.birth_years)[brand].T
    lines["birth_year"][:] = low + (high - low + 1) * person.uniform("born")
    draw_people(lines, now.seed, now.constants)
    if former is not None:
        for name in PERSONAL:
            lines[name][:] = former[name]
    draw_habits(lines, now.seed, now.constants)
    before = np.array(people.days_on_net)[brand] * dice.exponential("days on net")
    day = now.begin + dice.whole("joins on", 1, 27)
    # Those there to begin with have been so for a whole month.
    lines["activated"][:] = np.where(initial, now.begin - before.clip(31, people.longest_on_net), day)
    lines["plan_since"][:] = lines["activated"]
    draw_products(now, lines, dice, initial)
    _choose_plan(now, lines, dice)
    _sign(now, lines, dice, initial)
    draw_handsets(now, lines, dice)
    _open_account(now, lines, dice)
    mood = now.constants.mood
    lines["satisfaction"][:] = np.where(initial, mood.first_spread * dice.normal("satisfaction"), mood.newcomer)


def _open_account(now: Moment, lines: Lines, dice: Dice) -> None:
    """What lies on a prepaid card, and the points of the months before."""
    billing = now.constants.billing
    (least, more), (kept, up_to) = billing.first_balance, billing.first_points
    lines["balance"][:] = np.where(lines["prepaid"], lines["expected"] * (least + more * dice.uniform("balance")), 0)
    months = ((now.begin - lines["activated"]) / 30).clip(0, billing.points_months)
    lines["points"][:] = (lines["expected"] * months * (kept + up_to * dice.uniform("points"))).astype(int)


def _choose_plan(now: Moment, lines: Lines, dice: Dice) -> None:
    """A plan that fits the use that somebody thinks they have: misfit is what makes bills a surprise."""
    billing = now.constants.billing
    minutes = lines["minutes"] * dice.factor("thought minutes", billing.misfit)
    mb = lines["mb"] * dice.factor("thought mb", billing.misfit)
    lines["plan"][:] = now.tariff.best(lines["brand"], minutes, mb)
    thought = _usual_bill(now, lines, minutes, mb) * billing.expects * dice.factor("expects", billing.expects_spread)
    learnt = _usual_bill(now, lines, lines["minutes"], lines["mb"]) * billing.learnt
    forgotten = (1 - billing.adapts) ** ((now.begin - lines["activated"]) / 30.4).clip(min=0)
    lines["expected"][:] = forgotten * thought + (1 - forgotten) * learnt


def _usual_bill(now: Moment, lines: Lines, minutes: Array, mb: Array) -> Array:
    """What so much use comes to in a month without journeys: who has long been here has learnt it from the bills."""
    billing = now.constants.billing
    far = billing.far_price * lines["far_share"] + billing.abroad_price * lines["abroad"]
    content = billing.content_mean * billing.content_price * lines["content"]
    fees = product_fees(lines, now.constants.products.fees)
    found: Array = now.tariff.cost(lines["plan"], minutes, mb) + far * minutes + content + fees
    return found


def _sign(now: Moment, lines: Lines, dice: Dice, initial: Array) -> None:
    """Some are bound from their first day; of those there to begin with, the terms end month after month."""
    bound = now.constants.contracts
    kinds = contract_kinds(lines, dice.choice("contract kind", bound.kind_shares))
    share = np.where(lines["prepaid"], bound.prepaid_share, bound.postpaid_share)
    signs = dice.happens("signs", share * np.where(initial, bound.longer_bound, 1))
    term = np.array(bound.terms)[dice.choice("term", bound.term_shares)]
    begun = np.where(initial, (dice.uniform("contract age") * (term + bound.months_over)).astype(int), 0)
    begun = np.minimum(begun, ((now.begin - lines["activated"]) // 31).clip(min=0))
    start = np.where(begun > 0, month_start(now, -begun) + dice.whole("signs on", 1, 27), lines["activated"])
    lines["contract_start"][:] = np.where(signs, start, NONE)
    lines["contract_end"][:] = np.where(signs, month_start(now, term - begun) - 1, NONE)
    lines["contract_kind"][:] = np.where(signs, kinds, NONE)
    lines["agreed"][:] = lines["expected"]


def contract_kinds(lines: Lines, kinds: Array) -> Array:
    """What is signed: an enterprise's contract only by who belongs to one, a plan's by the others."""
    found: Array = np.where((kinds == ENTERPRISE) & (lines["account"] == NONE), PLAN, kinds)
    return found


def month_start(now: Moment, later: Array) -> Array:
    """The first day of the month so many months later."""
    table = np.array([first_day(now.month + step) for step in range(-60, 61)])
    found: Array = table[np.asarray(later).clip(-60, 60) + 60]
    return found
