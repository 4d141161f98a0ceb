"""Flow run: the workspace of one run of a Prefect flow, its problems in one line, and its end if it is killed."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from prefect import get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from features import HoldfastError
from features.home import Home, is_held, kernel_lock
from flows.crash_report import reported
from flows.workspace import HOME, SETTINGS, Workspace, open_workspace

T = TypeVar("T")


class StepFailed(HoldfastError):
    """A task of a flow met a problem; its text is the one line that a person needs."""


class StepInterrupted(StepFailed):
    """The disk or a service failed the task; the same step may well succeed in a moment."""


def workspace() -> Workspace:
    """The workspace that the environment names, its progress in the run's log.

    Home and settings are no parameters of a flow: whoever can open the run form would choose any file.
    """
    settings = os.environ.get(SETTINGS)
    return open_workspace(
        Path(os.environ.get(HOME, "var")), Path(settings) if settings else None, get_run_logger().info
    )


def told(step: Callable[[Workspace], T]) -> T:
    """Run one step; a problem goes on as one line, without what lay in memory.

    Prefect keeps a failed run's exception, and with it every frame and row that its traceback holds; and the
    message of an unforeseen one may quote a row.
    """
    _say_problems_in_one_line()
    failed: type[StepFailed] = StepFailed
    try:
        return step(workspace())
    except HoldfastError as problem:
        message = str(problem)
    except OSError as problem:
        failed, message = StepInterrupted, f"{problem.filename or 'a file'}: {(problem.strerror or 'failed').lower()}"
    except Exception as error:  # noqa: BLE001 - the last resort before Prefect would log a traceback
        message = reported(error)
    raise failed(message)


def may_pass(_task: Any, _run: Any, state: Any) -> bool:
    """Whether trying again can help: what the disk refused may come, a bad row stays bad."""
    return isinstance(state.result(raise_on_failure=False), StepInterrupted)


WRITING: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [2, 20],
    "retry_condition_fn": may_pass,
    # A remembered result would pass for a written one.
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""How a task runs that writes: always, and again when the disk or a service failed it."""


@contextlib.contextmanager
def home_of_run() -> Iterator[Workspace]:
    """The workspace of this flow run, with a sign of life in its home for as long as it lasts."""
    work = told(lambda work: work)
    with alive(work.home):
        yield work


@contextlib.contextmanager
def alive(home: Home) -> Iterator[None]:
    """Leave a sign of life for as long as this flow run lives, after marking the runs crashed whose sign has gone cold.

    The sign is a file under a kernel lock, which ends with the process however it ends: Prefect alone would
    show a run that was killed together with its runner as running for ever.
    """
    mark_dead_runs(home)
    with _signs(home):
        sign = contextlib.ExitStack()
        file = _folder(home) / f"{flow_run.id}.run"
        sign.enter_context(kernel_lock(file))
    with sign:
        try:
            yield
        except Exception:  # Prefect tells how it ended; what stops the process itself leaves the sign to the next start
            file.unlink(missing_ok=True)
            raise
        file.unlink(missing_ok=True)


def mark_dead_runs(home: Home) -> list[str]:
    """Mark the flow runs crashed whose process is gone; their ids."""
    if not _folder(home).is_dir():
        return []
    with _signs(home):
        dead = [file for file in sorted(_folder(home).glob("*.run")) if not is_held(file)]
        for file in dead:
            _mark_crashed(file.stem)
            file.unlink(missing_ok=True)
    return [file.stem for file in dead]


def _mark_crashed(run_id: str) -> None:
    """A run of another server is unknown here, and one that ended keeps its end."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Crashed

    with get_client(sync_client=True) as client, contextlib.suppress(ObjectNotFound):
        state = client.read_flow_run(run_id).state  # type: ignore[arg-type]
        if state is not None and not state.is_final():
            died: Any = Crashed(message="its process is gone; found at the start of a later run")
            client.set_flow_run_state(run_id, died, force=True)


def _folder(home: Home) -> Path:
    return home.root / "runs"


def _signs(home: Home) -> contextlib.AbstractContextManager[None]:
    """Nobody looks for cold signs while another one is lighting its own."""
    return kernel_lock(_folder(home) / "signs.lock")


class _OneLine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HoldfastError):
            record.exc_info = None
        return True


def _say_problems_in_one_line() -> None:
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logger = logging.getLogger(name)
        if not any(isinstance(held, _OneLine) for held in logger.filters):
            logger.addFilter(_OneLine())
