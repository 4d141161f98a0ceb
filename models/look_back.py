"""Look-back: whether all the months that a window looks at were on hand."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from features.feature_months import LONGEST_WINDOW
from features.months import Month, months_between

if TYPE_CHECKING:
    from features.month_ledger import MonthLedger


def looks_back(month: Month, on_hand: Collection[Month], window: int = LONGEST_WINDOW) -> bool:
    """Whether the `window` months up to `month`, itself included, are all on hand.

    A window that still fills, or that has a hole, holds other months than its name says. Counting from the first
    month on hand would not do: an operator may deliver one old month and then nothing for a year.
    """
    return set(months_between(month - (window - 1), month)) <= set(on_hand)


def whole_months(ledger: MonthLedger, as_of: Month) -> list[Month]:
    """Months, ascending, whose customers were on hand over the longest window at the month's own close."""
    held = ledger.months("customers", as_of)
    return [month for month in held if looks_back(month, ledger.months("customers", month))]
