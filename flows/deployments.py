"""Deployments: the flows as a Prefect server offers them, the schedule of the month, and who is told of a failure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from flows import model_flows, monthly_flows
from flows.settings import SettingsError
from flows.workspace import Workspace

if TYPE_CHECKING:
    from uuid import UUID

    from prefect import Flow
    from prefect.deployments.runner import RunnerDeployment

FLOWS: tuple[Flow[..., Any], ...] = (
    monthly_flows.run_month,
    monthly_flows.ingest_month,
    monthly_flows.build_features,
    monthly_flows.score_month,
    monthly_flows.monitor_month,
    monthly_flows.backfill,
    monthly_flows.run_campaign,
    monthly_flows.read_out_campaign,
    model_flows.screen_indicators,
    model_flows.train_churn,
    model_flows.train_segments,
    model_flows.promote_model,
)
SCHEDULED = monthly_flows.run_closed_month
ALERT = "holdfast: a run failed"
RUNS_AT_ONCE = 2
"""What one machine carries; runs of one deployment queue."""


def deployments(work: Workspace) -> list[RunnerDeployment]:
    """One deployment per flow, and the scheduled one; each queues its own runs."""
    from prefect.schedules import Cron

    timezone = work.source().timezone if work.home.facts().get("source") else "Asia/Shanghai"
    try:
        schedule = Cron(work.settings.schedule.cron, timezone=timezone)
    except ValueError:
        raise SettingsError(
            f"schedule.cron = {work.settings.schedule.cron!r} is no cron line; write 0 6 5 * *"
        ) from None
    return [_deployment(flow) for flow in FLOWS] + [_deployment(SCHEDULED, schedule=schedule)]


def _deployment(flow: Flow[..., Any], **given: Any) -> RunnerDeployment:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.types.entrypoint import EntrypointType

    queue = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
    made = flow.to_deployment(
        flow.name,  # what Prefect's pages show in bold
        description=flow.description,
        tags=["holdfast"],
        concurrency_limit=queue,
        entrypoint_type=EntrypointType.MODULE_PATH,
        **given,
    )
    return cast("RunnerDeployment", made)  # typed for a caller in a coroutine too


def serve(work: Workspace) -> None:
    """Offer the deployments to the Prefect server and run what it asks for, until interrupted."""
    import prefect

    from flows.flow_run import mark_dead_runs

    mark_dead_runs(work.home)
    tell_of_failures(work.settings.schedule.failure_webhook)
    prefect.serve(*deployments(work), limit=RUNS_AT_ONCE, print_starting_message=False)


def tell_of_failures(url: str) -> None:
    """Keep one automation that posts the name and state of a failed or crashed run to `url`; none without a URL."""
    from prefect.automations import Automation
    from prefect.blocks.webhook import Webhook
    from prefect.client.orchestration import get_client
    from prefect.events.actions import CallWebhook
    from prefect.events.schemas.automations import EventTrigger
    from pydantic import SecretStr

    with get_client(sync_client=True) as client:
        for automation in client.read_automations_by_name(ALERT):
            client.delete_automation(automation.id)
    if not url:
        return
    webhook = Webhook(method="POST", url=SecretStr(url), allow_private_urls=True)
    block = cast("UUID", webhook.save("holdfast-failures", overwrite=True))
    Automation(
        name=ALERT,
        description="Posts to the webhook of [schedule] failure_webhook when a flow run failed or crashed.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            threshold=1,
            within=timedelta(0),
        ),
        actions=[CallWebhook(block_document_id=block, payload=_message())],
    ).create()


def _message() -> str:
    """What is posted: JSON that Prefect fills in; a failed step's message holds no row."""
    told: Mapping[str, str] = {
        "text": "{{ flow.name }}, run {{ flow_run.name }}: {{ flow_run.state.name }}. {{ flow_run.state.message }}",
        "flow_run_id": "{{ flow_run.id }}",
    }
    return json.dumps(told)
