"""Plausible: what a simulated operator looks like from outside, printed and checked against what is usual.

An operator lives in a world for some months. Printed are the churn of groups of customers, then the checks, each with
its value and from where to where it is plausible; the exit code is 1 when a value lies elsewhere.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.months import Month
from infra.simulator.chance import Array
from infra.simulator.month_of_block import MonthOfBlock
from infra.simulator.operator import Beginning, start
from infra.simulator.places import BRANDS
from infra.simulator.worlds import WorldError, draw_world, read_world

FIRST = Month(2024, 1)
TENURES = ((0, 6), (6, 24), (24, 60), (60, 1_000))
"""Months on net, from and before."""
FORCED = ("arrears", "fraud")
FEWEST_CUSTOMERS, FEWEST_MONTHS = 1_000, 3
"""Fewer customers leave groups empty; the chances of leaving in a month are told two months before it."""


class Tier(NamedTuple):
    """A VIP card by ARPU in yuan, from and below (domain, section 2), and from where to where its share is plausible.

    The domain tells no shares: the bounds are ours.
    """

    name: str
    low: float
    high: float
    fewest: float
    most: float


ABOVE_3000 = math.nextafter(3000, math.inf)
"""Diamond is above 3000 yuan, and 3000 still gold."""
VIP_TIERS = (
    Tier("silver", 666, 1500, 0.002, 0.01),
    Tier("gold", 1500, ABOVE_3000, 0.0004, 0.003),
    Tier("diamond", ABOVE_3000, math.inf, 0.00001, 0.0002),
)
BY_CHANCE = 3
"""Standard errors by which a tier's share may lie outside: of 80,000 customers nobody may hold a diamond card."""


class Check(NamedTuple):
    """What is measured, its value, and from where to where it is plausible."""

    name: str
    value: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        return self.low <= self.value <= self.high


@dataclass
class Tally:
    """Sums over customer-months by group: customers on the books, and those who left by choice or force, came back."""

    customers: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    left: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    bills: list[pa.Table] = field(default_factory=list)
    expected: dict[Month, float] = field(default_factory=lambda: defaultdict(float))
    leavers: dict[Month, float] = field(default_factory=lambda: defaultdict(float))
    here: dict[Month, float] = field(default_factory=lambda: defaultdict(float))
    members: dict[int, pa.Array] = field(default_factory=dict)
    """Of each block, who was in a closed user group a month ago: who gives notice is no member in the month they go."""

    def see(self, lived: MonthOfBlock) -> None:
        """Add one month of one block."""
        truth, customers = lived.truth, lived.tables["customers"]
        at = pc.index_in(truth["customer_id"], customers["customer_id"].combine_chunks())
        rows = customers.take(at)
        first_day = np.datetime64(str(lived.month), "M").astype("M8[D]")
        forced = _is_in(truth["cause"], FORCED)
        left = pc.fill_null(pc.equal(truth["left"], pa.scalar(lived.month.first_day)), False).to_numpy()
        for name, group in self._groups(lived, rows, first_day).items():
            self.customers[name] += group.sum()
            self.left[name] += (group & left & ~forced).sum()
        self.left["by force"] += (left & forced).sum()
        self.left["who come back"] += (
            ~truth["former_customer_id"].is_null().to_numpy() & _joined(rows, first_day)
        ).sum()
        self.expected[lived.month] += float(np.sum(truth["p_leave_1"].to_numpy()))
        known = ~_joined(rows, np.datetime64(str(lived.month - 1), "D"))
        self.leavers[lived.month] += (left & ~forced & known).sum()
        self.here[lived.month] += len(left)
        self.bills.append(lived.tables["bills"].select(["customer_id", "amount"]))

    def _groups(self, lived: MonthOfBlock, rows: pa.Table, first_day: np.datetime64) -> dict[str, Array]:
        known = np.full(len(rows), lived.block in self.members)
        in_group = known & _is_in(rows["customer_id"], self.members.get(lived.block, ()))
        members = lived.tables["account_members"]
        self.members[lived.block] = members.filter(members["in_closed_user_group"])["customer_id"].combine_chunks()
        months = (first_day - rows["activated_on"].to_numpy()).astype(int) / 30.4
        prepaid = _is_in(rows["payment_type"], ("prepaid",))
        by_brand = {brand: _is_in(rows["brand"], (brand,)) for brand in BRANDS}
        by_tenure = {f"{low} to {high} months": (months >= low) & (months < high) for low, high in TENURES}
        ways = {
            "prepaid": prepaid,
            "postpaid": ~prepaid,
            "closed user group": in_group,
            "no user group": known & ~in_group,
        }
        return {"all": np.ones(len(rows), bool), **by_brand, **ways, **by_tenure}

    def churn(self, group: str) -> float:
        return self.left[group] / max(self.customers[group], 1)

    def arpu(self) -> Array:
        """The mean bill of each customer over the months in which there was one."""
        by_customer = pa.concat_tables(self.bills).group_by("customer_id")
        means: Array = by_customer.aggregate([("amount", "mean")])["amount_mean"].to_numpy()
        return means

    def calibration(self) -> float:
        """Leavers over the sum of their true chances two months before; who has joined since had none."""
        pairs = [(self.leavers[month + 2], self.expected[month]) for month in self.expected if month + 2 in self.here]
        observed, expected = map(sum, zip(*pairs, strict=True))
        return float(observed / expected)


