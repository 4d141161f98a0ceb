"""Campaign commands: contact some customers, withhold others by chance, and see whether contacting kept them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from flows import options
from flows.output import console, told

campaign_app = typer.Typer(
    no_args_is_help=True,
    help="Prove that care keeps customers: draw who is contacted and who is withheld, then compare who left.",
)
Name = Annotated[
    str, typer.Option("--name", metavar="NAME", help="Name of the campaign: small letters, digits, - and _.")
]


def add_to(app: typer.Typer) -> None:
    campaign_app.command(epilog="Example: holdfast campaign run --name autumn --month 2017-08")(run)
    campaign_app.command(epilog="Example: holdfast campaign readout --name autumn")(readout)
    campaign_app.command(epilog="Example: holdfast campaign show")(show)
    app.add_typer(campaign_app, name="campaign")


def run(
    name: Name,
    month: options.TheMonth,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Draw a campaign among a scored month's customers and write the tasks of the halls.

    The month is the latest on hand: later data would tell already who leaves. Valuable customers at risk
    ([eligibility]) are ranked by value at risk and fill each hall's slots. Inside the slots a share is withheld by
    chance ([campaign] holdout_share): they were as good a choice, nobody contacts them, and only against them can an
    effect be proven. Slots exceed the hall's capacity by that share. Who is in which arm goes into the table
    campaign_ledger before any task is written, and stays for ever: running this again writes the same files.

    campaigns/NAME/month=YYYY-MM/ then holds tasks.csv (task_ref, hall, masked number, plan, channel), design.json (who,
    by which rules, read when, and the smallest effect that can be seen) and manifest.json. The month's warning list
    leaves out the withheld; one that was written before is written again, and resolver files that name one of them are
    removed. holdfast resolve tells the dialler the numbers.
    """
    with told(json_) as out:
        from flows.campaign_steps import draw
        from flows.workspace import open_workspace

        work = open_workspace(home, settings, out.say)
        drawn = draw(work, month, name)
        told_of = {"folder": drawn.folder, "design": drawn.design, "manifest": drawn.manifest}
        out.result(told_of, _run_in_words(drawn, work.settings.readout.min_customers))


def _run_in_words(drawn: Any, needed: int) -> str:
    """What was drawn, and what can be seen of it by a readout that needs so many customers in each arm."""
    design, counts = drawn.design, drawn.design["allocated"]
    points = 100 * design["detectable"]["if 10% leave"]
    seen = f"if a tenth leaves, effects from {points:.0f} points of retention are likely to be seen."
    few = min(counts, key=counts.__getitem__)
    if counts[few] < needed:
        seen = (
            f'but a readout needs {needed} customers {few} ([readout] min_customers) and will say "not enough data": '
            "raise [campaign] holdout_share or widen [eligibility] next time."
        )
    return (
        f"{design['campaign']}: {counts['treated']:,} customers have a task, {counts['withheld']:,} are withheld; open "
        f"{drawn.folder / 'tasks.csv'}. The data of {design['readout_month']} complete the outcome; {seen}"
    )


def readout(
    name: Name,
    home: options.Home = options.HOME,
    settings: options.SettingsFile = None,
    json_: options.AsJson = False,
) -> None:
    """Compare how many of the treated and of the withheld left by choice.

    By intention to treat: everybody with a task counts as treated, reached or not, because those who can be reached are
    other people than those who cannot. The difference comes with a 95 % interval; an interval that holds nought shows
    no effect. Whom the operator closed, for arrears or fraud, did not leave by choice: the arms are compared in that
    beside it. Before all months of the window are in, with too few customers ([readout]), or when the operator tells of
    no contact, the answer is "not enough data". Report and page are written beside the tasks, and one row goes into the
    table campaign_readouts.
    """
    with told(json_) as out:
        from flows.campaign_steps import read_out
        from flows.workspace import open_workspace

        found = read_out(open_workspace(home, settings, out.say), name)
        page = found.folder / "readout.html"
        out.result({**found.report, "page": page}, f"{readout_in_words(found.report)}\npage: {page}")


def readout_in_words(report: Mapping[str, Any]) -> str:
    """The effect, or why there is none to tell, in a sentence or two."""
    found = report.get("difference", {"value": None, "note": report["note"]})
    if found["value"] is None:
        return f"{report['campaign']}: {found['note']}"
    shares = [f"{arm['retention']:.1%} of {arm['customers']:,} {name}" for name, arm in report["arms"].items()]
    closed = report["closed_by_operator"]
    return (
        f"{report['campaign']}: {' and '.join(shares)} customers did not leave by choice; difference {_points(found)}; "
        f"closed by the operator: {closed['note'] if closed['value'] is None else 'difference ' + _points(closed)}"
    )


def _points(found: Mapping[str, Any]) -> str:
    return f"{100 * found['value']:+.1f} points ({100 * found['low']:+.1f} to {100 * found['high']:+.1f})"


def show(
    home: options.Home = options.HOME, settings: options.SettingsFile = None, json_: options.AsJson = False
) -> None:
    """The campaigns that were drawn: how many are treated and withheld, and when the outcome is complete."""
    with told(json_) as out:
        from flows.campaign_steps import drawn_campaigns
        from flows.workspace import open_workspace

        campaigns = drawn_campaigns(open_workspace(home, settings, out.say))
        out.result({"campaigns": campaigns}, lambda: _show(campaigns))


def _show(campaigns: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(title="Campaigns")
    shown = ("campaign", "month", "treated", "withheld", "readout_month")
    for name in shown:
        table.add_column(name.replace("_", " "), justify="right" if name in ("treated", "withheld") else "left")
    for campaign in campaigns:
        table.add_row(*(str(campaign[name]) for name in shown))
    console().print(table)
