from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from flows import deployments
from flows.settings import read_settings

INFRA = Path(__file__).resolve().parents[2] / "infra"
POOLED: list[dict[str, Any]] = yaml.safe_load((INFRA / "prefect.yaml").read_text())["deployments"]


def test_the_work_pool_gets_the_flows_that_are_served_under_the_same_names():
    served = [f"{flow.fn.__module__}.{flow.fn.__name__}" for flow in (*deployments.FLOWS, deployments.SCHEDULED)]
    assert [one["entrypoint"] for one in POOLED] == served
    assert [one["name"] for one in POOLED] == [flow.name for flow in (*deployments.FLOWS, deployments.SCHEDULED)]


def test_only_the_month_just_closed_is_scheduled_and_when_the_settings_say():
    scheduled = {one["entrypoint"]: one["schedules"] for one in POOLED if "schedules" in one}
    cron = read_settings().schedule.cron
    assert scheduled == {
        "flows.monthly_flows.run_closed_month": [{"cron": cron, "timezone": "Asia/Shanghai"}],
    }


def test_runs_of_a_deployment_queue():
    queue = {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert [one["concurrency_limit"] for one in POOLED] == [queue] * len(POOLED)
