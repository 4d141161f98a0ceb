"""Drift report: Evidently's page of a month beside the model's past, and its dashboard over the months.

One of the two doors to Evidently, both in serving.monitoring; the other is campaign_page.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.core.metric_types import SingleValueCalculation, SingleValueMetric
from evidently.presets import DataDriftPreset
from evidently.sdk.models import DashboardModel, DashboardPanelPlot, DashboardTabModel, PanelMetric, ProjectModel
from evidently.ui.workspace import Workspace

from features.durable_files import write_durably
from features.months import Month
from serving.monitoring.month_sample import MonthSample
from serving.monitoring.population_drift import SCORE
from serving.monitoring.verdict import Verdict

FIGURES = {
    "drifted share": "share of the model's importance whose indicators drifted",
    "score drift": "population stability index of the score",
    "missing values": "share of unknown values, weighted by importance",
    "list volume": "customers on the warning list",
}
"""Figures of the whole population, one panel of the dashboard each, with what they mean."""
NAMESPACE = uuid.UUID("b1f2b1d4-6a52-5c53-9f0e-3f3a0d6c2a57")
"""Any fixed one: ids made in it by name are the same in every run, so that a rerun replaces rather than adds."""
WRITTEN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=metric_)[0-9a-f]{32}")
WASSERSTEIN_LIMIT = PSI_LIMIT = 0.1


class PopulationFigure(SingleValueMetric):  # type: ignore[misc]
    """A figure that the engine worked out over the whole population; Evidently only carries and plots it.

    The amount travels in the report's metadata: as a parameter of the metric it would make each month's figure a
    metric of its own, and the dashboard would draw months as lines of one point.
    """

    figure: str

    def _default_tests(self) -> list[Any]:
        return []


class PopulationFigureCalculation(SingleValueCalculation[PopulationFigure]):  # type: ignore[misc]
    """Evidently's counterpart of the metric: gives the figure as it came."""

    def calculate(self, context: Any, _current: Any, _reference: Any) -> Any:
        return self.result(float(context.configuration.metadata[self.metric.figure])), None

    def display_name(self) -> str:
        return f"{self.metric.figure.capitalize()}: {FIGURES[self.metric.figure]}"


@dataclass(frozen=True)
class DriftReport:
    """What is reported of a month: verdict, both samples, the population's figures by name, and whose they are."""

    operator: str
    model: str
    version: int
    month: Month
    verdict: Verdict
    before: MonthSample
    now: MonthSample
    figures: Mapping[str, float]

    @property
    def project(self) -> uuid.UUID:
        return uuid.uuid5(NAMESPACE, f"{self.operator}/{self.model}")

    @property
    def snapshot(self) -> uuid.UUID:
        """One per month and model: a version that scores the month again takes the place of the one before."""
        return uuid.uuid5(self.project, str(self.month))


def snapshot_file(workspace: Path, report: DriftReport) -> Path:
    """Where Evidently looks for the month's snapshot."""
    return workspace / str(report.project) / "snapshots" / f"{report.snapshot}.json"


def write_drift_report(report: DriftReport, page: Path, workspace: Path) -> None:
    """Write the month's page and its snapshot, and the project with its dashboard where there is none yet.

    Evidently writes into a folder of its own and the files are put in place whole, because its user interface
    stops at half a file. Its ids are counted anew, so that the same report gives the same bytes.
    """
    ran = _run(report)
    write_durably(page, _with_header(_with_own_ids(ran.get_html_str(as_iframe=False), report), report).encode())
    with tempfile.TemporaryDirectory() as made:
        staged = Workspace(made)
        staged.add_project(ProjectModel(id=report.project, name=f"{report.operator}: {report.model}"))
        staged.state.write_dashboard(report.project, _dashboard(report))
        staged.state.write_snapshot(report.project, report.snapshot, ran.to_snapshot_model())
        for file in sorted(Path(made, str(report.project)).glob("*.json")):
            placed = workspace / str(report.project) / file.name
            if not placed.exists():  # panels that somebody added stay
                write_durably(placed, file.read_bytes())
        written = snapshot_file(Path(made), report).read_text(encoding="utf-8")
    write_durably(snapshot_file(workspace, report), _with_own_ids(written, report).encode())


