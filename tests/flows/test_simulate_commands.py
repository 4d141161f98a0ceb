"""Simulate commands: an operator begins in a home of its own and lives on with whomever campaigns really contacted."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.home import Home
from flows.workspace import open_workspace
from infra.simulator.operator import about
from serving.campaign_ledger import record
from tests.flows.conftest import bytes_of, holdfast, made_once
from tests.serving.made_campaign import member

MONTHS = ("2025-01", "2025-02")
SMALL = ("--customers", "400", "--seed", "3", "--months", "2")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose operator has lived two months."""
    return made_once(tmp_path_factory, "simulated", begin) / "home"


def begin(folder: Path) -> None:
    answer = holdfast("simulate", "start", "--home", folder / "home", *SMALL)
    assert answer.code == 0, answer.err
    (folder / "answer.json").write_text(json.dumps([answer.out, answer.err]))


@pytest.fixture
def home(begun: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(begun, tmp_path / "home"))


def table(home: Path, name: str, month: str) -> pl.DataFrame:
    return pl.read_parquet(home / "extracts" / f"{name}_{month}_*.parquet")


def advanced(home: Path, *words: str) -> dict[str, Any]:
    answer = holdfast("simulate", "advance", "--home", home, "--json", *words)
    assert answer.code == 0, answer.err
    told: dict[str, Any] = answer.json
    return told


def numbers_told(home: Path, month: str, numbers: dict[str, str]) -> None:
    """What holdfast resolve would have written."""
    folder = home / "resolver" / f"month={month}"
    folder.mkdir(parents=True)
    with (folder / "resolver.csv").open("w", newline="") as opened:
        csv.writer(opened).writerows([("task_ref", "number"), *numbers.items()])


def draw(home: Path, *rows: dict[str, Any]) -> None:
    record(open_workspace(home, None, lambda _: None).ledger.warehouse, rows)


def test_it_says_where_the_extracts_lie_and_how_to_ingest_them(begun: Path):
    out, err = json.loads((begun.parent / "answer.json").read_text())
    assert out == (
        f"{begun}/extracts holds 2025-01 to 2025-02; next: give it a key (holdfast key new FILE, export "
        "HOLDFAST_KEY_FILE=FILE), then holdfast ingest --source simulated_operator "
        f"--from {begun}/extracts --all --home {begun}\n"
    )
    assert "simulating 400 customers from 2025-01 to 2025-02" in err
    assert {file.name.split("_")[-2] for file in (begun / "extracts").iterdir()} == set(MONTHS)
    assert {file.name for file in (begun / "truth").iterdir()} == {f"truth_{month}_0.parquet" for month in MONTHS}


def test_a_home_that_holds_an_operator_is_refused_and_left_as_it_is(home: Path):
    before = bytes_of(home)
    answer = holdfast("simulate", "start", "--home", home, *SMALL)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1] == (
        f"holdfast: home {home} holds a simulated operator already; give another --home"
    )
    Home(home.parent / "filled").remember(source="tariff_panel")
    answer = holdfast("simulate", "start", "--home", home.parent / "filled", *SMALL)
    assert answer.err.endswith("filled holds the operator tariff_panel already; give another --home\n")
    assert {name: held for name, held in bytes_of(home).items() if "locks" not in str(name)} == {
        name: held for name, held in before.items() if "locks" not in str(name)
    }


def test_only_a_home_that_was_begun_can_live_on(tmp_path: Path):
    answer = holdfast("simulate", "advance", "--home", tmp_path / "home")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"holdfast: home {tmp_path}/home has no simulated operator; begin one with holdfast simulate start --home DIR\n"
    )


def test_a_world_that_nobody_knows_is_said_in_one_line(tmp_path: Path):
    answer = holdfast("simulate", "start", "--home", tmp_path / "home", "--world", "nowhere", *SMALL)
    assert (answer.code, answer.out) == (1, "")
    assert "nowhere" in answer.err.splitlines()[-1]
    assert answer.err.splitlines()[-1].startswith("holdfast: ")


def test_a_world_is_drawn_by_seed_and_the_operator_lives_on_in_the_drawn_one(begun: Path, tmp_path: Path):
    for name, drawn in (("one", "7"), ("again", "7"), ("other", "8")):
        answer = holdfast("simulate", "start", "--home", tmp_path / name, "--draw", drawn, *SMALL)
        assert answer.code == 0, answer.err
    bills = {name: (tmp_path / name / "extracts" / "bills_2025-02_0.parquet").read_bytes() for name in ("one", "again")}
    assert bills["one"] == bills["again"]
    others = (tmp_path / "other", begun)
    assert all((home / "extracts" / "bills_2025-02_0.parquet").read_bytes() != bills["one"] for home in others)
    assert about(tmp_path / "one" / "simulator")[0].world.name == "usual-7"


