"""Truth: Holdfast's model against a reference booster and the true probability, in worlds drawn by seed.

For each seed a world is drawn from the ranges of its file. A small operator lives in it whose extracts go through
Holdfast, and a large one, twenty times its size, whose raw columns a reference booster is given. Both learn from the
same months; both, bare LightGBM and the simulator's own probability are judged on later months of the large one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.benchmarks.truth_goals import Figure, aucs, goals
from infra.benchmarks.truth_world import LARGER, Trial, run

NEEDED_SHARE = 0.8
"""Of the worlds, in which a goal has to be met: 8 of 10."""


def main() -> None:
    asked = _arguments()
    from infra.simulator.worlds import draw_world, read_world

    if asked.campaign:
        print(_campaigns(asked))
        return
    results = []
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory(dir=asked.scratch) as folder:
            world = draw_world(read_world(asked.world), seed)
            judged = run(Trial(world, asked.customers, seed, Path(folder) / "trial"))
        areas, met = aucs(judged), goals(judged)
        _print_world(seed, areas, met)
        results.append({"seed": seed, "auc": areas, "goals": met})
        if asked.json:
            asked.json.write_text(json.dumps(results, default=_plain, indent=1))
    print(summary(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(301, 311)), help="one world each")
    parser.add_argument("--world", default="usual", help="name of a world file, or its path (default: usual)")
    parser.add_argument("--customers", type=int, default=20_000, help=f"of Holdfast; the reference has {LARGER} times")
    parser.add_argument("--campaign", action="store_true", help="read a campaign out instead of judging the model")
    parser.add_argument("--scratch", type=Path, help="folder with some GB of room (default: the system's)")
    parser.add_argument("--json", type=Path, help="file for all figures")
    return parser.parse_args()


def _campaigns(asked: argparse.Namespace) -> str:
    """A campaign per seed, in the world as it is: nothing may be claimed that the truth does not hold."""
    from infra.benchmarks.truth_campaign import claimed_and_true

    kept = 0
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory(dir=asked.scratch) as folder:
            claimed, true = claimed_and_true(asked.world, asked.customers, seed, Path(folder))
        holds = claimed.low <= true <= claimed.high
        kept += holds
        print(
            f"seed {seed}: the readout claims {claimed}, the truth is {true:.3f}{'' if holds else '  MISSED'}",
            flush=True,
        )
    return f"{kept} of {len(asked.seeds)} intervals hold the truth"


def _print_world(seed: int, areas: dict[str, Figure], met: dict[str, tuple[Figure, bool]]) -> None:
    print(f"world {seed}", flush=True)
    for name, figure in areas.items():
        print(f"  AUC {name:<20} {figure}", flush=True)
    for name, (figure, kept) in met.items():
        print(f"  {name:<24} {figure}  {'met' if kept else 'MISSED'}", flush=True)


def summary(results: list[dict[str, Any]]) -> str:
    """One line per goal with the worlds that met it, and the last line: goals met of goals asked."""
    names = [*dict.fromkeys(name for result in results for name in result["goals"])]
    lines, reached = [], 0
    for name in names:
        judged = [result["goals"][name][1] for result in results if name in result["goals"]]
        needed = NEEDED_SHARE * len(judged)
        reached += sum(judged) >= needed
        lines.append(f"{name:<26} met in {sum(judged)} of {len(judged)} worlds, {needed:g} needed")
    return "\n".join([*lines, f"{reached} of {len(names)} goals met"])


def _plain(value: object) -> object:
    return asdict(value) if isinstance(value, Figure) else bool(value)


if __name__ == "__main__":
    main()
