"""Steps: what each task of the monthly flows does, from a workspace to a result that can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.home import month_lock
from features.months import Month
from flows.key import key_file, key_mark
from flows.settings import SOURCES
from flows.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from features.delivery import Delivered, Receiving
    from features.month_ledger import Entry
    from features.sources import OpenExtract, Source

FEW_TABLES = 6
"""As many as a line can tell of by name."""


@dataclass(frozen=True)
class Arrival:
    """What is to be ingested: which months (None for all) of which folder by which mapping, None for the home's own.

    `backload` counts old months as delivered in time; `accept_partial` takes a month that lost many rows.
    """

    source: str | None = None
    folder: Path | None = None
    months: Sequence[Month] | None = None
    backload: bool = False
    accept_partial: bool = False


def ingest(work: Workspace, arrival: Arrival) -> list[Delivered]:
    """Deliver the months of an extract in order; stops at the first month that is refused."""
    from features.delivery import Receiving, refuse_without_months
    from features.rejects import forget_old_rejects

    source, folder = work.source(arrival.source), work.extract_folder(arrival.folder)
    key = work.key if source.keyed else None
    _refuse_key_in_extract(work, folder)
    bound = {"source": _written(source), "extract": str(folder), **({"key": key_mark(key)} if key else {})}
    bound["keyed"] = ", ".join(source.keyed)
    with work.home.locked("ingest", work.say), work.home.scratch() as staging:
        _refuse_another_operator(work, source)
        _refuse_other_keyed(work, source)
        forget_old_rejects(work.home.rejects, work.settings.delivery.reject_days, work.now)
        delivered, say = [], _once(work.say)
        receiving = Receiving(source, work.home, work.ledger, work.settings.delivery, work.now, work.code, say)
        opened = _opening(work, source, folder, staging, key)
        for only in _parts(source, folder, arrival.months):
            with opened(only) as extract:
                for note in extract.notes():
                    say(f"note: {note}")
                refuse_without_months(receiving, extract)
                work.home.remember(**bound, buckets=extract.buckets)
                for month in [only] if only else arrival.months or extract.months():
                    delivered += _deliver_month(work, receiving, extract, month, arrival)
        return delivered


def _parts(source: Source, folder: Path, months: Sequence[Month] | None) -> list[Month | None]:
    """The months to open the extract for, one at a time; all at once (None) where file names tell no month.

    So one month is in memory, not the years that an extract folder gathers.
    """
    from features.extracts import files_of

    told = {month for file in files_of(folder) if (month := source.month_of(file))}
    return list(months or sorted(told)) if told else [None]


def _refuse_another_operator(work: Workspace, source: Source) -> None:
    """A home belongs to one operator: ids of another would mix with its own."""
    facts = _facts_of_filled_home(work)
    if facts and work.source(facts["source"]).folder != source.folder:
        raise WorkspaceError(
            f"home {work.home.root} holds the source {facts['source']}; give another --home for {source.name}"
        )


def _refuse_other_keyed(work: Workspace, source: Source) -> None:
    """With other columns keyed, nobody of the new month would be found in the old ones."""
    facts = _facts_of_filled_home(work)
    if facts.get("keyed", ", ".join(source.keyed)) != ", ".join(source.keyed):
        raise WorkspaceError(
            f"source {source.name}: keyed was [{facts['keyed']}] when home {work.home.root} was filled and is "
            f"[{', '.join(source.keyed)}] now; put it back, or start another --home"
        )


def _refuse_key_in_extract(work: Workspace, folder: Path) -> None:
    """A mapping reads every file of the extract folder, and could put the key into a table."""
    file = key_file(work.settings.privacy, work.home.root)
    if file is not None and file.is_relative_to(folder.resolve()):
        raise WorkspaceError(f"key file {file} lies in the extract folder {folder}; keep it elsewhere")


def _opening(
    work: Workspace, source: Source, folder: Path, staging: Path, key: bytes | None
) -> Callable[[Month | None], AbstractContextManager[OpenExtract]]:
    """Opens the extract for a month, in as many buckets as the home has had since its first month."""
    from features.sources import open_extract

    engine = work.settings.engine

    def opened(only: Month | None) -> AbstractContextManager[OpenExtract]:
        return open_extract(
            source,
            folder,
            staging=staging,
            key=key,
            buckets=_facts_of_filled_home(work).get("buckets") or engine.buckets or None,
            threads=engine.cores,
            memory_gb=engine.memory_gb,
            only=only,
        )

    return opened


def _once(say: Callable[[str], None]) -> Callable[[str], None]:
    """Says each text once: what holds of every month of an extract would be repeated for each."""
    said = set[str]()

    def say_once(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return say_once


def _deliver_month(
    work: Workspace, receiving: Receiving, extract: OpenExtract, month: Month, arrival: Arrival
) -> list[Delivered]:
    from features.delivery import deliver

    since = month if arrival.backload else None
    with work.home.locked(month_lock(month), work.say):
        delivered = deliver(receiving, extract, month, known_since=since, accept_partial=arrival.accept_partial)
    work.say(f"{month}: " + ", ".join(_told(delivered)))
    return delivered


def _facts_of_filled_home(work: Workspace) -> dict[str, Any]:
    """What a home that holds a month is bound to; a first delivery that was refused binds to nothing."""
    return work.home.facts() if work.ledger.entries() else {}


def _written(source: Source) -> str:
    """A source as a later run finds it from any folder: by name where it is shipped, else by its whole path."""
    return source.name if source.folder == SOURCES / source.name else str(source.folder)


def _told(delivered: list[Delivered]) -> Iterator[str]:
    """Each table by name, but many that came alike and whole are counted."""
    alike = {outcome: [table for table in delivered if table.outcome == outcome] for outcome in ("new", "unchanged")}
    for outcome, tables in alike.items():
        whole = [table for table in tables if not table.rejected]
        if len(whole) > FEW_TABLES:
            yield f"{len(whole)} tables {outcome} with {sum(table.rows for table in whole):,} rows"
            delivered = [table for table in delivered if table not in whole]
    for table in delivered:
        rejected = f", {table.rejected:,} rejected" if table.rejected else ""
        revision = f" (revision {table.revision})" if table.outcome == "revision" else ""
        yield f"{table.table} {table.rows:,} rows {table.outcome}{revision}{rejected}"


def build_features(work: Workspace, as_of: Month) -> Entry:
    """The feature month `as_of`, built where its inputs changed."""
    from features.feature_months import build_feature_month, feature_set_at

    churn = work.source().churn
    with work.home.locked(month_lock(as_of), work.say):
        wanted = feature_set_at(work.ledger, as_of, churn, work.code)
        return build_feature_month(
            work.ledger, as_of, wanted, now=work.now, progress=lambda done, of: work.say(f"bucket {done} of {of}")
        )


def ready_to_run(work: Workspace) -> None:
    """Raise HoldfastError when a month cannot be run because there is no earlier one or no champion."""
    work.refuse_empty()
    work.registry.champion()


def delivered_revisions(work: Workspace, table: str | None, month: Month | None) -> list[Entry]:
    """What was delivered when, oldest first; of one table or month, or of all. An unknown table is an error."""
    entries = work.ledger.entries()
    tables = sorted({entry.table for entry in entries})
    if table is not None and table not in tables:
        raise WorkspaceError(f"{table}: no such table in home {work.home.root}; it holds {', '.join(tables) or 'none'}")
    return [entry for entry in entries if table in (None, entry.table) and month in (None, entry.month)]


def restore_revision(work: Workspace, table: str, month: Month, revision: int) -> Entry:
    """Make an earlier revision of a delivered month current again; features built from the other are rebuilt."""
    work.refuse_empty()
    with work.home.locked("ingest", work.say), work.home.locked(month_lock(month), work.say):
        restored = work.ledger.restore(table, month, revision, work.now)
    work.say(f"{table} {month}: revision {revision} is current again, as revision {restored.revision}")
    return restored


def vacuum(work: Workspace) -> int:
    """Delete the files of replaced revisions that are past the retention of the settings."""
    import datetime as dt

    since = work.now - dt.timedelta(days=work.settings.delivery.keep_revision_days)
    deleted = 0
    with work.home.locked("ingest", work.say):
        for table in sorted({entry.table for entry in work.ledger.entries()}):
            deleted += work.ledger.warehouse.vacuum(table, work.ledger.to_keep(table, since))
    work.say(f"{deleted} files of replaced revisions were deleted")
    return deleted
