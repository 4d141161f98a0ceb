"""Truth: what nobody but the simulator can know, for tests and benchmarks alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infra.simulator.chance import Array
from infra.simulator.departures import CAUSES, lead_hazards, silent
from infra.simulator.hazard import hazard_later
from infra.simulator.lines import CHANNELS, NONE, SENSITIVITIES, Lines, on_net, phone_number

if TYPE_CHECKING:
    import pyarrow as pa

    from infra.simulator.life import LivedMonth
    from infra.simulator.moments import Moment


def chance_of_leaving(now: Moment, lines: Lines, window: tuple[int, int]) -> Array:
    """P(leaving by choice within (`window[0]`, `window[1]`] months | whole state at the end of this one).

    Of the decided it rests on the hazards of the lead alone; of the others, who decide first, on next month's hazard
    and on what it will be later as far as that can be known (`hazard_later`). Being closed by force before is left out.
    """
    hazards = lead_hazards(now.constants.leaving.lead_shares)
    decided = lines["decided"] != NONE
    months = now.number - lines["decided"]
    undecided = np.where(decided, 0.0, 1.0)
    waiting = [np.where(decided & (months == k), 1.0, 0.0) for k in range(len(hazards))]
    chance = np.zeros(len(undecided))
    for step in range(1, window[1] + 1):
        hazard = hazard_later(now, lines, step).astype(np.float64)
        waiting = [undecided * hazard, *waiting[:-1]]
        undecided = undecided * (1 - hazard)
        leaves = [share * leave for share, leave in zip(waiting, hazards, strict=True)]
        waiting = [share - gone for share, gone in zip(waiting, leaves, strict=True)]
        if step > window[0]:
            chance += sum(leaves)
    there: Array = np.where((lines["left"] == NONE) & (lines["closed_on"] == NONE), chance, 0.0)
    return there


def truth_of(lived: LivedMonth) -> pa.Table:
    """One row per line on the books that has not left: person, mind, chances and, of the contacted, both outcomes."""
    import pyarrow as pa

    lines, now = lived.block.lines, lived.now
    kept = on_net(lines, now.begin) & ~silent(lines, now.number - 1)
    return pa.table(
        {
            "customer_id": pa.array(phone_number(lines["line"])).cast(pa.string()),
            "person": lines["person"],
            "former_customer_id": _former(lines),
            **{name: _months(lines[name]) for name in ("decided", "left")},
            "cause": pa.array(CAUSES).take(pa.array(lines["cause"].clip(min=0))),
            "satisfaction": lines["satisfaction"],
            **_tastes(lines),
            "reactance": lines["reactance"],
            "hazard": lines["hazard"],
            **{f"p_leave_{h}": chance_of_leaving(now, lines, (1, 1 + h)) for h in (1, 3)},
            **_outcomes(lived),
        }
    ).filter(pa.array(kept))


def _tastes(lines: Lines) -> dict[str, Array]:
    """Sensitivities and channels, each a mixture that sums to 1."""
    names = (name.replace(" ", "_") for name in SENSITIVITIES)
    sensitivities = {f"sensitivity_{name}": lines["sensitivity"][:, kind] for kind, name in enumerate(names)}
    return sensitivities | {f"channel_taste_{k}": lines["channel_taste"][:, k] for k in range(CHANNELS)}


def _outcomes(lived: LivedMonth) -> dict[str, pa.Array]:
    """Of the contacted, the chances of leaving with and without it; of the others, missing."""
    import pyarrow as pa

    told = {}
    for name in ("without", "given"):
        column = np.full(len(lived.block.lines["line"]), np.nan)
        column[lived.answers.contacted.astype(int)] = getattr(lived.answers, name)
        told[f"p_leave_{name}_contact"] = pa.array(column, from_pandas=True)
    return told


def _former(lines: Lines) -> pa.Array:
    """The number that somebody who came back had before."""
    import pyarrow as pa

    came = lines["came_from"]
    return pa.array(phone_number(came), mask=came == NONE).cast(pa.string())


def _months(numbers: Array) -> pa.Array:
    """Month numbers as the first days of months."""
    import pyarrow as pa

    months = (numbers.astype(np.int64) - 1970 * 12).astype("M8[M]").astype("M8[D]")
    return pa.array(months, mask=numbers == NONE)
