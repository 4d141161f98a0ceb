"""Reasons: the three different things that raise a listed customer's risk most, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.churn import ChurnModel
from models.explanations import Contributions, Floats, contributions
from serving.reason_words import Wording

if TYPE_CHECKING:
    import pyarrow as pa

Places: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
REASONS = 3
NAMES = tuple(f"reason_{place}" for place in range(1, REASONS + 1))


def reasons(model: ChurnModel, rows: pa.Table, words: Mapping[str, Wording], threads: int) -> pa.Table:
    """`reason_1` to `reason_3` of each row of a feature table, strongest first; null where nothing more raises risk.

    Indicators of one topic (all windows of the bill, say) count together: their exact contributions are added up, and
    the one that raises the risk most speaks for them. Topics that lower the risk are no reason to be on a list. That
    something is unknown raises the risk too, but nobody can act on it: it is said where nothing known is left to say.
    """
    import pyarrow as pa

    found = contributions(model, model.encoding.matrix(rows), threads)
    by_topic = _topics(found.columns, words)
    columns = list(by_topic.values())
    weights = np.stack([_summed(found, places) for places in columns], axis=1)
    speakers, is_known = _speakers(found, rows, columns)
    # Stable, so that equal weights keep the catalogue's order.
    strongest = np.lexsort((-weights, ~is_known | (weights <= 0)), axis=1)[:, :REASONS]
    said = [
        [
            _said(found.columns[speakers[row, topic]], rows, words, row) if weights[row, topic] > 0 else None
            for topic in topics
        ]
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


def _speakers(found: Contributions, rows: pa.Table, columns: Sequence[list[int]]) -> tuple[Places, Mask]:
    """The column that speaks for each topic of each row, and whether its value is known; shapes (rows, topics).

    It raises the risk most of those that are known, and of all where no known one raises it.
    """
    known = np.stack([rows.column(column).is_valid().to_numpy() for column in found.columns], axis=1)
    telling = np.where(known, found.added, -np.inf)
    is_known = np.stack([telling[:, places].max(axis=1) > 0 for places in columns], axis=1)
    chosen = [
        np.asarray(places)[np.where(told, telling[:, places].argmax(axis=1), found.added[:, places].argmax(axis=1))]
        for places, told in zip(columns, is_known.T, strict=True)
    ]
    return np.stack(chosen, axis=1), is_known


def _said(column: str, rows: pa.Table, words: Mapping[str, Wording], row: int) -> str:
    return words[column].say(rows.column(column)[row].as_py())
