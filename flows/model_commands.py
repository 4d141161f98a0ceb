"""Model commands: train and judge the churn propensity, promote a version, and look up who decided what."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from features.months import months_between
from flows import options
from flows.output import told


class ModelName(StrEnum):
    """The registered models."""

    CHURN = "churn-propensity"
    SEGMENTS = "segments"
    SCREENING = "indicator-screening"


def add_to(app: typer.Typer) -> None:
    """Give the command line these commands."""
    app.command(epilog="Example: holdfast train --as-of 2017-08 --horizon 3")(train)
    app.command(epilog="Example: holdfast backtest --from 2017-07 --to 2017-10 --json")(backtest)
    app.command(epilog="Example: holdfast promote --model churn-propensity --version 2 --reason 'campaign starts'")(
        promote
    )
    app.command(epilog="Example: holdfast promotions --model churn-propensity")(promotions)


def train(
    as_of: options.AsOf,
    horizon: Annotated[
        int | None, typer.Option(min=1, help="Months of the window; default: the source's first.")
    ] = None,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Train, test and register the churn propensity as of a month; the gate decides whether it becomes @champion.

    The test is the same recipe one origin earlier, judged on months that it could not have seen. Thresholds and
    what the gate may do stand in the settings under [promotion].
    """
    with told(json_) as out:
        from flows import model_steps
        from flows.tables import show_trained
        from flows.workspace import open_workspace
        from models.promotion_ledger import in_words
        from models.registry import CHALLENGER, CHAMPION, CHURN

        work = open_workspace(home, settings, out.say)
        trained = model_steps.train(work, as_of, horizon)
        content = {
            "model": CHURN,
            "version": trained.version,
            "alias": CHAMPION if trained.champion == trained.version else CHALLENGER,
            "champion": trained.champion,
            "decision": in_words(trained.decision),
            "run_id": trained.decision.run_id,
            "where": work.registry.uri,
            "trained_on": trained.learned_from,
            "note": trained.model.note,
            "test": trained.test,
        }
        out.result(content, lambda: show_trained(content))


def backtest(
    from_: options.FirstMonth,
    to: options.LastMonth,
    horizon: Annotated[
        list[int] | None, typer.Option(min=1, help="Months of the window; may be given more than once.")
    ] = None,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Score each month with a model of its time and judge it, and its baselines, by what came later.

    The JSON object holds pooled.horizon_<h>.<model or baseline>.<metric>.{value,low,high}, and the same per
    month under months.
    """
    if to < from_:
        raise typer.BadParameter(f"{to} lies before --from {from_}", param_hint="--to")
    with told(json_) as out:
        from flows import model_steps
        from flows.tables import show_report
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        report = model_steps.backtest(work, list(months_between(from_, to)), horizon)
        out.result(report, lambda: show_report(report, f"{from_} to {to}"))


def promote(
    model: Annotated[ModelName, typer.Option(help="Which model.")],
    version: Annotated[int, typer.Option(min=1, help="The version that becomes @champion; an older one rolls back.")],
    reason: Annotated[str, typer.Option(help="Why, for the promotion ledger.")] = "",
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Make a version @champion by hand, newer or older; the decision is written into the promotion ledger.

    The next month that is scored uses it. A month before the one as of which it was trained is refused, since the
    version has seen what came after.
    """
    with told(json_) as out:
        from flows import model_steps
        from flows.workspace import open_workspace
        from models.promotion_ledger import in_words

        decision = model_steps.promote(open_workspace(home, settings, out.say), model.value, version, reason)
        out.result({"decision": decision}, f"{in_words(decision)} (champion before: {decision.from_version or 'none'})")


def promotions(
    model: Annotated[ModelName | None, typer.Option(help="Only of this model.")] = None,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Every decision about who is champion: by the gate or by whom, why, and from which version to which.

    The figures behind each stand in the JSON object under evidence.
    """
    with told(json_) as out:
        from flows import model_steps
        from flows.tables import show_promotions
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        decisions = model_steps.promotions(work, model.value if model else None)
        out.result({"promotions": decisions}, lambda: show_promotions(decisions))
