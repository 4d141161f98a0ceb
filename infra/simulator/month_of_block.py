"""A month of a block: all that one block hands out of a month, in contract shape, and its hidden truth."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from features.contracts import CONTRACTS
from features.months import Month
from infra.simulator.data_errors import with_data_errors
from infra.simulator.life import LivedMonth
from infra.simulator.operator_tables import operator_tables
from infra.simulator.outreach import Contacts
from infra.simulator.people_tables import people_tables
from infra.simulator.tables import customer_tables
from infra.simulator.truth import truth_of


@dataclass(frozen=True)
class MonthOfBlock:
    """Rows by contract table, with exactly the contract's columns; ids are raw numbers as text.

    Tables of the operator as a whole come with block 0 alone, accounts with the block of their members.
    """

    block: int
    month: Month
    tables: dict[str, pa.Table]
    truth: pa.Table


def month_of_block(lived: LivedMonth, customers: int, contacts: Contacts) -> MonthOfBlock:
    tables = {**customer_tables(lived), **people_tables(lived)}
    if lived.block.number == 0:
        tables |= operator_tables(lived.now, customers, contacts)
    shaped = {name: rows.select(list(CONTRACTS[name].columns())) for name, rows in tables.items()}
    return MonthOfBlock(lived.block.number, lived.now.month, with_data_errors(lived.now, shaped), truth_of(lived))