def test_month_by_month_is_the_same_as_all_at_once(home: Path, tmp_path: Path):
    assert advanced(home) == {"first": "2025-03", "last": "2025-03", "contacted": {}}
    assert advanced(home, "--months", "2") == {"first": "2025-04", "last": "2025-05", "contacted": {}}
    holdfast("simulate", "start", "--home", tmp_path / "at_once", *SMALL[:-1], "5")
    for folder in ("extracts", "truth"):
        assert bytes_of(home / folder) == bytes_of(tmp_path / "at_once" / folder)


def test_what_a_killed_start_left_is_gone_after_the_next_one(begun: Path, tmp_path: Path):
    home = tmp_path / "home"
    other = ("--customers", "500", "--seed", "4", "--months", "3", "--format", "csv")
    assert holdfast("simulate", "start", "--home", home, *other).code == 0
    (home / "simulator" / "order.json").unlink()
    (home / "extracts" / ".traffic_2025-04_0.csv.part").touch()
    assert holdfast("simulate", "start", "--home", home, *SMALL).code == 0
    assert not (home / "mapping").exists()
    for folder in ("extracts", "truth"):
        assert bytes_of(home / folder) == bytes_of(begun / folder)


def test_a_start_deletes_nothing_where_no_operator_was_begun(tmp_path: Path):
    own = [tmp_path / "home" / name for name in ("extracts/bills_2024-01_0.csv", "truth/own.csv", "mapping/bills.sql")]
    for file in own:
        file.parent.mkdir(parents=True)
        file.touch()
    assert holdfast("simulate", "start", "--home", tmp_path / "home", *SMALL).code == 0
    assert all(file.exists() for file in own)


def killed_advance(home: Path, *words: str) -> None:
    """An advance of which all is there but the word that it was done."""
    about_operator = home / "simulator" / "operator.json"
    before = about_operator.read_bytes()
    advanced(home, *words)
    about_operator.write_bytes(before)
    (home / "extracts" / ".traffic_2025-05_0.parquet.part").touch()


def test_what_a_killed_advance_left_is_gone_after_the_next_one(home: Path, tmp_path: Path):
    undisturbed = Path(shutil.copytree(home, tmp_path / "undisturbed"))
    killed_advance(home, "--months", "2")
    assert advanced(home) == advanced(undisturbed)
    for folder in ("extracts", "truth"):
        assert bytes_of(home / folder) == bytes_of(undisturbed / folder)
    assert bytes_of(home / "simulator").keys() == bytes_of(undisturbed / "simulator").keys()


def test_a_run_after_a_killed_advance_tells_whom_it_contacts(home: Path):
    ann = table(home, "subscribers", "2025-02").filter(pl.col("state") == "正常")["msisdn"][0]
    draw(home, member("ann", arm="treated", campaign="spring", month="2025-02", task_ref="aa"))
    numbers_told(home, "2025-02", {"aa": ann})
    killed_advance(home)
    assert advanced(home)["contacted"] == {"spring": 1}


def test_a_number_is_called_once_a_month_and_what_is_left_out_is_said(home: Path):
    ann, bob = table(home, "subscribers", "2025-02").filter(pl.col("state") == "正常")["msisdn"][:2]
    draw(
        home,
        member("ann", arm="treated", campaign="easter", month="2025-02", task_ref="aa"),
        member("ann", arm="treated", campaign="spring", month="2025-02", task_ref="bb"),
        member("bob", arm="treated", campaign="spring", month="2025-02", task_ref="cc"),
    )
    numbers_told(home, "2025-02", {"aa": ann, "bb": ann, "cc": bob})
    answer = holdfast("simulate", "advance", "--home", home, "--json")
    assert answer.json["contacted"] == {"easter": 1, "spring": 1}
    assert (
        "spring: 1 call left out, because the number is called for another campaign in 2025-03"
        in answer.err.splitlines()[0]
    )


def test_whom_the_ledger_names_and_the_dialler_was_told_is_contacted_and_answers(home: Path):
    ann, bob = table(home, "subscribers", "2025-02").filter(pl.col("state") == "正常")["msisdn"][:2]
    draw(
        home,
        member("ann", arm="treated", campaign="spring", month="2025-02", task_ref="aa", channel="hotline", plan="care"),
        member("bob", arm="withheld", campaign="spring", month="2025-02", task_ref="", channel="hotline", plan="care"),
        member("cyd", arm="treated", campaign="spring", month="2025-02", task_ref="cc", channel="hotline", plan="care"),
    )
    numbers_told(home, "2025-02", {"aa": ann, "bb": bob})
    assert advanced(home)["contacted"] == {"spring": 1}
    answers = table(home, "answers", "2025-03")
    assert set(answers.select("msisdn", "campaign", "channel", "offer").iter_rows()) == {
        (ann, "spring", "hotline", "care")
    }
    assert advanced(home)["contacted"] == {}
    assert table(home, "answers", "2025-04").height == 0


