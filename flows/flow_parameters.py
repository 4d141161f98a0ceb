"""Flow parameters: the fields of Prefect's run form, each with its bounds and choices.

What a field means stands in the docstring of its flow, from which Prefect takes it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from flows.settings import SOURCES

MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"

MonthText = Annotated[str, Field(pattern=MONTH)]
"""Text and not a date: a form would ask for a day."""

REGISTERED = tuple(sorted(folder.name for folder in SOURCES.iterdir() if folder.is_dir()))


def _registered(source: str | None) -> str | None:
    if source not in (None, *REGISTERED):
        raise ValueError(f"not a registered source; choose one of {', '.join(REGISTERED)}")
    return source


SourceName = Annotated[str | None, AfterValidator(_registered), Field(json_schema_extra={"enum": [*REGISTERED, None]})]
"""By registered name only: whoever can open the form must not point a flow at a file of their choice. The validator is
for callers who ask the server not to check the form."""

Horizon = Annotated[int | None, Field(ge=1, le=12)]
ModelName = Annotated[
    str,
    Field(
        json_schema_extra={"enum": ["churn-propensity", "segments", "indicator-screening"]},
        pattern="^(churn-propensity|segments|indicator-screening)$",
    ),
]
Version = Annotated[int, Field(ge=1)]
Reason = Annotated[str, Field(min_length=3, max_length=200)]
CampaignName = Annotated[str, Field(pattern=NAME)]
CampaignChoice = Annotated[str | None, Field(pattern=NAME)]
