"""List steps: scoring a month, writing its warning list, and saying who is on it to whoever calls them."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from features.durable_files import PRIVATE
from features.home import month_lock
from features.months import Month
from flows.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from features.month_ledger import Entry
    from models.registry import Champion
    from serving.customer_scores import Scoring
    from serving.list_files import WrittenList
    from serving.resolver import Resolved, Use
    from serving.warning_lists import Listing

RESOLVER = "resolver"
"""The folder of resolver files, and the lock on it; taken after a month's."""


def score(work: Workspace, month: Month, *, anew: bool = False) -> Entry:
    """Score the month with the version that scored it before, or the champion where it is new, or `anew`."""
    work.refuse_empty()
    with work.home.locked(month_lock(month), work.say):
        return _score(work, scoring_of(work, month, anew=anew), month)


def write_list(work: Workspace, month: Month) -> WrittenList:
    """Rank the month's scores into its warning list, without whom a running campaign withholds."""
    work.refuse_empty()
    with work.home.locked(month_lock(month), work.say):
        return write_list_in_turn(work, month)


def write_list_in_turn(work: Workspace, month: Month) -> WrittenList:
    """The same for a caller that holds the month's lock."""
    from serving.list_files import write_warning_list

    listing = _listing(work, month)
    scores = _score(work, listing.scoring, month)
    return write_warning_list(work.home.lists, listing, scores)


def resolve(work: Workspace, month: Month, reason: str, given: Path | None = None) -> Resolved:
    """Write which number each of the month's task references stands for, and log that it was done.

    The numbers come from the extract, read once more; while it is read they lie in the resolver's own folder.
    """
    from features.sources import open_extract
    from serving.resolver import check_use, unkeyed, write_resolver

    work.refuse_empty()
    source, use = unkeyed(work.source()), _use(work, month, reason)
    check_use(work.ledger, use)
    key, extract_folder, engine = _key_of_home(work), work.extract_folder(given), work.settings.engine
    with work.home.locked(month_lock(month), work.say), work.home.locked(RESOLVER, work.say):
        folder = work.home.root / RESOLVER
        with (
            _scratch(folder) as staging,
            open_extract(
                source,
                extract_folder,
                staging=staging,
                key=None,
                buckets=None,
                threads=engine.cores,
                memory_gb=engine.memory_gb,
                only=month,
            ) as extract,
        ):
            return write_resolver(folder, work.ledger, extract, key, use)


def scoring_of(work: Workspace, month: Month, *, anew: bool = False) -> Scoring:
    """What scores a month of this home; segments are not needed to score.

    A month that was scored stays with the version that scored it, so that a rerun leaves the lists that halls work
    from as they are; the champion, resolved once, scores a new month, or `anew`. Segments that were found as of a
    later month have seen what came after: the month is scored without.
    """
    from models.registry import SEGMENTS
    from models.segments import SegmentModel
    from serving.customer_scores import Scoring, Segments

    held = work.registry.held(SEGMENTS)
    if held is not None and Month.parse(held.facts["as_of"]) > month:
        work.say(f"segments version {held.version} were found as of {held.facts['as_of']}; {month} goes without")
        held = None
    return Scoring(
        work.ledger,
        _champion_of(work, month, anew=anew),
        work.source().churn,
        work.code,
        work.settings.engine.cores,
        work.now,
        work.settings.warning,
        Segments(held.version, SegmentModel.from_files(held.files)) if held else None,
    )


def _champion_of(work: Workspace, month: Month, *, anew: bool) -> Champion:
    """The version that scored the month, where it was scored and need not be anew; else the champion."""
    from models.registry import CHURN
    from serving.customer_scores import TABLE

    scored = work.ledger.known(TABLE, month)
    if scored is None or anew:
        return work.registry.champion()
    version = int(scored.source.rsplit("/", 1)[1])
    if work.registry.number(CHURN) not in (None, version):
        work.say(
            f"{month} was scored by version {version} and stays with it; holdfast score --month {month} scores it anew"
        )
    return work.registry.champion(version)


def _score(work: Workspace, scoring: Scoring, month: Month) -> Entry:
    from serving.customer_scores import score_month

    return score_month(scoring, month, lambda done, of: work.say(f"scored bucket {done} of {of}"))


def _listing(work: Workspace, month: Month) -> Listing:
    from serving.holdout import withheld
    from serving.warning_lists import Listing

    ids = withheld(work.ledger, month).column("customer_id").to_pylist()
    return Listing(scoring_of(work, month), work.settings.lists, work.key, work.source().currency, frozenset(ids))


def _use(work: Workspace, month: Month, reason: str) -> Use:
    from serving.resolver import Use

    return Use(month, pwd.getpwuid(os.getuid()).pw_name, reason, work.now)


def _key_of_home(work: Workspace) -> bytes:
    """The key that made this home's ids; without it no number can be found again."""
    key = work.key
    if key is None:
        raise WorkspaceError(
            "no key is set, and only the key that made the ids can tell which number is whose; give it as "
            "[privacy] key_file in the settings or as HOLDFAST_KEY_FILE"
        )
    return key


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A private folder inside `folder` for half-made files; it goes at the end, and a killed run's at the start."""
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    staging = folder / ".reading"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=PRIVATE)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
