from __future__ import annotations

import importlib.metadata
import shutil
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from flows import doctor
from flows.doctor import Finding, examine
from flows.key import VARIABLE, new_key
from tests.flows.conftest import Operator, holdfast


class Held(NamedTuple):
    """What the system says of disk and memory, in bytes."""

    free: float = 0
    available: float = 0


def finding(what: str, home: Path, settings: Path | None = None) -> Finding:
    return next(found for found in examine(home, settings) if found.what == what)


def test_looking_changes_nothing(tmp_path: Path):
    holdfast("doctor", "--home", tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_missing_where_everything_is_installed(tmp_path: Path):
    answer = holdfast("doctor", "--home", tmp_path, "--json")
    found = {row["what"]: row["status"] for row in answer.json["findings"]}
    assert answer.code == 0
    assert {"Python", "polars", "mlflow", "prefect", "psutil", "disk", "memory", "cores", "tables", "key"} <= set(found)
    assert "missing" not in found.values()


def test_a_missing_package_is_a_finding_and_exit_code_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    installed = importlib.metadata.version

    def without_polars(name: str) -> str:
        if name == "polars":
            raise importlib.metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(importlib.metadata, "version", without_polars)
    monkeypatch.setattr(doctor, "_machine", None)  # would fail: it may need what is not there
    answer = holdfast("doctor", "--home", tmp_path, "--json")
    missing = [row for row in answer.json["findings"] if row["status"] == "missing"]
    assert answer.code == 1
    assert missing == [
        {
            "what": "polars",
            "status": "missing",
            "found": "not installed",
            "remedy": "install from the lock: make install",
        }
    ]


def test_a_version_other_than_the_locked_one_is_worth_knowing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    locked = finding("polars", tmp_path).found
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.1")
    assert finding("polars", tmp_path) == Finding("polars", "note", "0.1", f"the lock has {locked}: make install")


def test_an_unsupported_python_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.version_info", (3, 10, 2, "final", 0))
    assert doctor._python() == Finding("Python", "missing", "3.10.2", "use Python 3.11, 3.12 or 3.13")


def test_a_short_disk_is_worth_knowing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Held(free=4.9e9))
    assert finding("disk", tmp_path) == Finding("disk", "note", f"4.9 GB free at {tmp_path}", "make room")


def test_little_memory_is_worth_knowing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Held(available=1.5e9))
    found = finding("memory", tmp_path)
    assert (found.status, found.found) == ("note", "1.5 GB available")
    assert "memory_gb" in found.remedy


def test_a_file_in_place_of_the_home_is_missing_a_folder(tmp_path: Path):
    (tmp_path / "home").write_text("")
    assert finding("home", tmp_path / "home").remedy == "give --home a folder"
    assert holdfast("doctor", "--home", tmp_path / "home").code == 1


def test_a_home_that_cannot_be_written_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    found = finding("home", tmp_path)
    assert (found.status, found.found) == ("missing", f"{tmp_path} cannot be written")


def test_a_home_that_others_can_look_into_is_worth_knowing(tmp_path: Path):
    tmp_path.chmod(0o755)
    found = Finding("home", "note", f"others than you can look into {tmp_path}", f"chmod 700 {tmp_path}")
    assert found in doctor.examine(tmp_path, None)
    tmp_path.chmod(0o700)
    assert found not in doctor.examine(tmp_path, None)


def test_an_empty_home_is_told_how_to_be_filled(tmp_path: Path):
    found = finding("tables", tmp_path)
    assert (found.status, found.found) == ("note", f"no month in {tmp_path} yet")
    assert found.remedy.startswith("holdfast ingest --source")


def test_a_filled_home_is_told_with_its_months(filled: Path):
    assert finding("tables", filled).found == "6 months, 2025-01 to 2025-06"


def test_wrong_settings_are_a_finding(tmp_path: Path):
    (tmp_path / "my.toml").write_text("[lists]\nsize = 0\n")
    found = finding("settings", tmp_path, tmp_path / "my.toml")
    assert found.found.endswith("lists.size = 0 is not 1 or more")
    assert (found.status, found.remedy) == ("missing", "see default.toml for its meaning")


def test_no_key_is_worth_knowing(tmp_path: Path):
    found = finding("key", tmp_path)
    assert (found.status, found.found) == ("note", "none set")
    assert "holdfast key new FILE" in found.remedy


def test_a_key_file_that_is_not_there_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "absent"))
    found = finding("key", tmp_path / "home")
    assert (found.status, found.remedy) == ("missing", f"make one with: holdfast key new {tmp_path / 'absent'}")


@pytest.fixture(scope="module")
def keyed(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a month whose ids a key made, and that key beside its folder."""
    folder = tmp_path_factory.mktemp("keyed")
    mapping = Path(shutil.copytree(operator.mapping, folder / "mapping"))
    text = (mapping / "source.toml").read_text()
    (mapping / "source.toml").write_text(text.replace("[churn]", 'keyed = ["customer_id"]\n[churn]'))
    new_key(folder / "the key")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder / "the key"))
        given = ("--source", mapping, "--from", operator.extract, "--month", "2025-01", "--home", folder / "home")
        answer = holdfast("ingest", *given)
    assert answer.code == 0, answer.err
    return folder / "home"


def test_a_home_that_was_filled_with_a_key_wants_that_one_and_no_new_one(
    keyed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    new_key(tmp_path / "another")
    given = {
        "": "no key is given",
        str(tmp_path / "absent"): f"key file {tmp_path}/absent does not exist",
        str(tmp_path / "another"): "the key given is not the one that made the ids",
    }
    for file, said in given.items():
        monkeypatch.setenv(VARIABLE, file)
        assert finding("key", keyed) == Finding(
            "key",
            "missing",
            f"{said}, and home {keyed} was filled with one",
            f"name the file of that key in {VARIABLE}",
        )
    monkeypatch.setenv(VARIABLE, str(keyed.parent / "the key"))
    assert finding("key", keyed).status == "fine"


def test_a_restored_home_says_that_it_needs_its_key(keyed: Path, tmp_path: Path):
    assert holdfast("backup", tmp_path / "b.tar", "--home", keyed).code == 0
    back = holdfast("restore", tmp_path / "b.tar", "--home", tmp_path / "home")
    assert f"it needs the key that made its ids: name the file of that key in {VARIABLE}\n" in back.out
    assert holdfast("restore", tmp_path / "b.tar", "--home", tmp_path / "other", "--json").json["needs_its_key"] is True


def test_a_key_that_others_can_read_is_worth_knowing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "key"
    new_key(file)
    monkeypatch.setenv(VARIABLE, str(file))
    assert finding("key", tmp_path / "home") == Finding("key", "fine", str(file))
    file.chmod(0o644)
    assert finding("key", tmp_path / "home").remedy == f"chmod 600 {file}"


def test_findings_are_shown_as_a_table(tmp_path: Path):
    said = holdfast("doctor", "--home", tmp_path).out
    assert "how to mend it" in said
    assert "holdfast ingest --source NAME" in said
