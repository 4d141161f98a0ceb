from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from features import FeaturesError
from features.home import Home, month_lock, open_home
from features.months import Month

HOLD_FOR_EVER = """
import sys, time
from pathlib import Path
from features.home import Home
with Home(Path(sys.argv[1])).locked("month-2017-03"):
    print("held", flush=True)
    time.sleep(60)
"""


@dataclass
class Second:
    """Somebody in a thread who wants a lock: what it was told, and whether it has got in."""

    said: list[str] = field(default_factory=list)
    waits: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)

    def told(self, text: str) -> None:
        self.said.append(text)
        self.waits.set()


def waiting(wanted: Callable[[Callable[[str], None]], AbstractContextManager[None]]) -> Second:
    """A second holder that has been told to wait for what it wants."""
    second = Second()

    def hold() -> None:
        with wanted(second.told):
            second.entered.set()

    threading.Thread(target=hold).start()
    assert second.waits.wait(10)
    return second


def said_by(second: Second) -> list[str]:
    """All that the second holder was told until it got in."""
    assert second.entered.wait(10)
    return second.said


def test_a_home_is_made_where_there_is_none(tmp_path: Path):
    assert open_home(tmp_path / "a" / "home").root.is_dir()


def test_a_home_is_for_its_owner_alone_whatever_makes_it(tmp_path: Path):
    open_home(tmp_path / "opened")
    Home(tmp_path / "remembering").remember(source="simulated_operator")
    with Home(tmp_path / "locked").locked("ingest"):
        pass
    assert {home.stat().st_mode & 0o777 for home in tmp_path.iterdir()} == {0o700}


def test_a_home_that_exists_keeps_its_permissions(tmp_path: Path):
    (tmp_path / "home").mkdir(mode=0o750)
    open_home(tmp_path / "home")
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o750


def test_a_file_is_no_home(tmp_path: Path):
    (tmp_path / "home").write_text("")
    with pytest.raises(FeaturesError, match=r"home is a file; give --home a folder$"):
        open_home(tmp_path / "home")


def test_facts_are_remembered_beside_those_of_before(tmp_path: Path):
    home = Home(tmp_path)
    assert home.facts() == {}
    home.remember(source="simulated_operator", buckets=4)
    home.remember(extract="/data")
    assert Home(tmp_path).facts() == {"source": "simulated_operator", "buckets": 4, "extract": "/data"}


def test_a_second_holder_is_told_and_waits(tmp_path: Path):
    home = Home(tmp_path)
    with home.locked(month_lock(Month(2017, 3))):
        second = waiting(lambda told: home.locked("month-2017-03", told))
        assert not second.entered.is_set()
    assert said_by(second) == [f"another run holds month-2017-03 in {tmp_path}; waiting for it to end"]


def test_locks_of_other_names_are_free(tmp_path: Path):
    home = Home(tmp_path)
    with home.locked("month-2017-03"), home.locked("month-2017-04", pytest.fail):
        pass


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with Home(tmp_path).locked("month-2017-03", pytest.fail):
        pass


def test_scratch_is_private_empty_and_gone_afterwards(tmp_path: Path):
    home = Home(tmp_path)
    home.staging.mkdir()
    (home.staging / "left by a killed run").write_text("")
    with home.scratch() as staging:
        assert staging.stat().st_mode & 0o777 == 0o700
        assert list(staging.iterdir()) == []
    assert not staging.exists()


def test_a_home_comes_to_rest_when_nobody_works_in_it(tmp_path: Path):
    home = Home(tmp_path)
    with home.locked("run-2017-03"):
        second = waiting(home.at_rest)
        with home.locked("month-2017-03", pytest.fail):  # a run under way goes on to its end
            assert not second.entered.is_set()
    assert said_by(second) == [f"a run is at work in {tmp_path}; waiting for it to end"]


def test_nobody_goes_to_work_in_a_home_at_rest(tmp_path: Path):
    home = Home(tmp_path)
    with home.at_rest(pytest.fail):
        second = waiting(lambda told: home.locked("ingest", told))
        assert not second.entered.is_set()
    assert said_by(second) == [f"a backup is being taken in {tmp_path}; waiting for it to end"]
