"""Plausible: what a simulated operator looks like from outside, printed and checked against what is usual.

`python -m infra.simulator.plausible [world] [customers] [months] [seed]`
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.months import Month
from infra.simulator.chance import Array
from infra.simulator.month_of_block import MonthOfBlock
from infra.simulator.operator import Beginning, start
from infra.simulator.places import BRANDS
from infra.simulator.worlds import read_world

FIRST = Month(2024, 1)
TENURES = ((0, 6), (6, 24), (24, 60), (60, 1_000))
"""Months on net, from and before."""
FORCED = ("arrears", "fraud")


@dataclass
class Tally:
    """Sums over customer-months by group: customers on the books, and those who left by choice or force, came back."""

    customers: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    left: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    bills: list[Array] = field(default_factory=list)
    expected: dict[Month, float] = field(default_factory=lambda: defaultdict(float))
    leavers: dict[Month, float] = field(default_factory=lambda: defaultdict(float))
    here: dict[Month, float] = field(default_factory=lambda: defaultdict(float))

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
        amount = lived.tables["bills"]["amount"].to_numpy()
        self.bills.append(amount[amount > 0])

    def _groups(self, lived: MonthOfBlock, rows: pa.Table, first_day: np.datetime64) -> dict[str, Array]:
        members = lived.tables["account_members"]
        group = members.filter(members["in_closed_user_group"])["customer_id"].combine_chunks()
        in_group = pc.is_in(rows["customer_id"], group).to_numpy()
        months = (first_day - rows["activated_on"].to_numpy()).astype(int) / 30.4
        prepaid = _is_in(rows["payment_type"], ("prepaid",))
        by_brand = {brand: _is_in(rows["brand"], (brand,)) for brand in BRANDS}
        by_tenure = {f"{low} to {high} months": (months >= low) & (months < high) for low, high in TENURES}
        ways = {"prepaid": prepaid, "postpaid": ~prepaid, "closed user group": in_group, "no user group": ~in_group}
        return {"all": np.ones(len(rows), bool), **by_brand, **ways, **by_tenure}

    def churn(self, group: str) -> float:
        return self.left[group] / max(self.customers[group], 1)

    def calibration(self) -> float:
        """Leavers over the sum of their true chances two months before; who has joined since had none."""
        pairs = [(self.leavers[month + 2], self.expected[month]) for month in self.expected if month + 2 in self.here]
        observed, expected = map(sum, zip(*pairs, strict=True))
        return float(observed / expected)


def _is_in(column: pa.ChunkedArray, values: tuple[str, ...]) -> Array:
    found: Array = pc.is_in(column, pa.array(values)).to_numpy()
    return found


def _joined(rows: pa.Table, since: np.datetime64) -> Array:
    joined: Array = rows["activated_on"].to_numpy() >= since
    return joined


def checks(tally: Tally) -> list[tuple[str, float, float, float]]:
    """What is measured, its value, and from where to where it is plausible (domain, sections 2 and 3)."""
    bills, churn = np.concatenate(tally.bills), tally.churn
    months = sorted(tally.here)
    young, *_, old = (churn(f"{low} to {high} months") for low, high in TENURES)
    return [
        ("churn a month", churn("all"), 0.01, 0.04),
        *((f"churn a month, {brand}", churn(brand), 0.005, 0.06) for brand in BRANDS),
        ("prepaid churn over postpaid", churn("prepaid") / churn("postpaid"), 1.2, 5),
        ("closed user group's churn over the others'", churn("closed user group") / churn("no user group"), 0.02, 0.5),
        ("churn under 6 months over that after 60", young / old, 1.5, 10),
        ("leaving by force over by choice", tally.left["by force"] / tally.left["all"], 0.01, 0.35),
        ("re-entries over leavers", tally.left["who come back"] / tally.left["all"], 0.05, 0.4),
        ("bills over 666 yuan", float((bills > 666).mean()), 0.003, 0.02),
        ("bills over 1500 yuan", float((bills > 1500).mean()), 0.0005, 0.006),
        ("99th percentile of bills over the median", float(np.quantile(bills, 0.99) / np.median(bills)), 5, 60),
        ("customers at the end over those at the start", tally.here[months[-1]] / tally.here[months[0]], 0.96, 1.04),
        ("leavers over their true chances", tally.calibration(), 0.93, 1.07),
    ]


def report(tally: Tally) -> str:
    """The groups' churn, then each check with its verdict."""
    lines = [f"{'group':<48}{'churn a month':>14}"]
    lines += [f"{group:<48}{tally.churn(group):>14.2%}" for group in tally.customers]
    lines += ["", f"{'check':<48}{'value':>10}{'from':>9}{'to':>9}"]
    for name, value, low, high in checks(tally):
        verdict = "" if low <= value <= high else "  not plausible"
        lines.append(f"{name:<48}{value:>10.4f}{low:>9.4g}{high:>9.4g}{verdict}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Print the report; 1 when a check fails."""
    world, customers, months, seed = [*arguments, *("usual", "65536", "12", "1")[len(arguments) :]]
    lived_in = read_world(world)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        beginning = Beginning(lived_in, int(customers), int(seed), FIRST)
        start(Path(folder), beginning, months=int(months), write=tally.see)
    sys.stdout.write(report(tally))
    return int(any(not low <= value <= high for _, value, low, high in checks(tally)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
