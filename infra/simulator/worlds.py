"""Worlds: what rules a simulated operator, constant by constant, each with its range and its reason.

A world is a TOML file. `usual` states every constant as `{ value, low, high, reason }`; another world names its
`base` and only what differs. The constants enter the program as the dataclasses of `world_sections`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

from infra.simulator.chance import chance_of
from infra.simulator.places import BRANDS
from infra.simulator.world_sections import SECTIONS, Change, Constants, Plan
from infra.simulator.world_values import as_like, lowest, wanted, wanted_of_change, wanted_of_plan

FOLDER = Path(__file__).with_name("worlds")
MODEL = "usual"
"""The world whose constants tell of which type and shape those of every other one must be."""
_FACTS = {"value", "low", "high", "reason"}
_Range: TypeAlias = tuple[Any, Any]


class WorldError(Exception):
    """A world file that cannot be lived in."""


@dataclass(frozen=True)
class World:
    """A name, its constants, the tariff plans on sale, and what is scheduled to change when."""

    name: str
    constants: Constants
    plans: tuple[Plan, ...]
    changes: tuple[Change, ...]
    ranges: Mapping[str, Mapping[str, _Range]]


def read_world(world: str | Path) -> World:
    """The world of a file, or of a name among those that come along. Raises WorldError."""
    path = Path(world)
    if path.suffix != ".toml":
        path = FOLDER / f"{world}.toml"
    told, models = _told(path), _told(FOLDER / f"{MODEL}.toml")
    sections = {
        name: _read_section(path, name, kind, told.pop(name, {}), models[name]) for name, kind in SECTIONS.items()
    }
    plans = tuple(_record(path, "plan", Plan, wanted_of_plan, row) for row in told.pop("plan", []))
    changes = tuple(_record(path, "change", Change, wanted_of_change, row) for row in told.pop("change", []))
    if told:
        raise WorldError(f"{path.name}: section {min(told)!r} is unknown; choose one of {', '.join(SECTIONS)}")
    _refuse_brand_without_plan(path, plans)
    constants = Constants(**{name: values for name, (values, _) in sections.items()})
    return World(path.stem, constants, plans, changes, {name: ranges for name, (_, ranges) in sections.items()})


def draw_world(world: World, seed: int) -> World:
    """The same world with every constant drawn from its range, each by its own name: a new constant moves no other."""
    drawn = {}
    for section, ranges in world.ranges.items():
        values = {
            name: _between(low, high, f"{seed}/{section}.{name}") for name, (low, high) in ranges.items() if low != high
        }
        drawn[section] = replace(getattr(world.constants, section), **values)
    return replace(world, name=f"{world.name}-{seed}", constants=Constants(**drawn))


def world_to_json(world: World) -> dict[str, Any]:
    """A world as it is lived in, to be kept beside its operator; its ranges are not needed any more."""
    told = asdict(world)
    del told["ranges"]
    return told


def world_from_json(told: Mapping[str, Any]) -> World:
    sections = told["constants"]
    constants = Constants(
        **{
            name: kind(**{field: _frozen(value) for field, value in sections[name].items()})
            for name, kind in SECTIONS.items()
        }
    )
    plans, changes = tuple(Plan(**row) for row in told["plans"]), tuple(Change(**row) for row in told["changes"])
    return World(told["name"], constants, plans, changes, {})


def digest(world: str) -> str:
    """A hash of a world that comes along, its base included: what docs name when they freeze it."""
    path = FOLDER / f"{world}.toml"
    base = tomllib.loads(path.read_text("utf-8")).get("base")
    told = hashlib.sha256(path.read_bytes() + (digest(base).encode() if base else b""))
    return told.hexdigest()[:16]


def _told(path: Path) -> dict[str, Any]:
    """A file's content laid over that of its base: constants singly, lists as a whole."""
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise WorldError(f"world {path.stem!r} is not there; give a TOML file, or one of {known}")
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise WorldError(f"{path.name}: {error}; mend the TOML") from None
    except UnicodeDecodeError as error:
        raise WorldError(f"{path.name}: byte {error.start} is not UTF-8 text; save the file as UTF-8") from None
    told.pop("reason", None)
    base = told.pop("base", None)
    _refuse_other_kinds(path, told)
    if base is None:
        return told
    under = _told(FOLDER / f"{base}.toml")
    for name, content in told.items():
        under[name] = under.get(name, {}) | content if isinstance(content, dict) else content
    return under


