from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.simulator.worlds import (
    FOLDER,
    WorldError,
    digest,
    draw_world,
    read_world,
    world_from_json,
    world_to_json,
)


@pytest.fixture
def world_of(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "mine.toml"
        file.write_text(text, "utf-8")
        return file

    return write


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.toml")))
def test_every_world_that_comes_along_can_be_drawn(name: str) -> None:
    drawn = draw_world(read_world(name), seed=3)
    assert drawn.constants != draw_world(read_world(name), seed=4).constants
    assert drawn.name == f"{name}-3"


def test_a_drawn_world_lies_within_its_ranges() -> None:
    world = read_world("usual")
    for seed in range(20):
        drawn = draw_world(world, seed).constants.leaving
        assert 1.1 <= drawn.user_group <= 1.5
        assert all(low <= base <= high for low, base, high in zip((0.01,) * 3, drawn.base, (0.03,) * 3, strict=True))
        assert drawn.offer_months == 4


def test_a_world_says_only_what_differs_from_its_base(world_of) -> None:
    world = read_world(
        world_of('base = "usual"\n[leaving]\nfriends = { value = 0.0, reason = "friends do not matter here" }\n')
    )
    usual = read_world("usual")
    assert (world.constants.leaving.friends, usual.constants.leaving.friends) == (0.0, 1.5)
    assert world.constants.leaving.push == usual.constants.leaving.push
    assert draw_world(world, 5).constants.leaving.friends == 0.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('base = "usual"\n[leaving]\ncolour = { value = 1, reason = "?" }\n', "mine.toml: leaving.colour is unknown"),
        ('base = "usual"\n[weather]\nrain = 1\n', "mine.toml: section 'weather' is unknown"),
        ("[leaving]\n", "mine.toml: people.accounts is missing|people.birth_years is missing"),
        ('base = "usual"\n[leaving]\npush = 3\n', "leaving.push wants value and reason"),
        (
            'base = "usual"\n[leaving]\npush = { value = 3, low = 0, high = 1, reason = "?" }\n',
            "leaving.push = 3.0 is not within 0.0 to 1.0",
        ),
        (
            'base = "usual"\n[[change]]\nkind = "flood"\nmonth = 1\n',
            "mine.toml: change.kind = 'flood' wants one of season, tariff_reform",
        ),
        ('base = "usual"\n[[change]]\nmonth = 1\n', r"a \[\[change\]\] wants"),
        ('base = "nowhere"\n', "world 'nowhere' is not there; give a TOML file, or one of app_hall"),
        ("leaving = [", "mend the TOML"),
    ],
)
def test_a_world_that_cannot_be_lived_in_says_why(world_of, text: str, message: str) -> None:
    with pytest.raises(WorldError, match=message):
        read_world(world_of(text))


PLAN = (
    '[[plan]]\nplan_id = "A"\nbrand = "GoTone"\nfee = 1\nminutes = 1\nmb = 1\ntexts = 1\nminute_price = 1\nmb_price = 1'
)


@pytest.mark.parametrize(
    ("section", "constant", "message"),
    [
        ("people", 'joining = "0.02"', "people.joining = '0.02' wants a number not below 0"),
        ("people", "joining = true", "people.joining = True wants a number not below 0"),
        ("people", "joining = inf", "people.joining = inf wants a number not below 0"),
        ("people", "joining = -0.1", "people.joining = -0.1 wants a number not below 0"),
        ("people", "brand_shares = [0.5, 0.5]", "people.brand_shares = (0.5, 0.5) wants a list of 3, each a number"),
        ("people", "brand_shares = 0.5", "people.brand_shares = 0.5 wants a list of 3, each a number"),
        (
            "people",
            "birth_years = [[1950, 1990.5], [1, 2], [1, 2]]",
            "each a list of 2, each a whole number not below 0",
        ),
        ("usage", "season = [1.0, 2.0]", "usage.season = (1.0, 2.0) wants a list of 12, each a number not below 0"),
        ("leaving", "base = [-0.1, 0.1, 0.1]", "leaving.base = (-0.1, 0.1, 0.1) wants a list of 3, each a number not"),
        ("leaving", "offer_months = 4.5", "leaving.offer_months = 4.5 wants a whole number not below 0"),
        ("leaving", "lead_shares = [0, 0, 0, 0, 0]", "leaving.lead_shares = (0, 0, 0, 0, 0) wants shares of which one"),
        ("effects", "device_plans = [1]", "effects.device_plans = (1,) wants a list, each a text"),
    ],
)
def test_a_constant_is_of_the_type_and_shape_that_it_has_in_the_usual_world(
    world_of, section: str, constant: str, message: str
) -> None:
    name, value = constant.split(" = ")
    text = f'base = "usual"\n[{section}]\n{name} = {{ value = {value}, reason = "?" }}\n'
    with pytest.raises(WorldError) as refused:
        read_world(world_of(text))
    assert str(refused.value).startswith("mine.toml: ")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_ends_of_a_range_are_of_the_type_of_its_value(world_of) -> None:
    text = 'base = "usual"\n[people]\njoining = { value = 0.1, low = -0.1, high = 0.2, reason = "?" }\n'
    with pytest.raises(WorldError, match=r"people.joining = -0.1 wants a number not below 0"):
        read_world(world_of(text))


