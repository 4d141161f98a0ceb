"""Made campaigns: rows of a campaign ledger, drawn by hand."""

from __future__ import annotations

from typing import Any

from serving.campaign_ledger import COLUMNS

_USUAL: dict[str, Any] = {
    "campaign": "spring",
    "month": "2025-03",
    "readout_month": "2025-06",
    "horizon": 1,
    "hall": "North",
    "rank": 1,
    "bucket": 0,
    "plan": "usage care",
    "channel": "hotline",
    "brand": "Red",
    "band": "alert",
    "probability": 0.2,
    "usual_value": 100.0,
    "value_at_risk": 20.0,
    "design": "d",
    "drawn_at": "2025-04-05T00:00:00+00:00",
}


def member(customer_id: str, *, arm: str, **differs: Any) -> dict[str, Any]:
    """One person's row; whatever is not given is as usual."""
    row = _USUAL | {"customer_id": customer_id, "arm": arm, "task_ref": f"ref-{customer_id}"} | differs
    return {name: row[name] for name in COLUMNS}
