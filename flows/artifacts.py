"""Artifacts: what a run leaves in Prefect for people to look at, tables and links, never a customer's row."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from features.home import Home
from features.months import Month
from flows.served import served
from models.small_cells import counted

if TYPE_CHECKING:
    from flows.monitor_steps import Monitored


TITLES = {"mlflow": "MLflow", "evidently": "Evidently"}


def plain(result: Any) -> dict[str, Any]:
    """A result as Prefect can store and show it: text, numbers, lists and objects."""
    content = (
        dataclasses.asdict(result) if dataclasses.is_dataclass(result) and not isinstance(result, type) else result
    )
    made: dict[str, Any] = json.loads(json.dumps(content, default=str))
    return made


def show_list(home: Home, month: Month, folder: Path) -> None:
    """How many customers each hall's list holds, where the files lie, and which model made them."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    currency = manifest["currency"] or "no currency"
    told = (
        f"Warning list of {month}: {manifest['listed']:,} of {manifest['scored']:,} scored customers, value at risk "
        f"{manifest['value_at_risk']:,.2f} ({currency}); files in {folder}"
    )
    halls = [
        {"hall": hall["hall"] or "no hall", "listed": counted(hall["listed"]), "file": f"{hall['file']}.csv"}
        for hall in manifest["halls"]
    ]
    create_table_artifact(halls, key=f"list-{month}", description=told)
    model = manifest["model"]
    told = f"{model['name']} version {model['version']}"
    _link(home, "mlflow", _version_page(model["name"], model["version"]), f"model-of-list-{month}", told)


def show_verdict(home: Home, month: Month, seen: Monitored) -> None:
    """What the monitor found, in its own words, and the way to Evidently's dashboard."""
    content = {name: value for name, value in seen.content.items() if isinstance(value, str | int | float | bool)}
    lines = [
        f"## {month}: {seen.verdict}",
        "",
        _listed(content),
        "",
        f"Page: `{seen.page}`",
        f"All: `{seen.verdict_file}`",
    ]
    create_markdown_artifact("\n".join(lines), key=f"drift-{month}", description=f"Drift of {month}")
    _link(home, "evidently", "", f"dashboard-of-{month}", "drift over the months")


def show_training(home: Home, model: str, as_of: Month, version: int, told: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a training, and the way to its version in MLflow."""
    lines = [f"## {model} version {version}, as of {as_of}", "", _listed(told)]
    create_markdown_artifact("\n".join(lines), key=f"{model}-{as_of}", description=f"{model} as of {as_of}")
    _link(home, "mlflow", _version_page(model, version), f"{model}-version-of-{as_of}", f"{model} version {version}")
    return {"model": model, "version": version, **told}


def _listed(content: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in content.items())


def _version_page(model: str, version: int) -> str:
    """The version among what MLflow shows of training; without the parameter its menu is that of language models."""
    return f"#/models/{model}/versions/{version}?workflowType=machine_learning"


def _link(home: Home, tool: str, path: str, key: str, text: str) -> None:
    """A link to a tool of this home, as long as `holdfast up` serves it; elsewhere there is nothing to link to."""
    address = served(home).get(tool)
    if address:
        create_link_artifact(f"{address}/{path}", link_text=text, key=key, description=f"{text} in {TITLES[tool]}")
