"""Campaign design: what is laid down before anybody is treated, sealed by the digest that the ledger keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from features.durable_files import write_durably
from features.labels import ChurnDefinition
from serving import ServingError

DESIGN = "design.json"


def sealed(design: Mapping[str, Any]) -> dict[str, Any]:
    """The design with its `digest`."""
    return {**design, "digest": _digest(design)}


def write_design(folder: Path, design: Mapping[str, Any]) -> None:
    """Write a sealed design into the campaign's folder."""
    write_durably(folder / DESIGN, json.dumps(design, indent=2, sort_keys=True).encode() + b"\n", private=True)


def read_design(folder: Path, campaign: str, digest: str) -> dict[str, Any]:
    """The design in `folder`. Raises ServingError when it is missing, or is not the one that `digest` seals."""
    file = folder / DESIGN
    try:
        design: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        is_whole = _digest(design) == digest
    except FileNotFoundError:
        raise ServingError(f"campaign {campaign}: {file} is missing; put it back from a backup") from None
    except (OSError, ValueError, AttributeError):
        is_whole = False
    if not is_whole:
        raise ServingError(
            f"campaign {campaign}: {file} is not the design that the campaign was drawn with; put it back from a backup"
        )
    return design


def definition(churn: ChurnDefinition) -> dict[str, Any]:
    """What of the source's churn definition decides a campaign's outcome, beside the horizon."""
    return {
        "silent_months": churn.silent_months,
        "gap": churn.gap,
        "activity": [asdict(activity) for activity in churn.activity],
    }


def refuse_another_definition(design: Mapping[str, Any], churn: ChurnDefinition) -> None:
    """Raise ServingError when leaving means something else by now: choosing that later would choose the outcome."""
    now = definition(churn)
    drawn = design.get("churn", now)  # a design drawn before designs told it
    changed = [name for name in now if drawn[name] != now[name]]
    if changed:
        name = changed[0]
        raise ServingError(
            f"campaign {design['campaign']}: was drawn with [churn] {name} = {drawn[name]}, and source.toml says "
            f"{now[name]} by now; read it out with the definition it was drawn with"
        )


def _digest(design: Mapping[str, Any]) -> str:
    told = {name: value for name, value in design.items() if name != "digest"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
