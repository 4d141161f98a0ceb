"""Service commands: keeping the tools of a home running, and running what they ask for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from flows import options
from flows.output import told

FIRST_PAGE = {"mlflow": "/#/models?workflowType=machine_learning"}
"""MLflow opens with pages about language models, among which a reviewer would look for the runs in vain."""


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Ctrl-C ends all of them. Example: holdfast up --home var/demo")(up)
    app.command(epilog="Example: PREFECT_API_URL=http://127.0.0.1:4200/api holdfast serve --home /srv/holdfast")(serve)


def up(
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    prefect_port: Annotated[int, typer.Option(help="Where Prefect listens: flows, forms, runs, schedule.")] = 4200,
    mlflow_port: Annotated[int, typer.Option(help="Where MLflow listens: models, runs, plots.")] = 5000,
    evidently_port: Annotated[int, typer.Option(help="Where Evidently listens: drift over the months.")] = 8000,
) -> None:
    """Start Prefect, MLflow and Evidently for a home, on this machine alone, and serve the flows.

    While it runs, `holdfast run-month` and `holdfast backfill` show in the same Prefect. There is no log-in:
    whoever can open a connection to this machine's loopback can use the tools.
    """
    with told(as_json=False) as out:
        from flows.up import Ports, run_tools
        from flows.workspace import name_to_flows, open_workspace

        work = open_workspace(home, settings, out.say)
        work.refuse_empty()
        name_to_flows(work, settings)

        def ready(addresses: Mapping[str, str]) -> None:
            for name, address in addresses.items():
                typer.echo(f"{name:<10} {address}{FIRST_PAGE.get(name, '')}")
            typer.echo("Ctrl-C ends them all.")

        with contextlib.suppress(KeyboardInterrupt):
            run_tools(work, Ports(prefect_port, mlflow_port, evidently_port), ready)
        typer.echo("All ended.")


def serve(home: options.Home = options.HOME, settings: options.SettingsFile = None) -> None:
    """Offer the flows to the Prefect server of PREFECT_API_URL, with the monthly schedule, and run what it asks for."""
    with told(as_json=False) as out:
        from flows.prefect_setup import prepare_prefect
        from flows.workspace import EXTRACT, name_to_flows, open_workspace

        work = open_workspace(home, settings, out.say)
        extract = os.environ.get(EXTRACT)
        name_to_flows(work, settings, Path(extract) if extract else None)
        prepare_prefect(work.home)
        from flows.deployments import serve as serve_flows

        serve_flows(work)
