"""Campaign page: a campaign's readout as one Evidently page that opens without a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from models.evaluation import NOT_ENOUGH
from models.wilson import CONFIDENCE
from serving.campaign_ledger import ARMS

MADE_UP_ID = re.compile(r"metric_[0-9a-f]{32}")
"""Evidently gives the page another random id each time; it is to be the same for the same figures."""


def campaign_page(report: Mapping[str, Any]) -> bytes:
    """The report of a readout as HTML: the effect, how far contacts got, brands, and how alike the arms were.

    It holds the report's figures alone, no customer's row. The same report gives the same bytes.
    """
    from evidently.core.report import render_widgets
    from evidently.legacy.renderers.html_widgets import CounterData, counter, table_data, text_widget

    widgets = [
        text_widget(text=_in_words(report), title=f"Campaign {report['campaign']}"),
        counter(counters=[CounterData(label, value) for label, value in _headline(report)]),
        *(table_data(title=title, column_names=names, data=rows) for title, names, rows in _tables(report) if rows),
    ]
    for number, widget in enumerate(widgets):
        widget.id = f"campaign-{number}"
    return MADE_UP_ID.sub("metric_campaign", render_widgets(widgets)).encode()


def _in_words(report: Mapping[str, Any]) -> str:
    first, last = report["window"]
    verdict = report["note"] or _verdict(report["difference"])
    return (
        f"{verdict}. Customers scored in {report['month']}; leaving by choice from {first} to {last}, by what was on "
        f"hand at the close of {report['as_of']}. Everybody allocated is compared with everybody withheld, contacted "
        f"or not ({report['method']})."
    )


def _verdict(difference: Mapping[str, Any]) -> str:
    if difference["value"] is None:
        return str(difference["note"])
    if difference["low"] > 0:
        return "Fewer of those with a task left by choice"
    if difference["high"] < 0:
        return "More of those with a task left by choice"
    return "No effect is shown: the interval holds nought"


def _headline(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    arms = report.get("arms", {})
    shares = [(f"did not leave by choice, {arm}", _share(found.get("retention"))) for arm, found in arms.items()]
    gain = [_gain(report["difference"])] if arms else []
    reach = report["reach"]
    got = [(f"{name.replace('_', ' ')}", _share(reach[name]["value"])) for name in ("reached", "accepted_of_reached")]
    return [*gain, *shares, *got]


def _gain(found: Mapping[str, Any]) -> tuple[str, str]:
    if found["value"] is None:
        return "difference", NOT_ENOUGH
    low, high = 100 * found["low"], 100 * found["high"]
    return f"difference, {CONFIDENCE:.0%} interval {low:+.1f} to {high:+.1f}", f"{100 * found['value']:+.1f} points"


def _tables(report: Mapping[str, Any]) -> list[tuple[str, list[str], list[list[Any]]]]:
    arms = [
        [arm, found["customers"], _share(found.get("retention")), found.get("closed_by_operator", NOT_ENOUGH)]
        for arm, found in report.get("arms", {}).items()
    ]
    brands = [
        [brand, *(found["arms"][arm]["customers"] for arm in found["arms"]), _interval(found["difference"])]
        for brand, found in report.get("brands", {}).items()
    ]
    money = report.get("value_kept", {})
    value = [[name.replace("_", " "), _amount(money[name])] for name in ("per_head", "in_all") if name in money]
    closed = [["treated minus withheld", _interval(found)] for found in [report.get("closed_by_operator")] if found]
    reach = report["reach"]
    got = [[name.replace("_", " "), _plain(found)] for name, found in reach.items()]
    alike = [[name, _plain(found)] for name, found in report["balance"]["differences"].items()]
    limit = report["balance"]["by_chance"]
    return [
        ("Arms", ["arm", "customers", "did not leave by choice", "closed by the operator"], arms),
        ("Closed by the operator, for arrears or fraud", ["", "difference"], closed),
        ("Usual monthly revenue kept", ["", "difference"], value),
        ("Brands (an exploration: many comparisons find something by chance)", ["brand", *ARMS, "difference"], brands),
        ("Contacts", ["", ""], got),
        (f"Arms at the draw, in standard deviations; within {limit} by chance", ["", "difference"], alike),
    ]


def _share(value: float | None) -> str:
    return NOT_ENOUGH if value is None else f"{value:.1%}"


def _interval(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return str(found["note"])
    return f"{100 * found['value']:+.1f} points ({100 * found['low']:+.1f} to {100 * found['high']:+.1f})"


def _amount(found: Mapping[str, float]) -> str:
    return f"{found['value']:,.2f} ({found['low']:,.2f} to {found['high']:,.2f})"


def _plain(found: Any) -> str:
    if isinstance(found, Mapping):
        return _share(found["value"])
    return NOT_ENOUGH if found is None else str(found)
