from __future__ import annotations

from models.business_list import BusinessList
from models.screening import REDUNDANT, Dropped, Screening, ScreeningSettings
from models.screening_plots import pictures
from models.screening_stability import stability
from models.screening_training import Evidence
from tests.models.made_indicators import indicator, month_of


def test_categories_that_say_the_same_are_not_drawn_among_the_correlations():
    plan = ["a", "b"] * 100
    months, business = [month_of(plan=plan, tariff=plan)], BusinessList()
    dropped = (Dropped("tariff", REDUNDANT, 0.5, "plan", 1.0),)
    screening = Screening("2025-03", "abc", ("2025-01",), (200,), ("plan",), dropped)
    steady = stability(months, ScreeningSettings(), business, ("plan",))
    catalogue = [indicator(name, category=True) for name in ("plan", "tariff")]
    assert pictures(Evidence(screening, months, (), steady, catalogue, business, 0.4)) == {}
