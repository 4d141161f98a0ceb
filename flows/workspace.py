"""Workspace: one operator's home, opened with its settings for one run."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from features import HoldfastError
from features.home import Home, open_home
from flows.key import VARIABLE, key_file, key_mark, read_key
from flows.settings import SOURCES, Settings, read_settings

if TYPE_CHECKING:
    from features.month_ledger import MonthLedger
    from features.source_mapping import Source
    from models.registry import Registry


HOME, SETTINGS, EXTRACT = "HOLDFAST_HOME", "HOLDFAST_SETTINGS", "HOLDFAST_EXTRACT"
"""Variables that tell the flows where to work, since a server starts them in processes of their own."""


class WorkspaceError(HoldfastError):
    """A home that lacks what a command needs."""


@dataclass(frozen=True)
class Workspace:
    """Home and settings of a run; `say` is told in words what the run is at."""

    home: Home
    settings: Settings
    now: dt.datetime
    say: Callable[[str], None]

    @cached_property
    def ledger(self) -> MonthLedger:
        from features.month_ledger import MonthLedger
        from features.warehouse import Warehouse

        return MonthLedger(Warehouse(self.home.tables, self.settings.engine))

    @cached_property
    def registry(self) -> Registry:
        from models.registry import Registry

        return Registry(self.home.mlflow, self.settings.mlflow.uri)

    @cached_property
    def code(self) -> str:
        import features
        from features.code_version import code_version

        return code_version(Path(features.__file__).parent)

    @property
    def key(self) -> bytes | None:
        """The key of the pseudonymous ids; a home that was filled with one is worked with that one only.

        With another, or none, nobody of a new month would be found in the old ones, and lists would hold other task
        references than those that were handed out.
        """
        filled_with = self.home.facts().get("key") if self.ledger.entries() else None
        if not filled_with:
            return read_key(self.settings.privacy, self.home.root)
        file = key_file(self.settings.privacy, self.home.root)
        if file is None or not file.is_file():  # a new one would help as little as another one
            raise self._without_its_key("no key is given" if file is None else f"key file {file} does not exist")
        key = read_key(self.settings.privacy, self.home.root)
        if key is None or key_mark(key) != filled_with:
            raise self._without_its_key("the key given is not the one that made the ids")
        return key

    def _without_its_key(self, given: str) -> WorkspaceError:
        return WorkspaceError(
            f"{given}, and home {self.home.root} was filled with one; name the file of that key in {VARIABLE}"
        )

    def source(self, chosen: str | None = None) -> Source:
        """The source mapping that was asked for, or the one that filled this home."""
        from features.sources import load_source

        name = chosen or self.home.facts().get("source")
        if not name:
            raise self._empty()
        return load_source(name, SOURCES)

    def extract_folder(self, chosen: Path | None = None) -> Path:
        """The folder of extracts that was asked for, or the one that filled this home."""
        folder = chosen or self.home.facts().get("extract")
        if folder is None:
            raise WorkspaceError("no extract folder is known yet; give it with --from FOLDER")
        if not Path(folder).is_dir():
            raise WorkspaceError(f"extract folder {folder} does not exist; give the right one with --from FOLDER")
        return Path(folder).resolve()

    def refuse_empty(self) -> None:
        """Raise WorkspaceError when the home holds no month, before anything is written into it."""
        if not self.ledger.entries():
            raise self._empty()

    def _empty(self) -> WorkspaceError:
        return WorkspaceError(
            f"home {self.home.root} is empty; fill it with holdfast ingest --source NAME --from FOLDER --all"
        )


def open_workspace(home: Path, settings_file: Path | None, say: Callable[[str], None]) -> Workspace:
    """Read the settings and prepare the libraries; the home is made by the first thing that is written into it."""
    settings = read_settings(settings_file)
    _prepare_libraries(settings)
    opened = open_home(home) if home.exists() else Home(home.resolve())
    return Workspace(opened, settings, dt.datetime.now(dt.UTC), say)


def name_to_flows(work: Workspace, settings_file: Path | None, extract: Path | None = None) -> None:
    """Let the flows that this process or a child of it runs work in this home, with these settings and extracts."""
    os.environ[HOME] = str(work.home.root)
    for variable, chosen in ((SETTINGS, settings_file), (EXTRACT, extract)):
        os.environ.pop(variable, None)
        if chosen is not None:
            os.environ[variable] = str(chosen.resolve())


def _prepare_libraries(settings: Settings) -> None:
    """Set the environment that libraries read when they are imported.

    Every telemetry is switched off. OpenMP threads wait passively: spinning, two LightGBM threads on a busy
    machine took 48 s for what one took 2.6 s and two waiting ones 2.8 s.
    """
    os.environ.update(
        {
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            "MLFLOW_LOGGING_LEVEL": "ERROR",
        }
    )
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Matplotlib writes a font cache; nothing of a run stays outside the home.
    os.environ.setdefault("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / f"holdfast-matplotlib-{os.getuid()}"))
    if settings.engine.threads:
        os.environ["POLARS_MAX_THREADS"] = str(settings.engine.threads)