def test_no_month_passes_by_mistake_while_the_dialler_was_not_told_the_numbers(home: Path):
    draw(home, member("ann", arm="treated", campaign="spring", month="2025-02", task_ref="aa"))
    before = bytes_of(home / "extracts")
    answer = holdfast("simulate", "advance", "--home", home)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "holdfast: spring: nobody can be contacted in 2025-03, because nobody told the dialler the numbers; first "
        f"holdfast resolve --month 2025-02 --reason dialler --home {home}, or give --without-calls\n"
    )
    assert bytes_of(home / "extracts") == before
    answer = holdfast("simulate", "advance", "--home", home, "--without-calls")
    assert answer.out == (
        f"lived 2025-03 to 2025-03; contacted: nobody; next: holdfast run-month --month 2025-03 --home {home}\n"
    )
    (ann,) = table(home, "subscribers", "2025-03").filter(pl.col("state") == "正常")["msisdn"][:1]
    numbers_told(home, "2025-02", {"aa": ann})
    assert advanced(home)["contacted"] == {"spring": 1}


def test_a_campaign_drawn_after_the_numbers_of_its_month_were_told_is_not_passed_by(home: Path):
    draw(
        home,
        member("ann", arm="treated", campaign="spring", month="2025-02", task_ref="aa"),
        member("bob", arm="treated", campaign="summer", month="2025-02", task_ref="bb"),
    )
    (ann,) = table(home, "subscribers", "2025-02").filter(pl.col("state") == "正常")["msisdn"][:1]
    numbers_told(home, "2025-02", {"aa": ann})
    answer = holdfast("simulate", "advance", "--home", home)
    assert answer.code == 1
    assert answer.err.startswith("holdfast: summer: nobody can be contacted in 2025-03")
    assert advanced(home, "--without-calls")["contacted"] == {"spring": 1}


def test_a_campaign_whose_outcome_is_complete_holds_nobody_up(home: Path):
    draw(home, member("ann", arm="treated", campaign="old", month="2024-10", task_ref="aa", readout_month="2025-02"))
    assert advanced(home)["contacted"] == {}


def test_chinese_csv_comes_with_a_mapping_of_its_own(tmp_path: Path):
    home, key = tmp_path / "home", tmp_path / "key"
    key.write_bytes(b"k" * 64)
    (tmp_path / "own.toml").write_text(f'[privacy]\nkey_file = "{key}"\n[delivery]\nmax_bad_share = 0.1\n')
    words = ("--customers", "400", "--months", "1", "--format", "gb18030", "--dirt", "0.02", "--json")
    begun = holdfast("simulate", "start", "--home", home, *words).json
    assert begun["source"] == str(home / "mapping")
    here = ("--home", home, "--settings", tmp_path / "own.toml", "--json")
    delivered = holdfast("ingest", "--source", begun["source"], "--from", begun["extracts"], "--all", *here).json
    rows = {table["table"]: (table["rows"], table["rejected"]) for table in delivered["delivered"]}
    assert rows["customers"][0] > 350
    assert rows["customers"][1] > 0


def test_an_ingest_sees_the_share_of_bad_rows_that_was_asked_for_and_takes_just_less_than_it_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home, key = tmp_path / "home", tmp_path / "key"
    key.write_bytes(b"k" * 64)
    monkeypatch.setenv("HOLDFAST_KEY_FILE", str(key))
    words = ("--customers", "3000", "--months", "1", "--dirt", "0.009", "--json")
    begun = holdfast("simulate", "start", "--home", home, *words).json
    whole = ("--source", begun["source"], "--from", begun["extracts"], "--all", "--home", home, "--json")
    delivered = holdfast("ingest", *whole).json["delivered"]
    shares = [table["rejected"] / (table["rows"] + table["rejected"]) for table in delivered if table["rows"] > 3000]
    assert len(shares) > 5
    assert all(0.0085 < share <= 0.009 for share in shares)


def test_what_nobody_outside_can_know_makes_no_difference_to_an_ingest(begun: Path, home: Path, tmp_path: Path):
    """Nothing is missed where the hidden truth and the operator's own state are gone, and nothing is told otherwise."""
    (tmp_path / "key").write_bytes(b"k" * 64)
    (tmp_path / "own.toml").write_text(f'[privacy]\nkey_file = "{tmp_path}/key"\n')
    known = Path(shutil.copytree(begun, tmp_path / "known"))
    for hidden in ("truth", "simulator"):
        shutil.rmtree(home / hidden)
    whole, without = (
        holdfast(
            *("ingest", "--source", "simulated_operator", "--from", one / "extracts", "--month", "2025-01"),
            *("--home", one, "--settings", tmp_path / "own.toml", "--json"),
        ).json["delivered"]
        for one in (known, home)
    )
    assert without == whole
    assert {table["table"]: table["rows"] for table in without}["customers"] > 350
    assert not (home / "truth").exists()


@pytest.mark.parametrize("command", ["start", "advance"])
def test_help_teaches(command: str):
    answer = holdfast("simulate", command, "--help")
    assert answer.code == 0
    assert all(word in answer.out for word in ("--home", "--months", "--json", "Example"))
