"""Business list: what business people know of indicators: which they prefer, and which are rare signs of leaving."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from models import ModelsError


@dataclass(frozen=True)
class BusinessList:
    """Names of indicators: those of `prefer` are kept, in that order, of several that say the same.

    Those of `keep` are never dropped for being rare, as long as ten customers of a month differ. A name that no
    indicator has is no error: an operator may list its own, which exist only once they were delivered.
    """

    prefer: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def place(self, name: str) -> int:
        """The place in the order of preference; what is not listed comes after all that are."""
        return self.prefer.index(name) if name in self.prefer else len(self.prefer)


def read_business_list(file: Path) -> BusinessList:
    """The list of a TOML file; every problem is one line that names the file and what to mend."""
    try:
        held = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelsError(
            f"business list {file} does not exist; name an existing TOML file in screening.business_file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ModelsError(f"business list {file} is not TOML: {broken}; mend it") from None
    known = [field.name for field in fields(BusinessList)]
    unknown = next((key for key in held if key not in known), None)
    if unknown is not None:
        raise ModelsError(f"business list {file}: {unknown} is unknown; the lists are {', '.join(known)}")
    return BusinessList(**{name: _names(held, name, file) for name in known})


def _names(held: Mapping[str, Any], key: str, file: Path) -> tuple[str, ...]:
    names = held.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelsError(f'business list {file}: {key} holds names of indicators; write {key} = ["name", ...]')
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ModelsError(f"business list {file}: {twice} stands twice in {key}; leave one of them out")
    return tuple(names)
