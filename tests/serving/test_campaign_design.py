"""What was laid down before the draw is what a campaign is worked and read by, or there is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.labels import Activity, ChurnDefinition
from serving import ServingError
from serving.campaign_design import definition, read_design, refuse_another_definition, sealed, write_design
from tests.made_operator import CHURN
from tests.serving.test_campaign_draw import campaign, draw, drawing_in

DESIGN = sealed({"campaign": "spring", "churn": definition(CHURN)})


def test_what_leaving_means_is_laid_down_with_the_draw(tmp_path: Path):
    activity = [{"table": "bills", "column": "amount"}]
    design = draw(drawing_in(tmp_path), campaign()).design
    assert design["churn"] == {"silent_months": 1, "gap": 0, "activity": activity}


def test_a_design_is_read_as_it_was_written(tmp_path: Path):
    write_design(tmp_path, DESIGN)
    assert read_design(tmp_path, "spring", DESIGN["digest"]) == DESIGN


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "is missing; put it back from a backup"),
        ("{}", "is not the design that the campaign was drawn with; put it back from a backup"),
        ("[", "is not the design that the campaign was drawn with"),
        ("[]", "is not the design that the campaign was drawn with"),
    ],
)
def test_without_the_design_it_was_drawn_with_a_campaign_is_one_line(tmp_path: Path, content: str | None, problem: str):
    drawing = drawing_in(tmp_path)
    file = draw(drawing, campaign()).folder / "design.json"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(ServingError, match=rf"^campaign spring: .*design.json {problem}"):
        draw(drawing, campaign())


@pytest.mark.parametrize(
    "now",
    [
        ChurnDefinition(silent_months=2, gap=0, activity=CHURN.activity),
        ChurnDefinition(silent_months=1, gap=1, activity=CHURN.activity),
        ChurnDefinition(silent_months=1, gap=0, activity=(Activity("bills", "paid"),)),
    ],
)
def test_another_definition_of_leaving_is_refused(now: ChurnDefinition):
    with pytest.raises(
        ServingError, match=r"^campaign spring: was drawn with \[churn\] .*, and source.toml says .* by now"
    ):
        refuse_another_definition(DESIGN, now)


def test_other_horizons_change_nothing_since_the_campaign_has_its_own():
    refuse_another_definition(DESIGN, ChurnDefinition(1, 0, (1, 2, 3), CHURN.activity))
