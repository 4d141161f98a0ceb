"""Reasons: the three different things that raise a listed customer's risk most, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.churn import ChurnModel
from models.explanations import Contributions, Floats, contributions
from serving.reason_words import Wording

if TYPE_CHECKING:
    import pyarrow as pa

REASONS = 3
NAMES = tuple(f"reason_{place}" for place in range(1, REASONS + 1))


def reasons(model: ChurnModel, rows: pa.Table, words: Mapping[str, Wording], threads: int) -> pa.Table:
    """`reason_1` to `reason_3` of each row of a feature table, strongest first; null where nothing more raises risk.

    Indicators of one topic (all windows of the bill, say) count together: their exact contributions are added up, and
    the one that raises the risk most speaks for them. Topics that lower the risk are no reason to be on a list.
    """
    import pyarrow as pa

    found = contributions(model, model.encoding.matrix(rows), threads)
    by_topic = _topics(found.columns, words)
    weights = np.stack([_summed(found, columns) for columns in by_topic.values()], axis=1)
    # Stable, so that equal weights keep the catalogue's order.
    strongest = np.argsort(-weights, axis=1, kind="stable")[:, :REASONS]
    columns = list(by_topic.values())
    said = [
        [_said(found, rows, columns[topic], words, row) if weights[row, topic] > 0 else None for topic in topics]
        for row, topics in enumerate(strongest)
    ]
    said = [[*texts, *[None] * (REASONS - len(texts))] for texts in said]
    texts = {name: pa.array([row[place] for row in said], pa.large_string()) for place, name in enumerate(NAMES)}
    return pa.table({"customer_id": rows.column("customer_id").cast(pa.large_string()), **texts})


def _topics(columns: Sequence[str], words: Mapping[str, Wording]) -> dict[str, list[int]]:
    """Places of the columns of each topic, in the catalogue's order."""
    by_topic: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        by_topic.setdefault(words[column].topic, []).append(place)
    return by_topic


def _summed(found: Contributions, places: list[int]) -> Floats:
    """Added up one column after the other, so that the sum does not depend on how many rows there are."""
    weight = np.zeros(len(found.start))
    for place in places:
        weight += found.added[:, place]
    return weight


def _said(found: Contributions, rows: pa.Table, places: list[int], words: Mapping[str, Wording], row: int) -> str:
    strongest = places[int(np.argmax(found.added[row, places]))]
    column = found.columns[strongest]
    return words[column].say(rows.column(column)[row].as_py())
