"""A campaign is drawn in order: eligible, ranked, allocated, withheld, on record, and only then given to halls."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.month_ledger import MonthLedger
from features.months import Month
from features.warehouse import Warehouse
from serving import ServingError, campaign_draw
from serving.allocation import CampaignSettings
from serving.campaign_draw import Campaign, Drawing, Drawn, draw
from serving.campaign_ledger import members, record
from serving.care_plans import CareRule
from serving.eligibility import EligibilityRules
from serving.holdout import withheld
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months
from tests.serving.drawn_scores import enter_scores
from tests.serving.made_campaign import member

MONTH = Month(2025, 4)
EVERYBODY = EligibilityRules(min_arpu=0, min_tenure_months=0, lowest_band="healthy")
SIZE = 100
PLANS = [CareRule({}, "usage care", "hotline")]


def scores_of(size: int) -> str:
    """Higher numbers have more at stake."""
    rows = [f"customer-{number:04} 0.{number % 9 + 1} {number}" for number in range(size)]
    return "\n".join(["customer_id probability value_at_risk", *rows])


def drawing_in(folder: Path, key: bytes | None = b"key") -> Drawing:
    """The latest month of a made operator, scored, in two halls."""
    ledger = ledger_in(folder / "tables")
    months = made_months(customers=SIZE, months=4)
    place = pl.col("customer_id").str.slice(9).cast(pl.Int64)
    months["customers"] = months["customers"].with_columns(
        hall=pl.when(place < 70).then(pl.lit("=North")).otherwise(pl.lit("South")),
        masked_number=pl.concat_str(pl.lit("139****"), pl.col("customer_id").str.slice(9)),
    )
    deliver(ledger, months)
    enter_scores(ledger, scores_of(SIZE), MONTH)
    return Drawing(ledger, folder / "campaigns", CHURN, key, NOW)


def campaign(name: str = "spring", rules: EligibilityRules = EVERYBODY, **settings: Any) -> Campaign:
    chosen = CampaignSettings(**({"hall_capacity": 20, "holdout_share": 0.2} | settings))
    return Campaign(name, MONTH, rules, chosen, PLANS)


@pytest.fixture
def drawing(tmp_path: Path) -> Drawing:
    return drawing_in(tmp_path)


def rows_of(drawing: Drawing, name: str = "spring") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = members(drawing.ledger.warehouse, name).to_pylist()
    return found


def next_month(customers: int = SIZE) -> dict[str, pl.DataFrame]:
    """What the operator delivers of May."""
    return {name: rows.filter(pl.col("month") == "2025-05") for name, rows in made_months(customers, 5).items()}


def tasks_of(drawn: Drawn) -> list[dict[str, str]]:
    with (drawn.folder / "tasks.csv").open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_both_arms_come_from_each_halls_best_and_the_treated_fit_its_capacity(drawing: Drawing):
    draw(drawing, campaign())
    rows = rows_of(drawing)
    best = {f"customer-{number:04}" for number in [*range(45, 70), *range(75, 100)]}
    assert {row["customer_id"] for row in rows} == best
    arms = [(row["hall"], row["arm"]) for row in rows]
    assert {arm: arms.count(arm) for arm in sorted(set(arms))} == {
        ("=North", "treated"): 20,
        ("=North", "withheld"): 5,
        ("South", "treated"): 20,
        ("South", "withheld"): 5,
    }


def test_whoever_is_withheld_would_have_been_chosen(drawing: Drawing):
    """Breaks when the holdout is drawn from those who were left over, or from the whole population."""
    draw(drawing, campaign())
    ranks = {row["customer_id"]: row["rank"] for row in rows_of(drawing)}
    away = withheld(drawing.ledger, MONTH).column("customer_id").to_pylist()
    assert len(away) == 10
    assert all(1 <= ranks[customer] <= 25 for customer in away)


def test_drawn_again_the_record_stays_and_the_files_are_the_same_bytes(drawing: Drawing):
    first = draw(drawing, campaign())
    rows, files = rows_of(drawing), bytes_of(first.folder)
    later = dataclasses.replace(drawing, now=NOW + dt.timedelta(days=3), key=b"another")
    again = draw(later, campaign(holdout_share=0.5, seed=99))
    assert rows_of(drawing) == rows
    assert bytes_of(again.folder) == files
    assert again.design == first.design


def test_the_same_inputs_in_another_home_give_the_same_rows_and_bytes(tmp_path: Path, drawing: Drawing):
    other = drawing_in(tmp_path / "other")
    first, second = draw(drawing, campaign()), draw(other, campaign())
    assert rows_of(drawing) == rows_of(other)
    assert bytes_of(first.folder) == bytes_of(second.folder)


def test_a_draw_that_was_killed_before_its_record_starts_anew_and_one_killed_after_it_is_finished(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    undisturbed = drawing_in(tmp_path / "undisturbed")
    wanted = bytes_of(draw(undisturbed, campaign()).folder)

    def killed(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "append_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            draw(drawing, campaign())
    assert rows_of(drawing) == []
    with monkeypatch.context() as patch:
        patch.setattr(campaign_draw, "write_tasks", killed)
        with pytest.raises(KeyboardInterrupt):
            draw(drawing, campaign())
    assert len(rows_of(drawing)) == 50
    assert bytes_of(draw(drawing, campaign()).folder) == wanted
    assert rows_of(drawing) == rows_of(undisturbed)


def test_nobody_has_a_task_before_the_arms_are_on_record(drawing: Drawing, monkeypatch: pytest.MonkeyPatch):
    seen: list[int] = []
    write = campaign_draw.write_tasks

    def watched(folder: Path, ledger: MonthLedger, *others: Any) -> Any:
        seen.append(members(ledger.warehouse, "spring").num_rows)
        return write(folder, ledger, *others)

    monkeypatch.setattr(campaign_draw, "write_tasks", watched)
    draw(drawing, campaign())
    assert seen == [50]


def test_who_is_in_a_running_campaign_in_either_arm_is_in_no_other(drawing: Drawing):
    draw(drawing, campaign())
    draw(drawing, campaign("summer"))
    spring, summer = ({row["customer_id"] for row in rows_of(drawing, name)} for name in ("spring", "summer"))
    assert len(summer) == 30  # North's next 25, and the 5 that South has left
    assert not spring & summer


def test_a_campaign_that_finds_everybody_in_another_one_says_so(drawing: Drawing):
    draw(drawing, campaign(hall_capacity=SIZE))
    with pytest.raises(ServingError) as refused:
        draw(drawing, campaign("summer"))
    assert str(refused.value) == (
        "campaign summer: 0 eligible customers leave an arm empty; widen [eligibility] or raise [campaign] "
        "holdout_share; 100 more are in a running campaign until its readout"
    )


def test_who_is_in_a_campaign_of_a_later_month_that_overlaps_is_in_no_earlier_one(drawing: Drawing):
    later = {"campaign": "summer", "month": "2025-05", "readout_month": "2025-08"}
    record(drawing.ledger.warehouse, [member("customer-0099", arm="withheld", **later)])
    draw(dataclasses.replace(drawing, churn=dataclasses.replace(CHURN, horizons=(3,))), campaign())
    assert "customer-0099" not in {row["customer_id"] for row in rows_of(drawing)}


def test_a_campaign_whose_months_do_not_meet_takes_nobody_away(drawing: Drawing):
    later = {"campaign": "summer", "month": "2025-05", "readout_month": "2025-08"}
    record(drawing.ledger.warehouse, [member("customer-0099", arm="withheld", **later)])
    draw(drawing, campaign())
    assert "customer-0099" in {row["customer_id"] for row in rows_of(drawing)}


@pytest.mark.parametrize("table", ["customers", "bills"])
def test_once_later_data_are_on_hand_nothing_is_drawn_any_more(drawing: Drawing, table: str):
    deliver(drawing.ledger, {table: next_month()[table]})
    with pytest.raises(
        ServingError, match=r"^campaign spring: data of 2025-05 are on hand, so who leaves after 2025-04 "
    ):
        draw(drawing, campaign())
    assert rows_of(drawing) == []


def test_what_was_drawn_before_later_data_came_is_written_again(drawing: Drawing):
    first = draw(drawing, campaign())
    files = bytes_of(first.folder)
    deliver(drawing.ledger, next_month())
    assert bytes_of(draw(drawing, campaign()).folder) == files


def test_the_tasks_hold_the_treated_and_nothing_that_tells_of_arms_or_who_it_is(drawing: Drawing):
    drawn = draw(drawing, campaign())
    tasks, rows = tasks_of(drawn), rows_of(drawing)
    assert list(tasks[0]) == ["task_ref", "hall", "masked_number", "plan", "channel"]
    treated = [row["task_ref"] for row in rows if row["arm"] == "treated"]
    assert [task["task_ref"] for task in tasks] == treated
    content = (drawn.folder / "tasks.csv").read_text(encoding="utf-8")
    assert not any(row["customer_id"] in content for row in rows)
    assert not any(word in content for word in ("treated", "withheld", "rank"))


def test_the_tasks_open_in_a_spreadsheet_and_run_nothing(drawing: Drawing):
    drawn = draw(drawing, campaign())
    assert (drawn.folder / "tasks.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert {task["hall"] for task in tasks_of(drawn)} == {"'=North", "South"}


def test_each_task_has_the_masked_number_of_its_customer(drawing: Drawing):
    drawn = draw(drawing, campaign())
    number = {row["task_ref"]: f"139****{row['customer_id'][9:]}" for row in rows_of(drawing)}
    assert all(task["masked_number"] == number[task["task_ref"]] for task in tasks_of(drawn))


def test_a_month_delivered_before_masked_numbers_were_has_tasks_without_them(drawing: Drawing):
    customers = made_months(customers=SIZE, months=4)["customers"].drop("masked_number")
    deliver(drawing.ledger, {"customers": customers}, ["2025-04"])
    tasks = tasks_of(draw(drawing, campaign()))
    assert tasks
    assert {task["masked_number"] for task in tasks} == {""}


def test_the_manifest_vouches_for_the_tasks(drawing: Drawing):
    drawn = draw(drawing, campaign())
    manifest = json.loads((drawn.folder / "manifest.json").read_text())
    assert manifest == drawn.manifest
    assert manifest["tasks"] == 40
    digest = hashlib.sha256((drawn.folder / "tasks.csv").read_bytes()).hexdigest()
    assert manifest["files"] == {"tasks.csv": digest}


def test_what_is_laid_down_beforehand_says_when_and_how_it_will_be_read(drawing: Drawing):
    design = draw(drawing, campaign()).design
    assert (design["window"], design["readout_month"]) == (["2025-05", "2025-05"], "2025-05")
    assert design["allocated"] == {"treated": 40, "withheld": 10}
    assert design["eligibility"]["eligible"] == SIZE
    assert design["settings"]["slots"] == 25
    assert {row["design"] for row in rows_of(drawing)} == {design["digest"]}
    # 2.8 standard errors: 2.8 sqrt(0.1 x 0.9 x (1/40 + 1/10))
    assert design["detectable"]["if 10% leave"] == pytest.approx(0.297, abs=0.001)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (campaign("../up"), r"^campaign name '../up' is not usable; take small letters"),
        (campaign("Spring"), r"^campaign name 'Spring' is not usable"),
        (campaign(horizon=3), r"^\[campaign\] horizon = 3 is not one of the source's horizons 1; choose one, or 0"),
        (campaign(rules=EligibilityRules(min_arpu=1e6, min_tenure_months=1_000)), r"^campaign spring: 0 eligible"),
        (
            dataclasses.replace(campaign(), month=Month(2025, 5)),
            r"^campaign spring: 2025-05 has no scores; run holdfast",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_leaves_nothing(drawing: Drawing, wanted: Campaign, problem: str):
    with pytest.raises(ServingError, match=problem):
        draw(drawing, wanted)
    assert not drawing.campaigns.exists()
    assert rows_of(drawing) == []


def test_a_drawn_campaign_is_not_drawn_for_another_month(drawing: Drawing):
    draw(drawing, campaign())
    with pytest.raises(ServingError, match=r"^campaign spring: was drawn for 2025-04, and people are drawn once; give"):
        draw(drawing, dataclasses.replace(campaign(), month=Month(2025, 3)))


def test_a_source_that_tells_one_snapshot_has_no_campaigns(drawing: Drawing):
    given = dataclasses.replace(drawing, churn=dataclasses.replace(CHURN, given=True))
    with pytest.raises(ServingError, match=r"no campaign can be read"):
        draw(given, campaign())


def test_files_and_folders_of_a_campaign_are_for_the_owner_alone(tmp_path: Path):
    drawing = drawing_in(tmp_path)
    folder = draw(drawing, campaign()).folder
    assert {path.stat().st_mode & 0o777 for path in (drawing.campaigns, folder.parent, folder)} == {0o700}
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == ["design.json", "manifest.json", "tasks.csv"]
