"""Monitor steps: comparing a scored month with what its champion learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.home import month_lock
from features.months import Month
from flows.workspace import Workspace

if TYPE_CHECKING:
    from serving.monitoring.monitored_month import Monitoring
    from serving.monitoring.verdict import Verdict


@dataclass(frozen=True)
class Monitored:
    """A month's verdict in a word, all that the verdict file says, and where file, page and dashboard lie."""

    verdict: str
    content: Mapping[str, Any]
    verdict_file: Path
    page: Path
    workspace: Path


def monitor(work: Workspace, month: Month) -> Monitored:
    """Measure the month's drift, judge it and write verdict, page and snapshot; what is done already stays."""
    from serving.monitoring.monitored_month import PAGE, VERDICT, monitor_month

    work.refuse_empty()
    with work.home.locked(month_lock(month), work.say), work.home.locked("evidently", work.say):
        monitoring = _monitoring(work, month)
        work.say(f"measuring the drift of {month}")
        content = monitor_month(monitoring, month)
    folder = monitoring.folder_of(month)
    return Monitored(content["verdict"], content, folder / VERDICT, folder / PAGE, monitoring.workspace)


def verdict_alone(work: Workspace, month: Month) -> Verdict:
    """The verdict on a scored month without page, snapshot or table."""
    from serving.monitoring.monitored_month import verdict_of

    work.refuse_empty()
    with work.home.locked(month_lock(month), work.say):
        return verdict_of(_monitoring(work, month), month)


def _monitoring(work: Workspace, month: Month) -> Monitoring:
    """What monitors a month of this home, with its champion resolved once."""
    from flows.list_steps import scoring_of
    from serving.monitoring.monitored_month import Monitoring

    scoring = scoring_of(work, month)
    return Monitoring(
        work.ledger,
        scoring.champion,
        scoring.feature_set(),
        work.source().operator,
        work.home.monitoring,
        work.home.evidently,
        work.settings.monitoring,
        work.now,
    )
