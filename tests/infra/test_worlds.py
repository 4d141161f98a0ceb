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
            "leaving.push = 3 is not within 0 to 1",
        ),
        ('base = "usual"\n[[change]]\nkind = "flood"\nmonth = 1\n', "change 'flood' is unknown; choose one of season"),
        ('base = "usual"\n[[change]]\nmonth = 1\n', r"a \[\[change\]\] wants"),
        ('base = "nowhere"\n', "world 'nowhere' is not there; give a TOML file, or one of app_hall"),
        ("leaving = [", "mend the TOML"),
    ],
)
def test_a_world_that_cannot_be_lived_in_says_why(world_of, text: str, message: str) -> None:
    with pytest.raises(WorldError, match=message):
        read_world(world_of(text))


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
