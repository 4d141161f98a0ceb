"""Truth: Holdfast's model against a reference booster and the true probability, in worlds drawn by seed.

For each seed a world is drawn from the ranges of its file. A small operator lives in it whose extracts go through
Holdfast, and a large one, twenty times its size, whose raw columns a reference booster is given. Both learn from the
same months; both, bare LightGBM and the simulator's own probability are judged on later months of the large one.

Then the null worlds: without a signal nobody may be told apart, where nobody comes back hardly anybody who joins may
look like somebody who is gone, where contacts do nothing no campaign may be claimed to have done anything, and where
they do the same to all, choosing people by effect gains nothing. --world judges one world alone, by what it is about;
with --campaign, campaigns are read out in it. A world takes 5 to 10 minutes on two cores, all of them two hours.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from infra.benchmarks.own_process import FEWEST, at_least, folder_with_room
from infra.benchmarks.truth_goals import Figure, aucs, campaign_goals, goals, link_goals, targeting_goals
from infra.benchmarks.truth_world import LARGER, Trial, run
from infra.simulator.worlds import WorldError, draw_world, read_world

NEEDED_SHARE = 0.8
"""Of the worlds, in which a goal has to be met: 8 of 10."""


@dataclass(frozen=True)
class Trials:
    """A world, how many seeds it is tried by, and what is judged in it."""

    world: str
    seeds: int
    about: Literal["model", "campaign", "links"] = "model"


WORLDS = (
    Trials("usual", 10),
    Trials("no_signal", 1),
    Trials("no_re_entry", 1, "links"),
    Trials("no_contact_effect", 5, "campaign"),
    Trials("same_effect", 5, "campaign"),
)
SAME_FOR_ALL = "same_effect"
UNSEEN = range(421, 431)
"""Seeds of worlds, operators and campaigns that nobody looked at while the model was made."""


def main() -> None:
    asked = _arguments()
    results = []
    for result in _judged(asked):
        results.append(result)
        _print_world(result)
        if asked.json:
            asked.json.write_text(json.dumps(results, default=_plain, indent=1))
    print(summary(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m infra.benchmarks.truth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    seeds = f"one drawn world each (default: {UNSEEN[0]} to {UNSEEN[-1]})"
    parser.add_argument("--seeds", type=at_least(0), nargs="+", default=list(UNSEEN), help=seeds)
    parser.add_argument("--world", help="name of a world file, or its path (default: usual, then the null worlds)")
    of_both = f"of Holdfast; the reference has {LARGER} times as many (default: %(default)s)"
    parser.add_argument("--customers", type=at_least(FEWEST), default=20_000, help=of_both)
    parser.add_argument("--campaign", action="store_true", help="with --world: read campaigns out, not judge the model")
    parser.add_argument("--scratch", type=folder_with_room, help="folder with some GB of room (default: the system's)")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    if asked.campaign and not asked.world:
        parser.error("--campaign needs the --world whose campaigns are to be read out")
    try:
        read_world(asked.world or WORLDS[0].world)
    except WorldError as problem:
        parser.error(str(problem))
    return asked


def _judged(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Of each world and seed: areas where a model was judged, and the goals."""
    for trials in _trials(asked):
        for seed in asked.seeds[: trials.seeds]:
            with tempfile.TemporaryDirectory(dir=asked.scratch) as folder:
                result = JUDGES[trials.about](trials.world, asked.customers, seed, Path(folder))
            yield {"world": trials.world, "seed": seed, **result}


def _trials(asked: argparse.Namespace) -> tuple[Trials, ...]:
    if not asked.world:
        return WORLDS
    known = {trials.world: trials.about for trials in WORLDS}
    about = "campaign" if asked.campaign else known.get(asked.world, "model")
    return (Trials(asked.world, len(asked.seeds), about),)


def _model(world: str, customers: int, seed: int, folder: Path) -> dict[str, Any]:
    judged = run(Trial(draw_world(read_world(world), seed), customers, seed, folder / "trial"))
    return {"auc": aucs(judged), "goals": goals(judged)}


def _campaign(world: str, customers: int, seed: int, folder: Path) -> dict[str, Any]:
    """A campaign in the world as it is: nothing may be claimed that the truth does not hold."""
    from infra.benchmarks.truth_campaign import claimed_and_true

    claimed, true = claimed_and_true(world, customers, seed, folder)
    goals = campaign_goals(claimed, true.kept)
    if world == SAME_FOR_ALL:
        goals |= targeting_goals(true)
    return {"truth": {"kept": true.kept, "gain of choosing by effect": true.gain}, "goals": goals}


def _links(world: str, customers: int, seed: int, folder: Path) -> dict[str, Any]:
    from infra.benchmarks.truth_links import linked_and_true

    linked, came_back = linked_and_true(read_world(world), customers, seed, folder)
    return {"truth": {"came back": came_back}, "goals": link_goals(linked)}


JUDGES = {"model": _model, "campaign": _campaign, "links": _links}


def _print_world(result: dict[str, Any]) -> None:
    print(f"world {result['world']}, seed {result['seed']}", flush=True)
    for name, figure in result.get("auc", {}).items():
        print(f"  AUC {name:<20} {figure}", flush=True)
    for name, value in result.get("truth", {}).items():
        print(f"  {f'in truth: {name}':<38} {value:.3f}", flush=True)
    for name, (figure, kept) in result["goals"].items():
        print(f"  {name:<24} {figure}  {'met' if kept else 'MISSED'}", flush=True)


def summary(results: list[dict[str, Any]]) -> str:
    """A line per world and goal with the seeds that met it, how many met all, and at last goals met of goals asked."""
    asked = [*dict.fromkeys((result["world"], name) for result in results for name in result["goals"])]
    lines, reached = [], 0
    for world, name in asked:
        judged = [one["goals"][name][1] for one in results if one["world"] == world and name in one["goals"]]
        needed = math.ceil(NEEDED_SHARE * len(judged))
        reached += sum(judged) >= needed
        lines.append(f"{world:<18} {name:<26} met in {sum(judged)} of {len(judged)}, {needed} needed")
    worlds = dict.fromkeys(result["world"] for result in results)
    lines += [f"{world:<18} {'every goal':<26} {_all_met(results, world)}" for world in worlds]
    return "\n".join([*lines, f"{reached} of {len(asked)} goals met"])


def _all_met(results: list[dict[str, Any]], world: str) -> str:
    judged = [all(met for _, met in one["goals"].values()) for one in results if one["world"] == world]
    return f"met in {sum(judged)} of {len(judged)}"


def _plain(value: object) -> object:
    return asdict(value) if isinstance(value, Figure) else bool(value)


if __name__ == "__main__":
    main()