def _with_header(page: str, report: DriftReport) -> str:
    """Evidently's page with a title, and the verdict at its beginning: its own figures are of the samples alone."""
    verdict = report.verdict
    title = html.escape(f"{report.month}: {verdict.overall}")
    of = html.escape(f"{report.operator}: {report.model} version {report.version}")
    reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in verdict.reasons)
    header = (
        f'<header style="margin: 2em; font-family: sans-serif"><h1>Drift of {title}</h1><p>{of}</p>'
        f"<ul>{reasons}</ul><p><strong>Advice: {html.escape(verdict.advice)}.</strong></p>"
        "<p>The verdict and the figures of the population rest on every customer, what follows them on samples. There "
        f"Evidently calls drifted what is beyond {PSI_LIMIT:g}, and knows neither chance nor what is usual between "
        "months: look there at how something moved, and here at whether it matters.</p>"
        "</header>"
    )
    titled = page.replace("<head>", f"<head>\n<title>Drift of {title}</title>", 1)
    return titled.replace("<body>", f"<body>\n{header}", 1)


def _run(report: DriftReport) -> Any:
    """Evidently's drift preset on the samples, with the population's figures before it."""
    shared = report.before.known() & report.now.known()
    definition = DataDefinition(
        numerical_columns=[name for name in report.now.numbers if name in shared],
        categorical_columns=[name for name in report.now.categories if name in shared],
    )
    columns = [*definition.numerical_columns, *definition.categorical_columns]
    metrics = [PopulationFigure(figure=name) for name in report.figures]
    preset = DataDriftPreset(
        columns=columns,
        num_method="wasserstein",
        num_threshold=WASSERSTEIN_LIMIT,
        cat_method="psi",
        cat_threshold=PSI_LIMIT,
    )
    about = {"month": str(report.month), "model": report.model, "version": str(report.version)}
    figures = {name: str(amount) for name, amount in report.figures.items()}
    return Report([*metrics, preset] if columns else metrics, metadata=about | figures).run(
        Dataset.from_pandas(_frame(report.now, columns), data_definition=definition),
        Dataset.from_pandas(_frame(report.before, columns), data_definition=definition),
        timestamp=dt.datetime.combine(report.month.last_day, dt.time()),
        name=f"{report.month}, version {report.version}",
    )


def _frame(sample: MonthSample, columns: Sequence[str]) -> pd.DataFrame:
    held = {**sample.numbers, **sample.categories}
    return pd.DataFrame({name: held[name] for name in columns or [SCORE]})


def _dashboard(report: DriftReport) -> DashboardModel:
    panels = [
        DashboardPanelPlot(
            id=uuid.uuid5(report.project, name),
            title=name.capitalize(),
            subtitle=f"{meaning}; the whole population, by month",
            size="half",
            values=[PanelMetric(metric=PopulationFigure.__name__, metric_labels={"figure": name}, legend=name)],
            plot_params={"plot_type": "bar", "is_stacked": False},  # bars begin at zero, a line would not
        )
        for name, meaning in FIGURES.items()
    ]
    tab = DashboardTabModel(
        id=uuid.uuid5(report.project, "tab"), title="Monitoring", panels=[panel.id for panel in panels]
    )
    return DashboardModel(tabs=[tab], panels=panels)


def _with_own_ids(text: str, report: DriftReport) -> str:
    """The text with Evidently's ids, which hold the time and chance, numbered in the order in which they appear."""
    numbered: dict[str, str] = {}

    def own(found: re.Match[str]) -> str:
        made = uuid.uuid5(report.snapshot, str(len(numbered)))
        return numbered.setdefault(found[0], str(made) if "-" in found[0] else made.hex)

    return WRITTEN_ID.sub(own, text)
