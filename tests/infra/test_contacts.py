"""Contacts act causally: on whom they reach, from the next month on, and not at all in the null world."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.months import Month
from infra.simulator.contacts import CONTACT, KINDS, NO_EFFECT, Contacts, Effect, dial, kinds, read_contacts
from infra.simulator.small_operator import lived_months, simulate
from infra.simulator.subscribers import Array

FIRST, MONTHS, CUSTOMERS, SEED = Month(2025, 1), 6, 1_500, 5
CONTACTED = np.datetime64("2025-03")


def lives(contacts: Contacts | None = None) -> dict[str, pl.DataFrame]:
    """What only the simulator knows of everybody, month by month."""
    given = () if contacts is None else (contacts,)
    fields = ("number", "hazard", "leaves", "closed_on", "arrears", "plan", "minutes")
    return {
        str(lived.month): pl.DataFrame({name: _in_days(lived.who[name]) for name in fields})
        for lived in lived_months(FIRST, CUSTOMERS, MONTHS, SEED, *given)
    }


def _in_days(values: Array) -> Array:
    return values.astype("M8[D]") if values.dtype.kind == "M" else values.copy()


def everybody(effect: Effect, share: int = 1) -> Contacts:
    """Every `share`-th of those on the books is contacted in March."""
    numbers = lives()["2025-03"]["number"].to_numpy()[::share]
    rows = np.array([(number, CONTACTED, "spring", "hall", "usage care") for number in numbers], CONTACT)
    return Contacts(rows, effect)


def bytes_by_name(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def sent(folder: Path, contacts: Contacts) -> dict[str, bytes]:
    simulate(folder, first=FIRST, customers=CUSTOMERS, months=MONTHS, seed=SEED, contacts=contacts)
    return bytes_by_name(folder)


def without_responses(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if not name.startswith("responses")}


def test_files_up_to_the_month_of_the_contact_are_the_same_with_and_without_it(tmp_path: Path) -> None:
    simulate(tmp_path / "without", first=FIRST, customers=CUSTOMERS, months=MONTHS, seed=SEED)
    before = bytes_by_name(tmp_path / "without")
    after = sent(tmp_path / "with", everybody(Effect(strength=3)))
    changed = {name for name in before if before[name] != after[name]}
    assert {name.partition("_")[2][:7] for name in changed if not name.startswith("responses")} == {
        "2025-04",
        "2025-05",
        "2025-06",
    }
    assert {name for name in changed if name.startswith("responses")} == {"responses_2025-03.parquet"}


def test_in_the_null_world_contacts_are_answered_and_every_life_stays_the_same(tmp_path: Path) -> None:
    simulate(tmp_path / "without", first=FIRST, customers=CUSTOMERS, months=MONTHS, seed=SEED)
    after = sent(tmp_path / "null", everybody(NO_EFFECT))
    assert without_responses(after) == without_responses(bytes_by_name(tmp_path / "without"))
    assert pl.read_parquet(tmp_path / "null" / "responses_2025-03.parquet").height >= CUSTOMERS


def test_the_same_contacts_give_the_same_bytes(tmp_path: Path) -> None:
    contacts = everybody(Effect(), share=3)
    assert sent(tmp_path / "one", contacts) == sent(tmp_path / "again", contacts)


def test_persuadables_become_less_likely_to_go_and_those_driven_away_more_and_others_stay_as_they_are() -> None:
    contacts = everybody(Effect(persuadable=0.4, driven_away=0.3))
    before, after = lives()["2025-04"], lives(contacts)["2025-04"]
    both = before.join(after, on="number", suffix="_after").filter(pl.col("number").is_in(contacts.rows["number"]))
    kind = kinds(both["number"].to_numpy(), contacts.effect, SEED)
    ratio = (both["hazard_after"] / both["hazard"]).to_numpy()
    medians = [float(np.median(ratio[kind == number])) for number in range(len(KINDS))]
    assert medians == pytest.approx([np.exp(-1.6), 1, 1, np.exp(0.9)], abs=0.01)
    assert (ratio[(kind == 1) | (kind == 2)] == 1).all()


def test_some_persuadables_who_had_decided_to_go_think_again() -> None:
    contacts = everybody(Effect(strength=3, persuadable=1, driven_away=0))
    before, after = lives()["2025-03"], lives(contacts)["2025-03"]
    going = before.filter(pl.col("leaves") > CONTACTED.astype("M8[D]"))
    still_going = after.filter(pl.col("leaves") > CONTACTED.astype("M8[D]"))
    assert going.height > 20
    assert 0 < still_going.height < 0.3 * going.height


def test_nobody_who_is_not_contacted_has_another_hazard_in_the_next_month() -> None:
    contacts = everybody(Effect(strength=3), share=2)
    left_alone = ~pl.col("number").is_in(contacts.rows["number"])
    before, after = (lived["2025-03"].filter(left_alone) for lived in (lives(), lives(contacts)))
    assert before.equals(after)


def test_who_a_person_is_rests_on_the_number_and_keeps_to_the_shares() -> None:
    numbers, effect = np.arange(13_000_000_000, 13_000_100_000), Effect(persuadable=0.5, driven_away=0.1)
    kind = kinds(numbers, effect, seed=1)
    assert np.bincount(kind) / len(kind) == pytest.approx([0.5, 0.2, 0.2, 0.1], abs=0.01)
    assert (kinds(numbers[::-1], effect, seed=1)[::-1] == kind).all()
    assert (kinds(numbers, effect, seed=2) != kind).mean() > 0.5


def test_a_number_is_tried_up_to_three_times_until_it_is_reached(tmp_path: Path) -> None:
    sent(tmp_path, everybody(Effect()))
    answers = pl.read_parquet(tmp_path / "responses_2025-03.parquet").sort("msisdn", "called")
    attempts = answers.group_by("msisdn").agg(
        pl.len(), (pl.col("result") == "reached").sum().alias("reached"), pl.col("result").last(), pl.col("called")
    )
    assert attempts["len"].max() == 3
    assert attempts["reached"].max() == 1
    assert (attempts.filter(pl.col("len") < 3)["result"] == "reached").all()
    assert 0.85 < attempts["reached"].mean() < 0.97  # type: ignore[operator]
    assert (
        answers.filter(pl.col("result") != "reached").select("agreed", "seconds").null_count().row(0)
        == ((answers["result"] != "reached").sum(),) * 2
    )
    assert answers["called"].is_between(pl.date(2025, 3, 1), pl.date(2025, 3, 31)).all()


def test_dialling_finds_the_numbers_of_tasks_and_keeps_earlier_contacts(tmp_path: Path) -> None:
    tasks, noted = tmp_path / "tasks.csv", tmp_path / "contacts.csv"
    tasks.write_text("\ufefftask_ref,channel,plan\nb2,hall,usage care\na1,sms,credit service\n", encoding="utf-8")
    numbers = {"a1": 13_000_000_001, "b2": "13000000002"}
    assert dial(tasks, numbers, Month(2025, 2), "spring", noted) == 2
    assert dial(tasks, numbers, Month(2025, 3), "summer", noted) == 2
    dial(tasks, numbers, Month(2025, 3), "summer", noted)
    rows = read_contacts(noted, NO_EFFECT).rows
    assert [(int(row["number"]), str(row["month"]), row["campaign"], row["channel"]) for row in rows] == [
        (13_000_000_001, "2025-02", "spring", "sms"),
        (13_000_000_001, "2025-03", "summer", "sms"),
        (13_000_000_002, "2025-02", "spring", "hall"),
        (13_000_000_002, "2025-03", "summer", "hall"),
    ]


def test_without_a_contacts_file_nobody_is_contacted(tmp_path: Path) -> None:
    assert len(read_contacts(tmp_path / "none.csv", Effect()).rows) == 0
