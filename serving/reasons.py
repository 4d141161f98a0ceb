"""Reasons: the three different known things that raise a listed customer's risk most, in words."""

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
    """`reason_1` to `reason_3` of each row of a feature table; null where nothing more raises risk.

    Indicators of one topic (all windows of the bill, say) count together: the exact contributions of those that are
    known are added up, and the one that raises the risk most speaks for them. Strongest first, and topics that lower
    the risk are no reason to be on a list. That something is unknown may raise the risk too, but nobody can act on it:
    it is said, strongest first as well, where nothing known is left to say.
    """
    import pyarrow as pa

    found = contributions(model, model.encoding.matrix(rows), threads)
    columns = list(_topics(found.columns, words).values())
    weights, speakers, is_known = _weighed(found, rows, columns)
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


def _weighed(found: Contributions, rows: pa.Table, columns: Sequence[list[int]]) -> tuple[Floats, Places, Mask]:
    """How much each topic raises each row's risk, the column that speaks for it, whether that is known; (rows, topics).

    What is known speaks, with its own weight alone; where it raises nothing, what is unknown does.
    """
    known = np.stack([rows.column(column).is_valid().to_numpy() for column in found.columns], axis=1)
    told, open_ = (np.where(among, found.added, 0.0) for among in (known, ~known))
    of_known, of_unknown = (np.stack([_summed(added, places) for places in columns], axis=1) for added in (told, open_))
    is_known = of_known > 0
    speakers = [
        np.asarray(places)[np.where(says, told[:, places].argmax(axis=1), open_[:, places].argmax(axis=1))]
        for places, says in zip(columns, is_known.T, strict=True)
    ]
    return np.where(is_known, of_known, of_unknown), np.stack(speakers, axis=1), is_known


def _summed(added: Floats, places: list[int]) -> Floats:
    """Added up one column after the other, so that the sum does not depend on how many rows there are."""
    weight = np.zeros(len(added))
    for place in places:
        weight += added[:, place]
    return weight


def _said(column: str, rows: pa.Table, words: Mapping[str, Wording], row: int) -> str:
    return words[column].say(rows.column(column)[row].as_py())
