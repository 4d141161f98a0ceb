"""Business list: indicators that business people know, in the order in which they prefer them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from models import ModelsError


def read_business_list(file: Path) -> tuple[str, ...]:
    """The names under `prefer`; each once. A name that no indicator has (any more) is told in the report, no error.

    An operator may list its own indicators, which exist only once they were delivered.
    """
    try:
        held = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelsError(
            f"business list {file} does not exist; name an existing TOML file in screening.business_file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ModelsError(f"business list {file} is not TOML: {broken}; mend it") from None
    return _checked(held, file)


def _checked(held: dict[str, object], file: Path) -> tuple[str, ...]:
    names = held.get("prefer")
    if set(held) != {"prefer"} or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelsError(f'business list {file}: write prefer = ["name", ...] with names of indicators, nothing else')
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ModelsError(f"business list {file}: {twice} stands twice; leave one of them out")
    return tuple(names)
