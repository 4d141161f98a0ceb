"""Holdout: who of the allocated is never contacted, drawn once per person, so that an effect can be proven."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from features.month_ledger import MonthLedger
from features.months import Month
from serving.allocation import PARTS, CampaignSettings, Rows
from serving.campaign_ledger import TREATED, WITHHELD, running, unfinished

if TYPE_CHECKING:
    import pyarrow as pa


def with_arms(slots: Rows, campaign: str, key: bytes | None, settings: CampaignSettings) -> Rows:
    """The allocated with their `arm`: of every hall the holdout's share is withheld, by chance alone.

    Within a hall people stand in the order of a keyed hash of their id, salted with campaign and seed; every
    so-many-th of this line is withheld, from a start that is hashed too (systematic sampling from a random
    order, Cochran 1977, chapter 8). So each person's chance is exactly the share; a hall's share, and that of
    all, is off by less than one person; and who is treated fits the hall's capacity. Nothing that is known
    about a person enters, and the draw of one campaign tells nothing about that of another.
    """
    ids = slots.get_column("customer_id").to_list()
    chance = _hashes(key, f"holdout|{campaign}|{settings.seed}", ids)
    line = slots.with_columns(nw.new_series("chance", chance, nw.String, backend=slots.implementation))
    line = line.sort("hall", "chance")
    start = int(_hashes(key, f"start|{campaign}|{settings.seed}", [""])[0], 16) % PARTS
    withheld = _every_so_many(len(ids), settings.withheld_parts, start)
    arms = np.where(withheld, WITHHELD, TREATED).tolist()
    return line.with_columns(nw.new_series("arm", arms, nw.String, backend=slots.implementation)).drop("chance")


def withheld(ledger: MonthLedger, month: Month) -> pa.Table:
    """`customer_id` of everybody who must not be contacted in `month`, because a running campaign withholds them.

    A campaign runs from its own month until the month with which its outcome is complete.
    """
    return _of_holdout(running(ledger.warehouse, month))


def still_withheld(ledger: MonthLedger) -> pa.Table:
    """`customer_id` of everybody whom a campaign of any month withholds, its outcome being open by the data on hand.

    Nobody may contact them today, whichever month's list it is that names them.
    """
    on_hand = ledger.months("customers")
    return _of_holdout(unfinished(ledger.warehouse, on_hand[-1] if on_hand else None))


def _of_holdout(members: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    return members.filter(pc.equal(members.column("arm"), WITHHELD)).select(["customer_id"])


def _hashes(key: bytes | None, salt: str, ids: Sequence[str]) -> list[str]:
    secret = key or b""
    return [hmac.digest(secret, f"{salt}|{customer}".encode(), "sha256").hex() for customer in ids]


def _every_so_many(size: int, parts: int, start: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True where the running total of `parts` ten-thousandths, from `start` on, reaches the next whole number."""
    total = np.arange(size + 1, dtype=np.int64) * parts + start
    reached: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.diff(total // PARTS) > 0
    return reached