def _refuse_other_kinds(path: Path, told: Mapping[str, Any]) -> None:
    """A section holds constants; plans and changes are lists, of which each has a table of its own."""
    for name, content in told.items():
        if name in ("plan", "change"):
            if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
                raise WorldError(f"{path.name}: {name} = {content!r} wants to be tables, each under [[{name}]]")
        elif not isinstance(content, dict):
            raise WorldError(f"{path.name}: {name} = {content!r} wants to be a section, [{name}] with its constants")


def _read_section(
    path: Path, section: str, kind: type, told: Mapping[str, Any], models: Mapping[str, Any]
) -> tuple[Any, dict[str, _Range]]:
    """The values of a section as its dataclass, and the ranges to draw from."""
    names = {field.name for field in fields(kind)}
    _refuse(path, section, sorted(set(told) - names), "is unknown", names)
    _refuse(path, section, sorted(names - set(told)), "is missing", names)
    values, ranges = {}, {}
    for name, facts in told.items():
        if not isinstance(facts, dict) or set(facts) - _FACTS or "value" not in facts or not facts.get("reason"):
            raise WorldError(
                f"{path.name}: {section}.{name} wants value and reason, and low and high where it may vary"
            )
        ends = (facts.get(end, facts["value"]) for end in ("value", "low", "high"))
        value, low, high = (_like_model(path, f"{section}.{name}", _frozen(end), models[name]) for end in ends)
        if not _within(low, value, high):
            raise WorldError(f"{path.name}: {section}.{name} = {value} is not within {low} to {high}")
        values[name], ranges[name] = value, (low, high)
    return kind(**values), ranges


def _refuse(path: Path, section: str, which: list[str], what: str, names: set[str]) -> None:
    if which:
        raise WorldError(f"{path.name}: {section}.{which[0]} {what}; the section holds {', '.join(sorted(names))}")


def _like_model(path: Path, name: str, given: Any, model: Mapping[str, Any]) -> Any:
    like, low = (_frozen(model.get(end, model["value"])) for end in ("value", "low"))
    if found := wanted(name, given, like, below_zero=lowest(low) < 0):
        raise WorldError(f"{path.name}: {name} = {given!r} wants {found}")
    return as_like(given, like)


def _refuse_brand_without_plan(path: Path, plans: tuple[Plan, ...]) -> None:
    without = [brand for brand in BRANDS if brand not in {plan.brand for plan in plans}]
    if without:
        raise WorldError(f"{path.name}: no [[plan]] of {', '.join(without)}; name at least one tariff plan per brand")


def _record(
    path: Path, what: str, kind: type, wanted_of: Callable[[Any], tuple[str, str]], row: Mapping[str, Any]
) -> Any:
    names = {field.name for field in fields(kind)}
    _refuse(path, what, sorted(set(row) - names), "is unknown", names)
    try:
        record = kind(**row)
    except TypeError:
        raise WorldError(f"{path.name}: a [[{what}]] wants {', '.join(sorted(names))}") from None
    field, found = wanted_of(record)
    if field:
        raise WorldError(f"{path.name}: {what}.{field} = {getattr(record, field)!r} wants {found}")
    return record


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _within(low: Any, value: Any, high: Any) -> bool:
    if isinstance(value, tuple):
        return len(low) == len(value) == len(high) and all(map(_within, low, value, high))
    return isinstance(value, str) or bool(low <= value <= high)


def _between(low: Any, high: Any, name: str) -> Any:
    if isinstance(low, tuple):
        return tuple(_between(*ends, f"{name}[{place}]") for place, ends in enumerate(zip(low, high, strict=True)))
    drawn = low + (high - low) * chance_of("world", name)
    return round(drawn) if isinstance(low, int) and isinstance(high, int) else drawn
