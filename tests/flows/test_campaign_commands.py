"""Campaigns from the command line: drawn, told of, read out."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import polars as pl
import pytest

from features.home import open_home
from features.month_ledger import MonthLedger
from features.warehouse import Warehouse
from serving.campaign_ledger import members
from tests.flows.conftest import Answer, Operator, holdfast
from tests.made_operator import deliver
from tests.serving.test_campaign_draw import drawing_in, next_month
from tests.serving.test_campaign_readout import months_of

SETTINGS = """
[eligibility]
min_arpu = 0
min_tenure_months = 0
lowest_band = "healthy"
[campaign]
hall_capacity = 20
[readout]
min_customers = 10
min_leavers = 1
"""
HALVES = SETTINGS.replace("hall_capacity = 20", "hall_capacity = 20\nholdout_share = 0.5")
"""So many in each arm that both the leavers and the others can be told of."""
CALL = {"month": "2025-05", "campaign": "spring", "contacted_on": dt.date(2025, 5, 10), "outcome": "reached"}
RUN = ("campaign", "run", "--name", "spring", "--month", "2025-04")
READ = ("campaign", "readout", "--name", "spring")


class Campaigns:
    """The command line in a home whose month is scored, with everybody eligible."""

    def __init__(self, folder: Path, mapping: Path) -> None:
        self.home, self.settings = folder / "home", folder / "settings.toml"
        drawing_in(self.home)
        open_home(self.home).remember(source=str(mapping))
        self.settings.write_text(SETTINGS)

    def ends(self) -> None:
        """May comes: every second customer has left, and each one with a task was called."""
        ledger = MonthLedger(Warehouse(self.home / "tables"))
        left = pl.col("customer_id").str.slice(-1).cast(pl.Int64) % 2 == 0
        may = next_month()
        paid = may["customers"].select("month", "customer_id").filter(~left).with_columns(amount=pl.lit(50.0))
        ids = [row["customer_id"] for row in members(ledger.warehouse, "spring").to_pylist() if row["arm"] == "treated"]
        deliver(
            ledger, months_of({"bills": paid.to_dicts(), "responses": [CALL | {"customer_id": name} for name in ids]})
        )
        deliver(ledger, {"customers": may["customers"]})

    def __call__(self, *words: str) -> Answer:
        return holdfast(*words, "--home", self.home, "--settings", self.settings)


@pytest.fixture
def campaigns(operator: Operator, tmp_path: Path) -> Campaigns:
    return Campaigns(tmp_path, operator.mapping)


@pytest.mark.parametrize("command", ["run", "readout", "show"])
def test_help_of_a_command_teaches_it(command: str):
    answer = holdfast("campaign", command, "--help")
    assert answer.code == 0
    assert all(option in answer.out for option in ("--home", "--settings", "--json"))
    assert f"holdfast campaign {command}" in answer.out.partition("Example")[2]


def test_help_of_campaigns_says_what_they_are_for():
    assert "Prove that care keeps customers" in holdfast("campaign", "--help").out


def test_a_campaign_is_drawn_and_says_where_the_tasks_are_and_what_can_be_seen(campaigns: Campaigns):
    answer = campaigns(*RUN)
    assert answer.code == 0, answer.err
    assert "spring: 40 customers have a task, 10 are withheld; open " in answer.out
    assert "The data of 2025-05 complete the outcome; if a tenth leaves, effects from 30 points" in answer.out
    assert (campaigns.home / "campaigns" / "spring" / "month=2025-04" / "tasks.csv").is_file()


def test_a_draw_that_no_readout_can_judge_says_so_at_once(campaigns: Campaigns):
    campaigns.settings.write_text(SETTINGS.replace("min_customers = 10", "min_customers = 50"))
    answer = campaigns(*RUN)
    assert answer.code == 0, answer.err
    assert (
        'a readout needs 50 customers withheld ([readout] min_customers) and will say "not enough data"' in answer.out
    )
    assert "likely to be seen" not in answer.out


def test_every_command_answers_with_one_json_object(campaigns: Campaigns):
    drawn = campaigns(*RUN, "--json").json
    assert (drawn["manifest"]["tasks"], drawn["design"]["allocated"]["withheld"]) == (40, 10)
    (shown,) = campaigns("campaign", "show", "--json").json["campaigns"]
    assert (shown["campaign"], shown["treated"], shown["withheld"], shown["readout_month"]) == (
        "spring",
        40,
        10,
        "2025-05",
    )
    campaigns.ends()
    read = campaigns(*READ, "--json").json
    assert read["arms"]["treated"]["customers"] == 40
    written = json.loads((Path(read["page"]).parent / "readout.json").read_text())
    assert written == {name: value for name, value in read.items() if name != "page"}


def test_a_readout_says_who_left_by_choice_and_how_sure_that_is(campaigns: Campaigns):
    campaigns.settings.write_text(HALVES)
    campaigns(*RUN)
    campaigns.ends()
    answer = campaigns(*READ)
    assert answer.code == 0, answer.err
    told = r"^spring: [0-9.]+% of 35 treated and [0-9.]+% of 35 withheld customers did not leave by choice; difference "
    assert re.search(told + r"[-+0-9.]+ points \(.*\); closed by the operator: difference \+0\.0 points \(", answer.out)
    assert "stayed" not in answer.out


def test_a_campaign_that_nobody_worked_proves_nothing(campaigns: Campaigns):
    campaigns(*RUN)
    deliver(MonthLedger(Warehouse(campaigns.home / "tables")), next_month())
    assert "spring: not enough data: the operator tells of no contact" in campaigns(*READ).out


def test_the_campaigns_are_shown_as_a_table(campaigns: Campaigns):
    campaigns(*RUN)
    out = campaigns("campaign", "show").out
    assert all(word in out for word in ("spring", "2025-04", "40", "10", "2025-05"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("campaign", "readout", "--name", "autumn"), "campaign autumn: was never drawn"),
        (
            ("campaign", "run", "--name", "spring", "--month", "2025-02"),
            "campaign spring: data of 2025-04 are on hand, so who leaves after 2025-02 is partly known",
        ),
        (("campaign", "run", "--name", "Spring", "--month", "2025-04"), "campaign name 'Spring' is not usable"),
        (("campaign", "run", "--name", "spring", "--month", "2025-05"), "campaign spring: 2025-05 has no scores"),
    ],
)
def test_a_problem_is_one_line(campaigns: Campaigns, words: tuple[str, ...], says: str):
    answer = campaigns(*words)
    assert answer.code == 1
    assert says in answer.err.splitlines()[-1]


def test_an_empty_home_is_told_how_to_fill(tmp_path: Path):
    answer = holdfast("campaign", "show", "--home", tmp_path / "none")
    assert answer.code == 1
    assert "fill it with holdfast ingest" in answer.err


def test_care_plans_of_ones_own_are_offered(campaigns: Campaigns, tmp_path: Path):
    plans = tmp_path / "plans.toml"
    plans.write_text('[[rule]]\nplan = "family network"\nchannel = "sms"\n')
    campaigns.settings.write_text(SETTINGS.replace("[readout]", f'plans_file = "{plans}"\n[readout]'))
    folder = Path(campaigns(*RUN, "--json").json["folder"])
    tasks = (folder / "tasks.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert all(task.endswith("family network,sms") for task in tasks)
