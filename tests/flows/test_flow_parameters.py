from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from flows.flow_parameters import CampaignName, Horizon, ModelName, MonthText, Reason, SourceName, Version


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (MonthText, ["2025-02", "2017-12"], ["2025-13", "2025-2", "../2025", "2025-02-01"]),
        (SourceName, [None, "tariff_panel"], ["/etc/passwd", "../tariff_panel", "unknown", ""]),
        (Horizon, [None, 1, 12], [0, 13]),
        (ModelName, ["churn-propensity", "segments", "indicator-screening"], ["churn", "segments "]),
        (Version, [1], [0, -1]),
        (Reason, ["better"], ["", "ok"]),
        (CampaignName, ["autumn", "a-1_b"], ["Autumn", "../a", "", "a b", "x" * 41]),
    ],
)
def test_a_field_takes_what_a_flow_can_use_and_nothing_else(field: Any, good: list[Any], bad: list[Any]):
    """Also where the server was asked not to check the form."""
    adapter = TypeAdapter(field)
    assert [adapter.validate_python(value) for value in good] == good
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)