def _is_in(column: pa.ChunkedArray, values: pa.Array | tuple[str, ...]) -> Array:
    found: Array = pc.is_in(column, pa.array(values, column.type)).to_numpy()
    return found


def _joined(rows: pa.Table, since: np.datetime64) -> Array:
    joined: Array = rows["activated_on"].to_numpy() >= since
    return joined


def checks(tally: Tally) -> list[Check]:
    """Everything that is checked (domain, sections 2 and 3); decision 38 tells why some bounds are where they are."""
    churn = tally.churn
    months = sorted(tally.here)
    young, *_, old = (churn(f"{low} to {high} months") for low, high in TENURES)
    members = churn("closed user group") / churn("no user group")
    return [
        Check("churn a month", churn("all"), 0.01, 0.04),
        *(Check(f"churn a month, {brand}", churn(brand), 0.005, 0.06) for brand in BRANDS),
        Check("prepaid churn over postpaid", churn("prepaid") / churn("postpaid"), 1.2, 5),
        Check("closed user group's churn over the others'", members, 0.05, 0.5),
        Check("churn under 6 months over that after 60", young / old, 1.2, 10),
        Check("leaving by force over by choice", tally.left["by force"] / tally.left["all"], 0.01, 0.35),
        Check("re-entries over leavers", tally.left["who come back"] / tally.left["all"], 0.05, 0.4),
        *vip_shares(tally.arpu()),
        Check("99th percentile of bills over the median", _tail(tally.bills), 5, 60),
        Check(
            "customers at the end over those at the start", tally.here[months[-1]] / tally.here[months[0]], 0.96, 1.04
        ),
        Check("leavers over their true chances", tally.calibration(), 0.93, 1.07),
    ]


def vip_shares(arpu: Array) -> list[Check]:
    """The share of customers in each tier; of few customers, the bounds are as much wider as chance is."""
    return [
        Check(
            f"VIP {tier.name}, ARPU {_span(tier)}",
            float(((arpu >= tier.low) & (arpu < tier.high)).mean()),
            max(0.0, tier.fewest - BY_CHANCE * math.sqrt(tier.fewest / len(arpu))),
            tier.most + BY_CHANCE * math.sqrt(tier.most / len(arpu)),
        )
        for tier in VIP_TIERS
    ]


def _span(tier: Tier) -> str:
    return f"above {tier.low:.0f} yuan" if tier.high == math.inf else f"from {tier.low:.0f} to {tier.high:.0f} yuan"


def _tail(bills: list[pa.Table]) -> float:
    amounts = pa.concat_tables(bills)["amount"].to_numpy()
    amounts = amounts[amounts > 0]
    return float(np.quantile(amounts, 0.99) / np.median(amounts))


def report(tally: Tally) -> str:
    """The groups' churn, then each check with its verdict."""
    lines = [f"{'group':<48}{'churn a month':>14}"]
    lines += [f"{group:<48}{tally.churn(group):>14.2%}" for group in tally.customers]
    lines += ["", f"{'check':<48}{'value':>10}{'from':>9}{'to':>9}"]
    for check in checks(tally):
        verdict = "" if check.holds else "  not plausible"
        lines.append(f"{check.name:<48}{check.value:>10.5f}{check.low:>9.3g}{check.high:>9.3g}{verdict}")
    return "\n".join(lines) + "\n"


def operator_options(parser: argparse.ArgumentParser) -> None:
    """Ask for an operator: the same options for every program that looks at one from outside."""
    parser.add_argument("world", nargs="?", default="usual", help="a world that comes along, or a TOML file (usual)")
    parser.add_argument("--draw", type=int, metavar="SEED", help="draw the world's constants from their ranges")
    parser.add_argument("--customers", type=int, metavar="N", default=65_536, help="numbers to begin with (65536)")
    parser.add_argument("--seed", type=int, default=1, help="of the operator: who lives there, and their luck (1)")


def operator_asked_for(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> Beginning:
    """The operator of `operator_options`; what cannot be lived in ends the program with a sentence."""
    if asked.customers < FEWEST_CUSTOMERS:
        parser.error(f"--customers {asked.customers}: groups would be empty; give at least {FEWEST_CUSTOMERS}")
    try:
        world = read_world(asked.world)
    except WorldError as problem:
        parser.error(str(problem))
    lived_in = world if asked.draw is None else draw_world(world, asked.draw)
    return Beginning(lived_in, asked.customers, asked.seed, FIRST)


def lived(beginning: Beginning, months: int) -> Tally:
    """Let the operator live, and tally its months."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        start(Path(folder), beginning, months=months, write=tally.see)
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 1 when a check fails."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.simulator.plausible",
        description=__doc__,
        epilog="How far single indicators tell leavers apart: python -m infra.benchmarks.single_indicators",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    operator_options(parser)
    parser.add_argument("--months", type=int, metavar="N", default=12, help="how long it lives (12)")
    asked = parser.parse_args(arguments)
    if asked.months < FEWEST_MONTHS:
        parser.error(f"--months {asked.months}: leavers are told two months before; give at least {FEWEST_MONTHS}")
    tally = lived(operator_asked_for(parser, asked), asked.months)
    sys.stdout.write(report(tally))
    return int(not all(check.holds for check in checks(tally)))


if __name__ == "__main__":
    sys.exit(main())
