"""People's tables: households, profiles, products, accounts and surveys: what an operator knows beside the traffic."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from infra.simulator.accounts import CLASSES, INDUSTRIES, ROLES
from infra.simulator.chance import Array, Dice
from infra.simulator.life import LivedMonth
from infra.simulator.lines import NONE, Lines, on_net, picked
from infra.simulator.mood import TOPICS, survey
from infra.simulator.people import ETHNICITIES, INTERESTS, OCCUPATIONS, RELATIONS
from infra.simulator.population import homes
from infra.simulator.products import PRODUCT_FAMILIES, PRODUCT_NAMES
from infra.simulator.tables import day, money, named, numbers
from infra.simulator.world_sections import Profiles


def people_tables(lived: LivedMonth) -> dict[str, pa.Table]:
    """Households, profiles and members at the month's end, products held in it, and answers to surveys."""
    lines = lived.block.lines
    there = picked(lines, np.flatnonzero(lines["closed_on"] == NONE))
    ids = numbers(there)
    return {
        "households": _households(lived, there, ids),
        "customer_profile": _profile(lived, there, ids),
        "products_held": _products(lived),
        "account_members": _members(lived, there, ids),
        "accounts": _accounts(lived, there),
        "satisfaction": _satisfaction(lived),
    }


def _households(lived: LivedMonth, lines: Lines, ids: pa.Array) -> pa.Table:
    """A home is a household where it is known; persons may outnumber the numbers held here."""
    place = homes(lines, lived.block.size)
    person = Dice(lines["person"], lived.now.seed, "ever")
    made = lived.now.constants.profiles
    known = person.happens("household known", made.household_known)
    counted = np.bincount(place[known], minlength=int(place.max(initial=0)) + 1)[place]
    home = Dice((np.int64(lived.block.number) << 22) + place, lived.now.seed, "ever")
    persons = np.maximum(counted, home.choice("persons", made.persons_shares) + 1)
    first = np.zeros(len(place), bool)
    where = np.flatnonzero(known)
    first[where[np.unique(place[known], return_index=True)[1]]] = True
    return pa.table(
        {
            "customer_id": ids,
            "household_id": pa.array(np.char.add(f"H{lived.block.number}-", place.astype(str)), pa.string()),
            "role": named(("member", "head"), first * 1),
            "numbers": counted.astype(np.int32),
            "persons": persons.astype(np.int32),
        }
    ).filter(pa.array(known))


def _profile(lived: LivedMonth, lines: Lines, ids: pa.Array) -> pa.Table:
    dice, made = Dice(lines["person"], lived.now.seed, "ever"), lived.now.constants.profiles
    document = lines["document"]
    _, same, held = np.unique(document, return_inverse=True, return_counts=True)
    influence = np.select([lines["role"] == 1, lines["role"] == 2], [2, 3], dice.happens("leads", made.leads) * 1)
    return pa.table(
        {
            "customer_id": ids,
            "document_hash": pa.array(document + 650_000_000_000_000_000).cast(pa.string()),
            "numbers_held": held[same].astype(np.int32),
            "influence": named(
                ("none", "party_government_or_army", "enterprise_key_contact", "enterprise_it_lead"), influence
            ),
            "gender": named(("female", "male"), dice.happens("man", made.men) * 1),
            **_told_of(lines, dice, made),
            "consents_to_care": lines["consents"],
            "consents_to_marketing": dice.happens("consents to marketing", made.consents_to_marketing),
        }
    )


def _told_of(lines: Lines, dice: Dice, made: Profiles) -> dict[str, pa.Array]:
    """What people tell of themselves: who tells something rare tells what is more usual too."""
    tells = dice.uniform("tells")
    any_of = {
        "occupation": (OCCUPATIONS, "occupation", made.tells_occupation),
        "interests": (INTERESTS, "interest", made.tells_interests),
        "relations": (RELATIONS, "relation", made.tells_relations),
    }
    told = {
        name: named(names, _told(dice.choice(purpose, np.ones(len(names))), tells < share))
        for name, (names, purpose, share) in any_of.items()
    }
    ethnicity = _told(dice.choice("ethnicity", made.ethnicity_shares), tells < made.tells_ethnicity)
    return {
        **told,
        "anniversary": _anniversary(dice, lines["consents"] & (tells < made.tells_anniversary)),
        "ethnicity": named(ETHNICITIES, ethnicity),
    }


def _told(choice: Array, told: Array) -> Array:
    return np.where(told, choice, NONE)


def _anniversary(dice: Dice, told: Array) -> pa.Array:
    dates = [f"{month:02d}-{date:02d}" for month in range(1, 13) for date in range(1, 29)]
    return named(dates, _told(dice.choice("anniversary", np.ones(len(dates))), told))


def _products(lived: LivedMonth) -> pa.Table:
    lines = picked(lived.block.lines, np.flatnonzero(on_net(lived.block.lines, lived.now.begin)))
    since, until = lines["product_since"], lines["product_until"]
    at, product = np.nonzero(since != NONE)
    ended = until[at, product]
    return pa.table(
        {
            "customer_id": numbers(lines).take(pa.array(at)),
            "product": named(PRODUCT_NAMES, product),
            "family": named(PRODUCT_FAMILIES, product),
            "started_on": day(since[at, product]),
            "ended_on": day(ended),
            "fee": money(np.array(lived.now.constants.products.fees)[product]),
        }
    ).filter(pa.array((ended == NONE) | (ended >= lived.now.begin)))


def _members(lived: LivedMonth, lines: Lines, ids: pa.Array) -> pa.Table:
    accounts, at = lived.block.accounts, lines["account"]
    since = np.maximum(lines["activated"], accounts.since[at.clip(min=0)] if accounts.name else 0)
    return pa.table(
        {
            "customer_id": ids,
            "account_id": named(accounts.name, at),
            "role": named(ROLES, lines["role"]),
            "in_closed_user_group": lines["in_user_group"],
            "member_since": day(since),
        }
    ).filter(pa.array(at != NONE))


def _accounts(lived: LivedMonth, lines: Lines) -> pa.Table:
    accounts, now, made = lived.block.accounts, lived.now, lived.now.constants.accounts
    members = np.bincount(lines["account"][lines["account"] != NONE], minlength=len(accounts.name))
    dice = Dice(accounts.first.astype(np.int64) + (np.int64(lived.block.number) << 22), now.seed, str(now.month))
    return pa.table(
        {
            "account_id": pa.array(accounts.name, pa.string()),
            "industry": named(INDUSTRIES, accounts.industry),
            "account_class": named(CLASSES, accounts.rank),
            "phones": accounts.phones.astype(np.int32),
            "members": members.astype(np.int32),
            "spend": money(accounts.phones * made.spend * dice.factor("spend", made.spend_spread)),
            "manager": pa.array(accounts.managers(), pa.string()),
            "prefecture": pa.array(accounts.cities(), pa.string()),
            "since": day(accounts.since),
            "has_closed_user_group": accounts.user_group,
        }
    )


def _satisfaction(lived: LivedMonth) -> pa.Table:
    lines, now = lived.block.lines, lived.now
    here = (lines["closed_on"] == NONE) & (lines["left"] == NONE) & (lines["activated"] < now.begin)
    at, surveyed, topic, score = survey(now, lines, here)
    return pa.table(
        {
            "customer_id": numbers(lines).take(pa.array(at)),
            "surveyed_on": day(surveyed),
            "topic": named(TOPICS, topic),
            "score": score.astype(np.int32),
        }
    )
