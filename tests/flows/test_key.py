from __future__ import annotations

import stat
from pathlib import Path

import pytest

from flows.key import VARIABLE, key_mark, new_key, read_key
from flows.settings import PrivacySettings, SettingsError

NONE = PrivacySettings()


def settings_naming(file: Path) -> PrivacySettings:
    return PrivacySettings(str(file))


def test_a_new_key_is_long_and_readable_by_its_owner_only(tmp_path: Path):
    file = tmp_path / "keys" / "holdfast.key"
    new_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(file.read_text().strip())) == 32
    assert read_key(settings_naming(file), tmp_path / "home") == file.read_bytes().strip()


def test_two_keys_differ(tmp_path: Path):
    new_key(tmp_path / "one")
    new_key(tmp_path / "two")
    assert (tmp_path / "one").read_text() != (tmp_path / "two").read_text()


def test_a_key_is_never_replaced(tmp_path: Path):
    file = tmp_path / "holdfast.key"
    file.write_text("the only key")
    with pytest.raises(SettingsError, match=r"holdfast\.key exists; a key is never replaced"):
        new_key(file)
    assert file.read_text() == "the only key"


def test_there_is_no_key_unless_one_is_named(tmp_path: Path):
    assert read_key(NONE, tmp_path) is None


def test_the_variable_goes_before_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    new_key(tmp_path / "one")
    new_key(tmp_path / "two")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "two"))
    assert read_key(settings_naming(tmp_path / "one"), tmp_path / "home") == (tmp_path / "two").read_bytes().strip()


def test_a_key_inside_the_home_is_refused_by_whatever_path_it_is_reached(tmp_path: Path):
    new_key(tmp_path / "home" / "key")
    (tmp_path / "link").symlink_to(tmp_path / "home" / "key")
    for file in (tmp_path / "home" / "key", tmp_path / "link"):
        with pytest.raises(SettingsError, match=r"lies in the home .*; keep it elsewhere"):
            read_key(settings_naming(file), tmp_path / "home")


def test_a_short_key_is_refused_without_showing_it(tmp_path: Path):
    (tmp_path / "key").write_text("secret-but-short\n")
    with pytest.raises(SettingsError, match=r"holds 16 bytes, fewer than 32") as problem:
        read_key(settings_naming(tmp_path / "key"), tmp_path / "home")
    assert "secret" not in str(problem.value)


def test_a_missing_key_file_is_named_with_the_command_that_makes_one(tmp_path: Path):
    with pytest.raises(
        SettingsError, match=r"key file .*absent does not exist; make one with: holdfast key new .*absent"
    ):
        read_key(settings_naming(tmp_path / "absent"), tmp_path / "home")


def test_a_mark_tells_keys_apart_without_holding_them():
    marks = {key_mark(b"a" * 32), key_mark(b"b" * 32)}
    assert len(marks) == 2
    assert all(len(mark) == 16 for mark in marks)
