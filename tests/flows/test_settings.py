from __future__ import annotations

from pathlib import Path

import pytest

from flows.settings import BOUNDS, DEFAULTS, Settings, SettingsError, _overridden, read_settings


def settings_with(folder: Path, text: str) -> Settings:
    file = folder / "my.toml"
    file.write_text(text)
    return read_settings(file)


def test_the_shipped_file_holds_every_setting_with_its_default():
    import tomllib
    from dataclasses import asdict

    assert tomllib.loads(DEFAULTS.read_text()) == asdict(Settings())
    assert read_settings() == Settings()


def test_a_file_changes_only_what_it_names(tmp_path: Path):
    settings = settings_with(tmp_path, "[lists]\nsize = 7\n[engine]\nmemory_gb = 2\n")
    assert (settings.lists.size, settings.engine.memory_gb) == (7, 2)
    assert (settings.engine.batch_rows, settings.churn) == (Settings().engine.batch_rows, Settings().churn)


def test_what_the_shipped_file_says_counts_where_the_own_file_is_silent(tmp_path: Path):
    shipped = tmp_path / "default.toml"
    shipped.write_text("[lists]\nsize = 3\n[churn]\nseed = 9\n")
    own = tmp_path / "my.toml"
    own.write_text("[lists]\nsize = 4\n")
    settings = _overridden(_overridden(Settings(), shipped), own)
    assert (settings.lists.size, settings.churn.seed) == (4, 9)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[list]\nsize = 7", r"my\.toml: section list is unknown; the sections are engine, delivery, .*, mlflow$"),
        (
            "[lists]\nsizes = 7",
            r"my\.toml: \[lists\] sizes is unknown; the keys of \[lists\] are size, hall_capacity, .*$",
        ),
        ("lists = 7", r"my\.toml: lists is a section; write \[lists\] and its keys below$"),
        ("size = 7", r"my\.toml: section size is unknown"),
        ("[lists]\nsize = '7'", r"my\.toml: lists\.size = '7' is not a whole number; see default\.toml"),
        ("[lists]\nsize = true", r"lists\.size = True is not a whole number"),
        ("[lists]\nsize = 7.5", r"lists\.size = 7\.5 is not a whole number"),
        ("[lists]\nsize = 0", r"lists\.size = 0 is not 1 or more"),
        ("[engine]\nthreads = -1", r"engine\.threads = -1 is not 0 or more"),
        ("[engine]\nmemory_gb = inf", r"engine\.memory_gb = inf is not 0\.1 or more"),
        ("[engine]\nmemory_gb = nan", r"engine\.memory_gb = nan is not 0\.1 or more"),
        ("[engine]\nname = 'pandas'", r"engine\.name = 'pandas' is not one of polars, spark"),
        ("[privacy]\nkey_file = 5", r"privacy\.key_file = 5 is not text in quotes"),
        ("[delivery]\nmax_bad_share = 1.5", r"delivery\.max_bad_share = 1\.5 is not 0 to 1"),
        ("[churn]\nfolds = 1", r"churn\.folds = 1 is not 2 or more"),
        ("[lists\nsize = 7", r"settings file .*my\.toml is not TOML: .* mend it$"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, text: str, says: str):
    with pytest.raises(SettingsError, match=says) as problem:
        settings_with(tmp_path, text)
    assert "\n" not in str(problem.value)


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"settings file .*absent\.toml does not exist; give --settings"):
        read_settings(tmp_path / "absent.toml")


def test_a_file_that_is_not_text_is_no_settings_file(tmp_path: Path):
    (tmp_path / "my.toml").write_bytes(b"\xff\xfe[lists]")
    with pytest.raises(SettingsError, match=r"is not TOML"):
        read_settings(tmp_path / "my.toml")


def test_every_bound_belongs_to_a_setting_and_admits_its_default():
    for name, (low, high) in BOUNDS.items():
        section, _, key = name.partition(".")
        assert low <= getattr(getattr(Settings(), section), key) <= high, name