def test_numbers_may_be_negative_where_they_are_in_the_usual_world_and_lists_of_plans_of_any_length(world_of) -> None:
    lean = "sensitivity_lean = { value = [[-9, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], reason = '?' }"
    plans = "device_plans = { value = [], reason = '?' }"
    world = read_world(world_of(f'base = "usual"\n[people]\n{lean}\n[effects]\n{plans}\n'))
    assert world.constants.people.sensitivity_lean[0] == (-9.0, 0.0, 0.0, 0.0)
    assert world.constants.effects.device_plans == ()


def test_a_fraction_whose_range_is_told_in_whole_numbers_is_not_rounded_when_it_is_drawn(world_of) -> None:
    text = 'base = "usual"\n[leaving]\npush = { value = 1, low = 0, high = 1, reason = "?" }\n'
    assert 0 < draw_world(read_world(world_of(text)), 1).constants.leaving.push < 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("people = 3", "people = 3 wants to be a section, [people] with its constants"),
        ("plan = 3", "plan = 3 wants to be tables, each under [[plan]]"),
        ("[change]\nmonth = 3", "change = {'month': 3} wants to be tables, each under [[change]]"),
        ('[[change]]\nkind = "season"\nmonth = "nine"', "change.month = 'nine' wants a whole number not below 0"),
        ('[[change]]\nkind = "season"\nmonth = -1', "change.month = -1 wants a whole number not below 0"),
        ('[[change]]\nkind = "season"\nmonth = 1\nstrength = "x"', "change.strength = 'x' wants a number"),
        (PLAN.replace("GoTone", "Bee"), "plan.brand = 'Bee' wants one of GoTone, M-Zone, Easyown"),
        (PLAN.replace("fee = 1", "fee = -1"), "plan.fee = -1 wants a number not below 0"),
        (PLAN, "no [[plan]] of M-Zone, Easyown; name at least one tariff plan per brand"),
    ],
)
def test_sections_plans_and_changes_are_what_they_are_called(world_of, text: str, message: str) -> None:
    with pytest.raises(WorldError) as refused:
        read_world(world_of(f'base = "usual"\n{text}\n'))
    assert str(refused.value).startswith(f"mine.toml: {message}")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ('table = "usages"\ncolumn = "data_mb"', "change.table = 'usages' wants one of customers, bills, usage"),
        ('table = "outcomes"\ncolumn = "churned"', "change.table = 'outcomes' wants one of customers, bills, usage"),
        ('table = "usage"\ncolumn = "mb"', "change.column = 'mb' wants a column of usage that holds numbers"),
        ('table = "customers"\ncolumn = "brand"', "change.column = 'brand' wants a column of customers that holds"),
        ('table = "customers"', "change.column = '' wants a column of customers that holds numbers, one of birth_year"),
        (
            'table = "usage"\ncolumn = "mb"\nstrength = 0',
            "change.column = 'mb' wants a column of usage, one of customer",
        ),
    ],
)
def test_a_data_error_strikes_numbers_of_a_table_that_is_sent(world_of, where: str, message: str) -> None:
    with pytest.raises(WorldError) as refused:
        read_world(world_of(f'base = "usual"\n[[change]]\nkind = "data_error"\nmonth = 1\n{where}\n'))
    assert str(refused.value).startswith(f"mine.toml: {message}")


def test_any_column_that_is_sent_may_fail_to_arrive(world_of) -> None:
    error = 'kind = "data_error"\nmonth = 1\nstrength = 0\ntable = "customers"\ncolumn = "brand"'
    assert read_world(world_of(f'base = "usual"\n[[change]]\n{error}\n')).changes[0].column == "brand"


def test_a_file_that_is_not_utf8_says_where(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes('base = "usual"\nreason = "动感地带"\n'.encode("gb18030"))
    with pytest.raises(WorldError, match=r"mine.toml: byte 25 is not UTF-8 text; save the file as UTF-8"):
        read_world(tmp_path / "mine.toml")


def test_a_world_is_the_same_after_it_was_kept() -> None:
    world = draw_world(read_world("changing"), 2)
    kept = world_from_json(json.loads(json.dumps(world_to_json(world))))
    assert (kept.name, kept.constants, kept.plans, kept.changes) == (
        world.name,
        world.constants,
        world.plans,
        world.changes,
    )


def test_the_worlds_are_those_whose_hashes_the_docs_name() -> None:
    """A changed world is a decision: write down all goals before and after, then renew docs/worlds.md."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "worlds.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| `(\w+)` \|$", page, re.MULTILINE))
    assert told == {file.stem: digest(file.stem) for file in FOLDER.glob("*.toml")}


def test_a_digest_tells_of_a_changed_base() -> None:
    assert digest("no_signal") != digest("no_re_entry")
    assert len(digest("usual")) == 16
